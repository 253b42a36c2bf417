package dataset

import (
	"fmt"

	"github.com/prefab-build/prefab/spec"
)

// A ChunkBuilder makes a chunk row by row. Values of one row are appended to the builders of its columns in any
// order; EndRow makes the columns that got none null.
type ChunkBuilder struct {
	columns  []spec.Column
	builders []*Builder
	index    map[string]int
	rows     int
}

// NewChunkBuilder returns an empty builder of a chunk with those columns, in their order.
func NewChunkBuilder(columns []spec.Column) *ChunkBuilder {
	b := &ChunkBuilder{columns: columns, index: make(map[string]int, len(columns))}
	for i, c := range columns {
		b.index[c.Name] = i
		b.builders = append(b.builders, NewBuilder(c.Type))
	}
	return b
}

// Rows returns how many rows are complete.
func (b *ChunkBuilder) Rows() int { return b.rows }

// Column returns the builder of the named column. It panics when there is none.
func (b *ChunkBuilder) Column(name string) *Builder {
	i, ok := b.index[name]
	if !ok {
		panic(fmt.Sprintf("dataset: a chunk builder has no column %q", name))
	}
	return b.builders[i]
}

// At returns the builder of the i-th column.
func (b *ChunkBuilder) At(i int) *Builder { return b.builders[i] }

// EndRow completes a row. It panics when a column got two values.
func (b *ChunkBuilder) EndRow() {
	b.rows++
	for i, col := range b.builders {
		switch col.Rows() {
		case b.rows:
		case b.rows - 1:
			col.AppendNull()
		default:
			panic(fmt.Sprintf("dataset: row %d has %d values too many for column %q", b.rows-1, col.Rows()-b.rows, b.columns[i].Name))
		}
	}
}

// CancelRow takes back what was appended since the last EndRow.
func (b *ChunkBuilder) CancelRow() {
	for _, col := range b.builders {
		col.Truncate(b.rows)
	}
}

// Finish returns the chunk and leaves the builder empty. Columns without any value are left out, so that a table that
// gains a nullable column keeps its chunks.
func (b *ChunkBuilder) Finish() Chunk {
	c := Chunk{Rows: b.rows}
	for i, col := range b.builders {
		if col.Nulls() == col.Rows() {
			*col = *NewBuilder(col.typ)
			continue
		}
		c.Columns = append(c.Columns, col.Finish(b.columns[i].Name))
	}
	b.rows = 0
	return c
}
