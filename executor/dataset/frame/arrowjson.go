package frame

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/prefab-build/prefab/executor/dataset"
)

// A writer appends value i of an array to dst as canonical JSON.
type writer func(dst []byte, i int) ([]byte, error)

// objectWriter writes rows of several columns as objects: members sorted by name, nulls left out.
func objectWriter(fields []arrow.Field, columns []arrow.Array, base64 func(field string) bool) (writer, error) {
	type member struct {
		key    []byte
		name   string
		column arrow.Array
		write  writer
	}
	members := make([]member, len(fields))
	for k, f := range fields {
		w, err := valueWriter(columns[k], base64(f.Name))
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", f.Name, err)
		}
		members[k] = member{append(dataset.AppendJSONString(nil, f.Name), ':'), f.Name, columns[k], w}
	}
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	for k := 1; k < len(members); k++ {
		if members[k].name == members[k-1].name {
			return nil, fmt.Errorf("two columns are called %q", members[k].name)
		}
	}
	return func(dst []byte, i int) (_ []byte, err error) {
		dst = append(dst, '{')
		begin := len(dst)
		for _, m := range members {
			if m.column.IsNull(i) || m.column.DataType().ID() == arrow.NULL {
				continue
			}
			if len(dst) > begin {
				dst = append(dst, ',')
			}
			if dst, err = m.write(append(dst, m.key...), i); err != nil {
				return nil, fmt.Errorf("column %q: %w", m.name, err)
			}
		}
		return append(dst, '}'), nil
	}, nil
}

// valueWriter writes the values of one array; nulls only matter inside of lists, where they keep their place. Bytes are
// text, or base 64.
func valueWriter(a arrow.Array, base64 bool) (writer, error) {
	switch a := a.(type) {
	case *array.Struct:
		columns := make([]arrow.Array, a.NumField())
		for k := range columns {
			columns[k] = a.Field(k)
		}
		return objectWriter(a.DataType().(*arrow.StructType).Fields(), columns, func(string) bool { return base64 })
	case *array.Map:
		return mapWriter(a, base64)
	case array.ListLike:
		return listWriter(a, base64)
	case *array.Dictionary:
		w, err := valueWriter(a.Dictionary(), base64)
		if err != nil {
			return nil, err
		}
		return func(dst []byte, i int) ([]byte, error) { return w(dst, a.GetValueIndex(i)) }, nil
	}
	return scalarWriter(a, base64)
}

func listWriter(a array.ListLike, base64 bool) (writer, error) {
	values := a.ListValues()
	w, err := valueWriter(values, base64)
	if err != nil {
		return nil, err
	}
	return func(dst []byte, i int) (_ []byte, err error) {
		dst = append(dst, '[')
		start, end := a.ValueOffsets(i)
		for k := start; k < end; k++ {
			if k > start {
				dst = append(dst, ',')
			}
			if values.IsNull(int(k)) {
				dst = append(dst, "null"...)
			} else if dst, err = w(dst, int(k)); err != nil {
				return nil, err
			}
		}
		return append(dst, ']'), nil
	}, nil
}

// mapWriter writes a map with string keys as an object.
func mapWriter(a *array.Map, base64 bool) (writer, error) {
	keys, ok := a.Keys().(*array.String)
	if !ok {
		return nil, fmt.Errorf("a map with keys of type %s has no form in JSON", a.Keys().DataType())
	}
	items := a.Items()
	w, err := valueWriter(items, base64)
	if err != nil {
		return nil, err
	}
	return func(dst []byte, i int) (_ []byte, err error) {
		start, end := a.ValueOffsets(i)
		order := make([]int, 0, end-start)
		for k := start; k < end; k++ {
			order = append(order, int(k))
		}
		slices.SortStableFunc(order, func(x, y int) int { return strings.Compare(keys.Value(x), keys.Value(y)) })
		dst = append(dst, '{')
		begin := len(dst)
		for _, k := range order {
			if items.IsNull(k) {
				continue
			}
			if len(dst) > begin {
				dst = append(dst, ',')
			}
			dst = append(appendText(dst, keys.Value(k)), ':')
			if dst, err = w(dst, k); err != nil {
				return nil, err
			}
		}
		return append(dst, '}'), nil
	}, nil
}

