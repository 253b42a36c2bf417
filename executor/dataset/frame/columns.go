package frame

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// parquetColumns says what is made of the columns of a Parquet file.
type parquetColumns struct {
	leaves []int           // those that are read, by the numbers of the file
	base64 map[string]bool // fields that nobody reads and that hold bytes which are no text
}

// chooseColumns decides which columns are read. One whose type has no form in JSON is left out, with a note, where
// nobody reads it. Which fields are read is what the source says; nil is all.
func chooseColumns(fr *pqarrow.FileReader, read []string, sum *Summary) (parquetColumns, error) {
	c := parquetColumns{base64: map[string]bool{}}
	var bytes []*pqarrow.SchemaField
	for i := range fr.Manifest.Fields {
		f := &fr.Manifest.Fields[i]
		needed := read == nil || slices.Contains(read, f.Field.Name)
		if err := readable(f.Field.Type); err != nil {
			if needed {
				return c, fmt.Errorf("the column %q has a type that is not read: %w; convert it to text or numbers", f.Field.Name, err)
			}
			sum.Notes = append(sum.Notes, fmt.Sprintf("the column %q is left out: %v", f.Field.Name, err))
			continue
		}
		c.leaves = appendLeaves(c.leaves, f, anyType)
		if !needed && len(appendLeaves(nil, f, isBinary)) > 0 {
			bytes = append(bytes, f)
		}
	}
	if len(c.leaves) == 0 {
		return c, errors.New("it has no column that can be read")
	}
	return c, c.lookAtBytes(fr, bytes)
}

// readable says, as an error, why values of a type are not read.
func readable(t arrow.DataType) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("values of type %s are not read", t)
		}
	}()
	none := array.MakeArrayOfNull(memory.DefaultAllocator, t, 0)
	defer none.Release()
	_, err = valueWriter(none, false)
	return err
}

func anyType(arrow.DataType) bool { return true }

func isBinary(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.FIXED_SIZE_BINARY:
		return true
	}
	return false
}

// appendLeaves appends the numbers of the leaves of a field that have a type of that sort.
func appendLeaves(list []int, f *pqarrow.SchemaField, sort func(arrow.DataType) bool) []int {
	if f.IsLeaf() && sort(f.Field.Type) {
		list = append(list, f.ColIndex)
	}
	for i := range f.Children {
		list = appendLeaves(list, &f.Children[i], sort)
	}
	return list
}

// lookAtBytes finds out which of the fields hold bytes that are no text. A column has one form: bytes are text in all
// rows, as older writers store strings so, or base 64 in all. Only columns that nobody reads are looked at like this; in
// one that is read, bytes that are no text make a row that is refused.
func (c *parquetColumns) lookAtBytes(fr *pqarrow.FileReader, fields []*pqarrow.SchemaField) error {
	for _, f := range fields {
		records, err := fr.GetRecordReader(context.Background(), appendLeaves(nil, f, isBinary), nil)
		if err != nil {
			return err
		}
		for !c.base64[f.Field.Name] && records.Next() {
			c.base64[f.Field.Name] = !isText(records.RecordBatch().Column(0))
		}
		records.Release()
	}
	return nil
}

// isText reports whether all bytes in an array are UTF-8.
func isText(a arrow.Array) bool {
	switch a := a.(type) {
	case *array.Struct:
		for k := range a.NumField() {
			if !isText(a.Field(k)) {
				return false
			}
		}
	case *array.Map:
		return isText(a.Keys()) && isText(a.Items())
	case array.ListLike:
		return isText(a.ListValues())
	case *array.Dictionary:
		return isText(a.Dictionary())
	case interface {
		arrow.Array
		Value(i int) []byte
	}:
		for i := range a.Len() {
			if !a.IsNull(i) && !utf8.Valid(a.Value(i)) {
				return false
			}
		}
	}
	return true
}
