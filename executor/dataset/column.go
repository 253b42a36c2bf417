// Package dataset holds rows as chunks of columns: the columns themselves, their one canonical encoding as bytes,
// selections of rows, and row ids. Readers and writers of outside formats are its sub-packages.
//
// A column is an Arrow array. Columns and chunks are not changed once they are built; slices share memory with what
// they were cut from, and the garbage collector frees them. The package stores nothing and knows of no stage.
package dataset

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/prefab-build/prefab/spec"
)

// A Column is one named column of a chunk.
type Column struct {
	Name string
	Type spec.ColumnType
	Data arrow.Array // of type ArrowType(Type)
}

// Rows returns the number of rows, nulls included.
func (c Column) Rows() int {
	if c.Data == nil {
		return 0
	}
	return c.Data.Len()
}

// Slice returns rows i up to, not including, j. It shares memory with c.
func (c Column) Slice(i, j int) Column {
	c.Data = array.NewSlice(c.Data, int64(i), int64(j))
	return c
}

var messageType = arrow.StructOf(
	arrow.Field{Name: "role", Type: arrow.BinaryTypes.String},
	arrow.Field{Name: "content", Type: arrow.BinaryTypes.String},
)

var arrowTypes = map[spec.ColumnType]arrow.DataType{
	spec.String:   arrow.BinaryTypes.String,
	spec.JSON:     arrow.BinaryTypes.String,
	spec.Int64:    arrow.PrimitiveTypes.Int64,
	spec.Float64:  arrow.PrimitiveTypes.Float64,
	spec.Bool:     arrow.FixedWidthTypes.Boolean,
	spec.Bytes32:  &arrow.FixedSizeBinaryType{ByteWidth: 32},
	spec.Messages: arrow.ListOfNonNullable(messageType),
}

// ArrowType returns the Arrow type that holds values of type t. It panics when t is no column type.
func ArrowType(t spec.ColumnType) arrow.DataType {
	a, ok := arrowTypes[t]
	if !ok {
		panic(fmt.Sprintf("dataset: %q is no column type", t))
	}
	return a
}

// A Chunk is some rows of a table. A column of the table that the chunk lacks is all null.
type Chunk struct {
	Rows    int
	Columns []Column
}

// Column returns the column of that name, and whether the chunk has it.
func (c Chunk) Column(name string) (Column, bool) {
	for _, col := range c.Columns {
		if col.Name == name {
			return col, true
		}
	}
	return Column{}, false
}

// Slice returns rows i up to, not including, j. It shares memory with c.
func (c Chunk) Slice(i, j int) Chunk {
	out := Chunk{Rows: j - i, Columns: make([]Column, len(c.Columns))}
	for k, col := range c.Columns {
		out.Columns[k] = col.Slice(i, j)
	}
	return out
}

// Select returns the chunk with the named columns only, in that order. Names that the chunk lacks are passed over:
// those columns are all null.
func (c Chunk) Select(names ...string) Chunk {
	out := Chunk{Rows: c.Rows, Columns: make([]Column, 0, len(names))}
	for _, name := range names {
		if col, ok := c.Column(name); ok {
			out.Columns = append(out.Columns, col)
		}
	}
	return out
}

// With returns the chunk with columns added; one of a name that the chunk has takes its place. It panics when a
// column has another number of rows.
func (c Chunk) With(columns ...Column) Chunk {
	out := Chunk{Rows: c.Rows, Columns: append([]Column(nil), c.Columns...)}
next:
	for _, col := range columns {
		if col.Rows() != c.Rows {
			panic(fmt.Sprintf("dataset: column %q of %d rows put to a chunk of %d", col.Name, col.Rows(), c.Rows))
		}
		for i := range out.Columns {
			if out.Columns[i].Name == col.Name {
				out.Columns[i] = col
				continue next
			}
		}
		out.Columns = append(out.Columns, col)
	}
	return out
}