func scalarWriter(a arrow.Array, base64 bool) (writer, error) {
	switch a := a.(type) {
	case *array.Null:
		return func(dst []byte, _ int) ([]byte, error) { return append(dst, "null"...), nil }, nil
	case *array.String:
		return func(dst []byte, i int) ([]byte, error) { return appendText(dst, a.Value(i)), nil }, nil
	case *array.LargeString:
		return func(dst []byte, i int) ([]byte, error) { return appendText(dst, a.Value(i)), nil }, nil
	case *array.Boolean:
		return func(dst []byte, i int) ([]byte, error) { return strconv.AppendBool(dst, a.Value(i)), nil }, nil
	case *array.Float64:
		return floatWriter(a.Value), nil
	case *array.Float32:
		return func(dst []byte, i int) ([]byte, error) { return appendFloat32(dst, a.Value(i)), nil }, nil
	case *array.Float16:
		return func(dst []byte, i int) ([]byte, error) { return appendFloat32(dst, a.Value(i).Float32()), nil }, nil
	case *array.Int64:
		return intWriter(a.Value), nil
	case *array.Int32:
		return intWriter(a.Value), nil
	case *array.Int16:
		return intWriter(a.Value), nil
	case *array.Int8:
		return intWriter(a.Value), nil
	case *array.Uint64:
		return func(dst []byte, i int) ([]byte, error) { return strconv.AppendUint(dst, a.Value(i), 10), nil }, nil
	case *array.Uint32:
		return intWriter(a.Value), nil
	case *array.Uint16:
		return intWriter(a.Value), nil
	case *array.Uint8:
		return intWriter(a.Value), nil
	case *array.Binary:
		return bytesWriter(a.Value, base64), nil
	case *array.LargeBinary:
		return bytesWriter(a.Value, base64), nil
	case *array.FixedSizeBinary:
		return bytesWriter(a.Value, base64), nil
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		return timeWriter(func(i int) time.Time { return a.Value(i).ToTime(unit) }, time.RFC3339Nano), nil
	case *array.Date32:
		return timeWriter(func(i int) time.Time { return a.Value(i).ToTime() }, time.DateOnly), nil
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		return func(dst []byte, i int) ([]byte, error) {
			return dataset.AppendJSONString(dst, a.Value(i).ToString(scale)), nil
		}, nil
	}
	return nil, fmt.Errorf("values of type %s are not read", a.DataType())
}

// appendText writes a string. Bytes in it that are no UTF-8 stay as they are, for package read to find.
func appendText(dst []byte, s string) []byte {
	if utf8.ValidString(s) {
		return dataset.AppendJSONString(dst, s)
	}
	dst = append(dst, '"')
	for len(s) > 0 {
		n := 0
		for n < len(s) {
			if r, size := utf8.DecodeRuneInString(s[n:]); r != utf8.RuneError || size > 1 {
				n += size
				continue
			}
			break
		}
		if n > 0 {
			quoted := dataset.AppendJSONString(nil, s[:n])
			dst = append(dst, quoted[1:len(quoted)-1]...)
		}
		if n < len(s) {
			dst = append(dst, s[n])
			n++
		}
		s = s[n:]
	}
	return append(dst, '"')
}

// appendFloat32 writes the shortest digits that name the float32, as a person wrote it, not those of its float64.
func appendFloat32(dst []byte, x float32) []byte {
	short, err := strconv.ParseFloat(strconv.FormatFloat(float64(x), 'g', -1, 32), 64)
	if err != nil {
		short = float64(x)
	}
	return appendFloat(dst, short)
}

func floatWriter(at func(int) float64) writer {
	return func(dst []byte, i int) ([]byte, error) { return appendFloat(dst, at(i)), nil }
}

// appendFloat writes NaN as null: it is what tables that know no null have for a missing number.
func appendFloat(dst []byte, x float64) []byte {
	if x != x {
		return append(dst, "null"...)
	}
	return dataset.AppendJSONFloat(dst, x)
}

func intWriter[T int64 | int32 | int16 | int8 | uint32 | uint16 | uint8](at func(int) T) writer {
	return func(dst []byte, i int) ([]byte, error) { return strconv.AppendInt(dst, int64(at(i)), 10), nil }
}

// bytesWriter writes bytes as text, as older writers store strings so, or in base 64.
func bytesWriter(at func(int) []byte, encoded bool) writer {
	if !encoded {
		return func(dst []byte, i int) ([]byte, error) { return appendText(dst, string(at(i))), nil }
	}
	return func(dst []byte, i int) ([]byte, error) {
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), at(i)), '"'), nil
	}
}

func timeWriter(at func(int) time.Time, layout string) writer {
	return func(dst []byte, i int) ([]byte, error) {
		return append(at(i).UTC().AppendFormat(append(dst, '"'), layout), '"'), nil
	}
}
