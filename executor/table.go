package executor

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// A Table is a laid dataset: chunks of columns that lie in the store, each seen through a selection. No chunk is empty.
type Table struct {
	store  Store
	chunks []tableChunk
}

// A tableChunk holds the levels of one chunk, the lowest first. A column is looked up from the top.
type tableChunk struct {
	rows   int
	levels []level
}

// A level is the columns that one stage made for a chunk, and which of their rows are still there.
type level struct {
	all     bool
	sel     dataset.Selection // of the columns' rows; unset when all
	columns []columnRef
}

type columnRef struct {
	Name string          `json:"name"`
	Type spec.ColumnType `json:"type"`
	Blob spec.Digest     `json:"blob"`
}

// absent stands in a key for a column that a chunk does not have: as many nulls as the chunk has rows.
func absent(rows int) spec.Digest {
	return spec.HashBytes(fmt.Appendf(nil, "prefab: %d rows of a column that is not there", rows))
}

// Rows returns the number of rows.
func (t *Table) Rows() (n int64) {
	for _, c := range t.chunks {
		n += int64(c.rows)
	}
	return n
}

func (c *tableChunk) find(name string) (columnRef, *level, bool) {
	for i := len(c.levels) - 1; i >= 0; i-- {
		for _, col := range c.levels[i].columns {
			if col.Name == name {
				return col, &c.levels[i], true
			}
		}
	}
	return columnRef{}, nil, false
}

// Key implements planner.Artifact.
func (t *Table) Key(columns []string, sorted bool) ([]spec.Digest, error) {
	all, err := t.digests(context.Background(), columns)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(d []spec.Digest) bool { return d == nil })
	if sorted {
		// One order for all columns, so that the key still says which values belong together.
		slices.SortFunc(all, func(a, b []spec.Digest) int {
			return slices.CompareFunc(a, b, func(x, y spec.Digest) int { return bytes.Compare(x[:], y[:]) })
		})
	}
	keys := make([]spec.Digest, len(columns))
	for i := range columns {
		h := sha256.New()
		for _, chunk := range all {
			h.Write(chunk[i][:])
		}
		h.Sum(keys[i][:0])
	}
	return keys, nil
}

// digests returns, for each chunk that has rows, the digests of the given columns; nil for an empty chunk.
func (t *Table) digests(ctx context.Context, columns []string) ([][]spec.Digest, error) {
	all := make([][]spec.Digest, len(t.chunks))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range t.chunks {
		c := &t.chunks[i]
		if c.rows == 0 {
			continue
		}
		list, known := t.knownDigests(c, columns)
		if known {
			all[i] = list
			continue
		}
		group.Go(func() error {
			for k, name := range columns {
				if !list[k].IsZero() {
					continue
				}
				d, err := t.gatherDigest(ctx, c, name)
				if err != nil {
					return err
				}
				list[k] = d
			}
			all[i] = list
			return nil
		})
	}
	return all, group.Wait()
}

// knownDigests looks up what it can without touching a column; unknown ones stay zero.
func (t *Table) knownDigests(c *tableChunk, columns []string) ([]spec.Digest, bool) {
	list := make([]spec.Digest, len(columns))
	complete := true
	for k, name := range columns {
		col, lv, ok := c.find(name)
		switch {
		case !ok:
			list[k] = absent(c.rows)
		case lv.all:
			list[k] = col.Blob
		default:
			if list[k], ok = t.store.Memo(col.Blob, lv.sel.Digest()); !ok {
				complete = false
			}
		}
	}
	return list, complete
}

func (t *Table) gatherDigest(ctx context.Context, c *tableChunk, name string) (spec.Digest, error) {
	ref, lv, _ := c.find(name)
	col, err := t.column(ctx, ref, lv)
	if err != nil {
		return spec.Digest{}, err
	}
	scratch := encodings.Get().(*[]byte)
	defer encodings.Put(scratch)
	*scratch = dataset.AppendEncoded((*scratch)[:0], col)
	d := spec.HashBytes(*scratch)
	_ = t.store.PutMemo(ref.Blob, lv.sel.Digest(), d) // what is not remembered is worked out again
	return d, nil
}

