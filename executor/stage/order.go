package stage

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/spec"
)

// ByID yields the rows of a table in the order of their ids, in chunks, so that a result does not depend on the
// order of the files. The table's ids must be a declared column. Memory holds a few stretches of stretchRows rows: a
// larger table is dealt out to a file on disk first, which takes as much room as the columns do unpacked.
func (t *Table) ByID(ctx context.Context, columns ...string) iter.Seq2[dataset.Chunk, error] {
	if len(columns) == 0 {
		columns = t.columns
	}
	if !contains(columns, spec.ID) {
		columns = append([]string{spec.ID}, columns...)
	}
	t.declared(columns)
	return func(yield func(dataset.Chunk, error) bool) {
		for c, err := range t.stretches(ctx, columns) {
			if err != nil {
				yield(dataset.Chunk{}, err)
				return
			}
			for c.Rows > 0 {
				n := min(c.Rows, batchRows)
				if !yield(c.Slice(0, n), nil) {
					return
				}
				c = c.Slice(n, c.Rows)
			}
		}
	}
}

const (
	// stretchRows is about 25 MB of pairs of 1 kB. One is worked on while the next is read and sorted, in two copies more.
	stretchRows = 25_000
	heldRows    = 4 * stretchRows
	// batchRows is what a Runner sees at once.
	batchRows = 4_096
)

// stretches yields the table in the order of ids. A table of a few stretches is sorted as a whole.
func (t *Table) stretches(ctx context.Context, columns []string) iter.Seq2[dataset.Chunk, error] {
	n := 1
	for t.Rows/int64(n) > stretchRows && n < 256 {
		n *= 2
	}
	if n > 2 {
		return t.dealt(ctx, columns, n)
	}
	return func(yield func(dataset.Chunk, error) bool) {
		var parts []dataset.Chunk
		for c, err := range Ahead(ctx, t.Chunks, func(i int) (dataset.Chunk, error) { return t.load(i, columns) }) {
			if err != nil {
				yield(c, err)
				return
			}
			parts = append(parts, c)
		}
		yield(sorted(parts))
	}
}

// sorted joins chunks and sorts their rows by id. Rows of one id stay in the order that they had.
func sorted(parts []dataset.Chunk) (dataset.Chunk, error) {
	all, err := dataset.Concat(parts)
	if err != nil || all.Rows == 0 {
		return dataset.Chunk{}, err
	}
	ids := all.IDs()
	order := make([]uint32, all.Rows)
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int {
		return cmp.Or(bytes.Compare(ids.At(int(a)), ids.At(int(b))), cmp.Compare(a, b))
	})
	return all.Gather(order), nil
}
