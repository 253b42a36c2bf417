package dataset

import (
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/prefab-build/prefab/spec"
)

// A RowJSON writes rows of one chunk as canonical JSON objects.
type RowJSON struct{ fields []field }

type field struct {
	key    []byte // the quoted name and a colon
	null   func(row int) bool
	append func(dst []byte, row int) []byte
}

// RowJSON returns a writer of the named columns of c. Columns that c lacks are null and so left out.
func (c Chunk) RowJSON(columns ...string) RowJSON {
	sorted := slices.Clone(columns)
	slices.Sort(sorted)
	return c.RowJSONInOrder(sorted...)
}

// RowJSONInOrder returns a writer whose members stand in the order in which the columns are named, for files that
// people read; all else is as with RowJSON.
func (c Chunk) RowJSONInOrder(columns ...string) RowJSON {
	w := RowJSON{}
	for _, name := range columns {
		col, ok := c.Column(name)
		if !ok {
			continue
		}
		f := newField(col)
		f.key = append(AppendJSONString(nil, col.Name), ':')
		w.fields = append(w.fields, f)
	}
	return w
}

func newField(c Column) field {
	switch c.Type {
	case spec.String:
		v := c.Strings()
		return field{null: v.Null, append: func(dst []byte, r int) []byte { return AppendJSONString(dst, v.At(r)) }}
	case spec.JSON:
		// The column holds canonical JSON already. An empty object says nothing, so it counts as missing.
		v := c.Strings()
		return field{
			null:   func(r int) bool { s := v.At(r); return s == "" || s == "{}" || s == "null" },
			append: func(dst []byte, r int) []byte { return append(dst, v.At(r)...) },
		}
	case spec.Int64:
		v := c.Ints()
		return field{null: v.Null, append: func(dst []byte, r int) []byte { return strconv.AppendInt(dst, v.At(r), 10) }}
	case spec.Float64:
		v := c.Floats()
		return field{null: v.Null, append: func(dst []byte, r int) []byte { return AppendJSONFloat(dst, v.At(r)) }}
	case spec.Bool:
		v := c.Bools()
		return field{null: v.Null, append: func(dst []byte, r int) []byte { return strconv.AppendBool(dst, v.At(r)) }}
	case spec.Bytes32:
		v := c.Digests()
		return field{null: v.Null, append: func(dst []byte, r int) []byte {
			return append(hex.AppendEncode(append(dst, '"'), v.At(r)), '"')
		}}
	case spec.Messages:
		v := c.Messages()
		return field{null: v.Null, append: func(dst []byte, r int) []byte { return appendMessages(dst, v, r) }}
	}
	panic("dataset: " + string(c.Type) + " is no column type")
}

// Append appends a row to dst.
func (w RowJSON) Append(dst []byte, row int) []byte {
	dst = append(dst, '{')
	first := true
	for _, f := range w.fields {
		if f.null(row) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = f.append(append(dst, f.key...), row)
	}
	return append(dst, '}')
}