// column loads one column of a chunk, with the rows that are still selected.
func (t *Table) column(ctx context.Context, ref columnRef, lv *level) (dataset.Column, error) {
	b, err := t.store.Get(ctx, ref.Blob)
	if err != nil {
		return dataset.Column{}, fmt.Errorf("reading column %s: %w", ref.Name, err)
	}
	col, err := dataset.Decode(b, ref.Name)
	if err != nil {
		return dataset.Column{}, fmt.Errorf("reading column %s: %w", ref.Name, err)
	}
	if !lv.all {
		col = dataset.Gather(col, lv.sel.Rows())
	}
	return col, nil
}

// Load returns the named columns of the selected rows of one chunk. A column that the chunk does not have is left out.
func (t *Table) Load(ctx context.Context, chunk int, columns []string) (dataset.Chunk, error) {
	c := &t.chunks[chunk]
	out := dataset.Chunk{Rows: c.rows}
	for _, name := range columns {
		ref, lv, ok := c.find(name)
		if !ok {
			continue
		}
		col, err := t.column(ctx, ref, lv)
		if err != nil {
			return dataset.Chunk{}, err
		}
		out.Columns = append(out.Columns, col)
	}
	return out, nil
}

// View is the table as a stage sees it: those columns and no others.
func (t *Table) View(ctx context.Context, columns []string) *stage.Table {
	return stage.NewTable(t.Rows(), t.Chunks(), columns, func(i int, names []string) (dataset.Chunk, error) {
		return t.Load(ctx, i, names)
	}, t.store.Scratch)
}

// Names returns the columns that any chunk has, the id first and the canonical ones in their order.
func (t *Table) Names(a spec.Artifact) []string {
	have := map[string]bool{}
	for i := range t.chunks {
		for _, lv := range t.chunks[i].levels {
			for _, c := range lv.columns {
				have[c.Name] = true
			}
		}
	}
	var names []string
	for _, name := range append([]string{spec.ID}, columnNames(a)...) {
		if have[name] {
			names = append(names, name)
			delete(have, name)
		}
	}
	var rest []string
	for name := range have {
		rest = append(rest, name)
	}
	slices.Sort(rest)
	return append(names, rest...)
}

func columnNames(a spec.Artifact) []string {
	var names []string
	for _, c := range a.Columns() {
		names = append(names, c.Name)
	}
	return names
}

// complete reads every column, those of lower levels included: a node whose input lost a column has to wait for it
// anyway. It does not stop at the first loss, so that all damage is set aside and can be made good in one run.
func (t *Table) complete(ctx context.Context) bool {
	whole := true
	for _, c := range t.chunks {
		if c.rows == 0 {
			continue
		}
		for _, lv := range c.levels {
			for _, col := range lv.columns {
				whole = present(ctx, t.store, col.Blob, true) && whole
			}
		}
	}
	return whole
}

// appendBlobs adds the columns of all levels.
func (t *Table) appendBlobs(blobs []spec.Digest) []spec.Digest {
	for i := range t.chunks {
		for _, lv := range t.chunks[i].levels {
			for _, c := range lv.columns {
				blobs = append(blobs, c.Blob)
			}
		}
	}
	return blobs
}

// Chunks returns the number of chunks.
func (t *Table) Chunks() int { return len(t.chunks) }

// digest names the table's structure: blobs and selections. Two tables of equal digest have equal rows.
func (t *Table) digest() spec.Digest {
	h := sha256.New()
	for _, c := range t.chunks {
		for _, lv := range c.levels {
			if !lv.all {
				d := lv.sel.Digest()
				h.Write(d[:])
			}
			for _, col := range lv.columns {
				h.Write([]byte(col.Name))
				h.Write(col.Blob[:])
			}
		}
		h.Write([]byte{0})
	}
	var d spec.Digest
	h.Sum(d[:0])
	return d
}
