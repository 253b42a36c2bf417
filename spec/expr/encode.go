package expr

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// Text returns v as a template prints it: a string as it is, a number in its shortest form, true or false. Null, lists
// and objects have no text; jsonencode and join make one.
func (v Value) Text() (text string, ok bool) {
	switch v.kind {
	case Bool:
		return strconv.FormatBool(v.Bool()), true
	case Int:
		return strconv.FormatInt(v.Int(), 10), true
	case Float:
		return string(appendFloat(nil, v.Float())), true
	case String:
		return v.Str(), true
	default:
		return "", false
	}
}

// String returns v as canonical JSON.
func (v Value) String() string { return string(v.AppendJSON(nil)) }

// MarshalJSON returns v as canonical JSON.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }

// AppendJSON appends v as canonical JSON: names sorted, no space, only the escapes that JSON demands, the shortest
// digits of a float and always a point or an exponent in them, so that FromJSON gives the same value back. Bytes that
// are not UTF-8 become U+FFFD.
func (v Value) AppendJSON(b []byte) []byte {
	switch v.kind {
	case Bool:
		return strconv.AppendBool(b, v.Bool())
	case Int:
		return strconv.AppendInt(b, v.Int(), 10)
	case Float:
		return appendJSONFloat(b, v.Float())
	case String:
		return appendJSONString(b, v.Str())
	case List:
		b = append(b, '[')
		for i, e := range v.Elems() {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.AppendJSON(b)
		}
		return append(b, ']')
	case Map:
		b = append(b, '{')
		for i, f := range v.Fields() {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendJSONString(b, f.Name), ':')
			b = f.Value.AppendJSON(b)
		}
		return append(b, '}')
	default:
		return append(b, "null"...)
	}
}

// appendFloat writes the shortest digits that give f back, without an exponent where people would write none.
func appendFloat(b []byte, f float64) []byte {
	if f == 0 {
		return append(b, '0') // no negative zero
	}
	if size := math.Abs(f); size < 1e-6 || size >= 1e21 {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

func appendJSONFloat(b []byte, f float64) []byte {
	start := len(b)
	b = appendFloat(b, f)
	for _, c := range b[start:] {
		if c == '.' || c == 'e' {
			return b
		}
	}
	return append(b, '.', '0')
}

func appendJSONString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	done := 0
	for i := plainASCIIUpTo(s, 0); i < len(s); i = plainASCIIUpTo(s, i) {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[done:i]...), "\uFFFD"...)
				done = i + 1
			}
			i += size
			continue
		}
		b = append(b, s[done:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		done = i
	}
	return append(append(b, s[done:]...), '"')
}
