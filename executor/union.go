package executor

import (
	"context"
	"fmt"
	"slices"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// runUnion joins several tables into one, in list order. Equal id and bytes merge with a ledger line; equal id and
// different bytes are an error. Its rows are its members' columns seen through selections, so it stores no rows.
func (j *job) runUnion(ctx context.Context) (*entry, error) {
	h, err := newHost(ctx, j)
	if err != nil {
		return nil, err
	}
	type place struct {
		content spec.Digest
		member  int
	}
	seen := map[spec.Digest]place{}
	var names []string
	var deltas []chunkDelta
	var ledger Ledger
	counts := Counts{Out: map[string]int64{}, Dropped: map[string]int64{}}
	for k, m := range j.members {
		o := m.Artifact.(Output)
		names = append([]string{spec.ID}, columnNames(o.Artifact)...)
		for i := range o.Table.chunks {
			c := &o.Table.chunks[i]
			rows, err := o.Table.Load(ctx, i, names)
			if err != nil {
				return nil, err
			}
			contents := dataset.RowContents(rows, o.Artifact.Columns())
			ids := rows.IDs()
			var clash error
			keep := dataset.Select(c.rows, func(r int) bool {
				id := spec.Digest(ids.At(r))
				was, double := seen[id]
				if !double {
					seen[id] = place{contents[r], k}
					return true
				}
				if was.content != contents[r] && clash == nil {
					clash = fmt.Errorf("inputs %d and %d of the list both have a row with id %s, with different content: "+
						"prefix the keys of the datasets, as in key = \"a/${row.uid}\"", was.member, k, id.Short())
				}
				ledger = append(ledger, LedgerLine{Chunk: len(deltas), Entry: stage.Entry{Row: r, Reason: "merged with an equal row"}})
				counts.Dropped["merged with an equal row"]++
				return false
			})
			if clash != nil {
				return nil, clash
			}
			counts.In += int64(c.rows)
			deltas = append(deltas, frozen(c, keep, names))
			h.Progress(int64(len(seen)), 0, "rows")
		}
	}
	return h.entry(map[string][]chunkDelta{"rows": deltas}, ledger, counts)
}

// frozen writes a chunk out as if it had been made: its levels become layers, of those columns that can be seen and
// are named. The others are in no key, and could not be given to another run.
func frozen(c *tableChunk, keep dataset.Selection, names []string) chunkDelta {
	d := chunkDelta{Made: true, Rows: keep.Len()}
	sel := partial(keep)
	for i := range c.levels {
		var seen []columnRef
		for _, col := range c.levels[i].columns {
			if _, lv, _ := c.find(col.Name); lv == &c.levels[i] && slices.Contains(names, col.Name) {
				seen = append(seen, col)
			}
		}
		if seen == nil {
			continue
		}
		lv := through(c.levels[i], c.rows, sel)
		l := layer{Columns: seen}
		if !lv.all {
			l.Sel = &selection{lv.sel}
		}
		d.Layers = append(d.Layers, l)
	}
	return d
}
