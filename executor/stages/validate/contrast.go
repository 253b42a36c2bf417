package validate

import (
	"bytes"
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stage/prompts"
)

// A candidate is a row whose words may be looked at.
type candidate struct {
	group    prompts.Key
	chunk, k uint32 // the place among the rows of a chunk that go out
	words    uint32 // of its responses, repetitions included
}

func (f *finish) candidates(byChunk [][]record) []candidate {
	rows := make([]candidate, 0, len(f.records))
	for chunk, list := range byChunk {
		for k := range list {
			words := max(list[k].words[1]+list[k].words[2], leastWords)
			rows = append(rows, candidate{f.group(&list[k]), uint32(chunk), uint32(k), words})
		}
	}
	return rows
}

// sample moves rows of at most so many words together to the front and returns them: all rows of a prompt group or none,
// groups in the order of a hash that nothing else depends on, and those that are too large passed over.
func sample(rows []candidate, words int) []candidate {
	// A group's name is the smallest of its keys. So its first bytes are small where the group is large, and its last ones
	// are of all sizes.
	slices.SortFunc(rows, func(a, b candidate) int {
		return cmp.Or(bytes.Compare(a.group[8:], b.group[8:]), bytes.Compare(a.group[:8], b.group[:8]))
	})
	taken := rows[:0]
	for len(rows) > 0 {
		n, size := 0, 0
		for n < len(rows) && rows[n].group == rows[0].group {
			size += int(rows[n].words)
			n++
		}
		if size <= words {
			words -= size
			taken = append(taken, rows[:n]...)
		}
		rows = rows[n:]
	}
	return taken
}

// contrasts compares the words of the responses of rows, chunks in parallel.
func (f *finish) contrasts(ctx context.Context, all *stage.Mapped, rows []candidate) ([]contrast, error) {
	byChunk := make([][]candidate, len(all.Deltas))
	for _, r := range rows {
		byChunk[r.chunk] = append(byChunk[r.chunk], r)
	}
	table := f.task.Table("pairs")
	lists := make([][]contrast, len(byChunk))
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, list := range byChunk {
		if len(list) == 0 {
			continue
		}
		group.Go(func() error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			c, err := table.Chunk(i, "chosen", "rejected")
			if err != nil {
				return err
			}
			lists[i] = contrastsOf(c, all.Deltas[i].Out["pairs"].Keep.Rows(), list)
			f.task.Progress(done.Add(int64(len(list))), int64(len(rows)), "rows compared by words")
			return nil
		})
	}
	err := group.Wait()
	return slices.Concat(lists...), err
}

// contrastsOf compares the words of rows of one chunk, of which those that keep lists go out.
func contrastsOf(c dataset.Chunk, keep []uint32, rows []candidate) []contrast {
	chosen, rejected := c.Messages("chosen"), c.Messages("rejected")
	list := make([]contrast, len(rows))
	var a, b []uint64
	var only []uint32
	for i, r := range rows {
		row := int(keep[r.k])
		a, b = wordsOf(a, chosen, row), wordsOf(b, rejected, row)
		only = without(only[:0], a, b)
		list[i].group, list[i].chosen = r.group, slices.Clone(only)
		only = without(only[:0], b, a)
		list[i].rejected = slices.Clone(only)
	}
	return list
}

// wordsOf returns the distinct words of a text as sorted hashes.
func wordsOf(into []uint64, m dataset.Messages, row int) []uint64 {
	into = text.AppendHashes(into[:0], m.Text(row))
	slices.Sort(into)
	return slices.Compact(into)
}

// without appends the buckets of what a has and b lacks, both sorted.
func without(into []uint32, a, b []uint64) []uint32 {
	for _, h := range a {
		for len(b) > 0 && b[0] < h {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != h {
			into = append(into, uint32(h>>(64-bucketBits)))
		}
	}
	return into
}
