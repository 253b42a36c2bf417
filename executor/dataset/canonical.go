package dataset

import (
	"math"

	"github.com/prefab-build/prefab/spec/expr"
)

// AppendJSON appends v as canonical JSON, which is what row ids are made of and what a JSON column holds: as
// expr.Value writes it (names sorted, no white space, a float always with a point or an exponent), and without the
// members of objects that are null, since a missing field is null. A null in a list keeps its place.
func AppendJSON(dst []byte, v expr.Value) []byte {
	switch v.Kind() {
	case expr.List:
		dst = append(dst, '[')
		for i, e := range v.Elems() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSON(dst, e)
		}
		return append(dst, ']')
	case expr.Map:
		dst = append(dst, '{')
		begin := len(dst)
		for _, f := range v.Fields() {
			if f.Value.IsNull() {
				continue
			}
			if len(dst) > begin {
				dst = append(dst, ',')
			}
			dst = append(AppendJSONString(dst, f.Name), ':')
			dst = AppendJSON(dst, f.Value)
		}
		return append(dst, '}')
	}
	return v.AppendJSON(dst)
}

// AppendJSONString appends s as a canonical JSON string.
func AppendJSONString(dst []byte, s string) []byte { return expr.StringOf(s).AppendJSON(dst) }

// AppendJSONFloat appends x as a canonical JSON number. JSON has no NaN and no infinities; they become the strings
// "NaN", "Infinity" and "-Infinity".
func AppendJSONFloat(dst []byte, x float64) []byte {
	switch {
	case x != x:
		return append(dst, `"NaN"`...)
	case math.IsInf(x, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(x, -1):
		return append(dst, `"-Infinity"`...)
	}
	return expr.FloatOf(x).AppendJSON(dst)
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
