package stage

import (
	"bytes"
	"context"
	"iter"
	"slices"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/spec"
)

// ByID yields the rows of a table in the order of their ids, in chunks, so that a result does not depend on the
// order of the files. The table's ids must be a declared column. Memory holds one pass: a table of more than passRows
// rows is read several times, each pass keeping the rows whose ids fall into one stretch of the digest space.
func (t *Table) ByID(ctx context.Context, columns ...string) iter.Seq2[dataset.Chunk, error] {
	if len(columns) == 0 {
		columns = t.columns
	}
	if !contains(columns, spec.ID) {
		columns = append([]string{spec.ID}, columns...)
	}
	t.declared(columns)
	passes := 1
	for t.Rows/int64(passes) > passRows && passes < 256 {
		passes *= 2
	}
	return func(yield func(dataset.Chunk, error) bool) {
		for p := range passes {
			c, err := t.pass(ctx, columns, p, passes)
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

// passRows bounds a pass at about 100 MB of text for pairs of 1 kB; batchRows is what a Runner sees at once.
const (
	passRows  = 100_000
	batchRows = 4_096
)

// pass gathers the rows whose first id byte falls into stretch p of the passes, sorted by id.
func (t *Table) pass(ctx context.Context, columns []string, p, passes int) (dataset.Chunk, error) {
	var parts []dataset.Chunk
	for i := range t.Chunks {
		if err := ctx.Err(); err != nil {
			return dataset.Chunk{}, err
		}
		keep, rows, err := t.stretch(i, p, passes)
		if err != nil {
			return dataset.Chunk{}, err
		}
		if len(keep) == 0 {
			continue
		}
		c, err := t.load(i, columns)
		if err != nil {
			return dataset.Chunk{}, err
		}
		if len(keep) < rows {
			c = c.Gather(keep)
		}
		parts = append(parts, c)
	}
	all, err := dataset.Concat(parts)
	if err != nil || all.Rows == 0 {
		return dataset.Chunk{}, err
	}
	ids := all.IDs()
	order := make([]uint32, all.Rows)
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return bytes.Compare(ids.At(int(a)), ids.At(int(b))) })
	return all.Gather(order), nil
}

func (t *Table) stretch(chunk, p, passes int) (keep []uint32, rows int, err error) {
	c, err := t.load(chunk, []string{spec.ID})
	if err != nil {
		return nil, 0, err
	}
	ids := c.IDs()
	for r := range c.Rows {
		if int(ids.At(r)[0])*passes>>8 == p {
			keep = append(keep, uint32(r))
		}
	}
	return keep, c.Rows, nil
}
