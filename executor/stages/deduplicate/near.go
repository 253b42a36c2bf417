package deduplicate

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/cluster"
	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
)

// near finds the rows that are similar to one that stays and has a smaller id.
//
// The texts are read twice and never held. The first reading notes in a filter which shingles occur more than once. A row
// can reach threshold x with another only if the share x of its own shingles occurs elsewhere too (the union is no smaller
// than the row's own set), so the second reading hands the join only the rows that pass this test: with word shingles at
// .9 few but the duplicates do. The filter errs on the side of passing rows on, so the join stays exact.
func (f *finish) near(ctx context.Context, t *stage.Task) error {
	tau, err := simjoin.Decimal(f.Threshold)
	if err != nil {
		return err
	}
	rows, bytes := make([][]rowRef, t.Table("pairs").Chunks), uint64(0)
	for i, r := range f.records {
		if f.fates[i].reason == "" {
			rows[r.chunk] = append(rows[r.chunk], rowRef{int(r.row), i})
			bytes += uint64(r.size)
		}
	}
	if f.Shingle == shingleWord {
		bytes /= 5 // a word and a space
	}
	again := newFilter(bytes)
	if err := f.eachSet(ctx, t, rows, "rows filtered", func(_ int, set []uint64) { again.add(set) }); err != nil {
		return err
	}
	var mu sync.Mutex // guards the two below
	builder, members := simjoin.NewBuilder(), []int(nil)
	builder.Watch(func(done, total int) { t.Progress(int64(done), int64(total), "texts compared") })
	err = f.eachSet(ctx, t, rows, "rows compared", func(record int, set []uint64) {
		if len(set) > 0 && tau.Reached(again.count(set), len(set)) {
			mu.Lock()
			builder.Add(set)
			members = append(members, record)
			mu.Unlock()
		}
	})
	if err != nil {
		return err
	}
	sets := builder.Collection()
	labels, err := sets.Clusters(ctx, tau, 0)
	if err != nil {
		return err
	}
	groups := cluster.Collect(labels)
	for g := range groups.Len() {
		f.lead(groups.Of(g), members, sets, tau)
	}
	return nil
}

// lead goes through a component in the order of ids: a row that is similar to one that stays goes, another stays. Which
// rows those are does not depend on how the rows were numbered for the join.
func (f *finish) lead(component, members []int, sets *simjoin.Collection, tau simjoin.Ratio) {
	if len(component) < 2 {
		return
	}
	component = slices.Clone(component)
	slices.SortFunc(component, func(a, b int) int { return members[a] - members[b] })
	var stay []int
next:
	for _, row := range component {
		for _, first := range stay {
			if overlap, union := sets.Overlap(first, row); tau.Reached(overlap, union) {
				leader := members[first]
				f.drop(members[row], leader, reasonNear, fmt.Sprintf("%.3f alike to row %s", float64(overlap)/float64(union), f.records[leader].id.Short()))
				continue next
			}
		}
		stay = append(stay, row)
	}
}

// A rowRef is a row of a chunk and its record.
type rowRef struct{ row, record int }

// eachSet reads the given rows, chunks in parallel and in any order, and calls do with the shingles of each. The set is
// overwritten afterwards.
func (f *finish) eachSet(ctx context.Context, t *stage.Task, rows [][]rowRef, unit string, do func(record int, set []uint64)) error {
	columns := []string{"prompt", "chosen", "rejected"}
	if f.Scope == scopePrompt {
		columns = columns[:1]
	}
	table := t.Table("pairs")
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range rows {
		if len(rows[i]) == 0 {
			continue
		}
		group.Go(func() error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			c, err := table.Chunk(i, columns...)
			if err != nil {
				return err
			}
			s := shingler{config: f.config}
			for _, name := range columns {
				s.texts = append(s.texts, c.Messages(name))
			}
			for _, r := range rows[i] {
				do(r.record, s.set(r.row))
			}
			t.Progress(done.Add(int64(len(rows[i]))), int64(len(f.records)), unit)
			return nil
		})
	}
	return group.Wait()
}

// A shingler makes the sets of a chunk's rows.
type shingler struct {
	config
	texts   []dataset.Messages
	out, of []uint64
}

// set returns the shingles of a row, those of its texts told apart by a tag: responses that changed places are not alike.
func (s *shingler) set(row int) []uint64 {
	s.out = s.out[:0]
	for i, m := range s.texts {
		if s.Shingle == shingleChar {
			s.of = text.N1.AppendCharShingles(s.of[:0], m.Text(row), s.size())
		} else {
			s.of = text.N1.AppendWordShingles(s.of[:0], m.Text(row), s.size())
		}
		for _, h := range s.of {
			s.out = append(s.out, (h^uint64(i))*tag)
		}
	}
	slices.Sort(s.out)
	s.out = slices.Compact(s.out)
	return s.out
}

// tag is odd, so that multiplication by it is a bijection of 64-bit words that spreads the few bits changed before it.
const tag = 0x9e3779b97f4a7c15
