package dataset

import (
	"math"
	"strconv"
)

// Canonical JSON is what row ids are made of and what a JSON column holds: no white space, the members of an object
// sorted by the bytes of their names and without those that are null, strings with only the escapes that JSON demands,
// whole numbers as digits, other numbers in the shortest form that reads back to the same float64.

// AppendJSONString appends s, which is UTF-8, as a canonical JSON string.
func AppendJSONString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[done:i]...)
		done = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	dst = append(dst, s[done:]...)
	return append(dst, '"')
}

// AppendJSONFloat appends x as a canonical JSON number: plain digits from 1e-6 up to 1e21, an exponent outside of
// that. JSON has no NaN and no infinities; they become the strings "NaN", "Infinity" and "-Infinity".
func AppendJSONFloat(dst []byte, x float64) []byte {
	switch {
	case x != x:
		return append(dst, `"NaN"`...)
	case math.IsInf(x, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(x, -1):
		return append(dst, `"-Infinity"`...)
	case x == 0:
		return append(dst, '0') // of either sign
	}
	if a := math.Abs(x); a >= 1e-6 && a < 1e21 {
		return strconv.AppendFloat(dst, x, 'f', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, x, 'e', -1, 64)
	// 1e-07 is written 1e-7.
	if n := len(dst); n-start >= 4 && dst[n-2] == '0' && (dst[n-3] == '-' || dst[n-3] == '+') {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// appendMessages appends a message list: a plain string as a string, others as a list of objects.
func appendMessages(dst []byte, m Messages, row int) []byte {
	if m.IsText(row) {
		return AppendJSONString(dst, m.Content(row, 0))
	}
	dst = append(dst, '[')
	for i := range m.Len(row) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"content":`...)
		dst = AppendJSONString(dst, m.Content(row, i))
		dst = append(dst, `,"role":`...)
		dst = AppendJSONString(dst, m.Role(row, i))
		dst = append(dst, '}')
	}
	return append(dst, ']')
}
