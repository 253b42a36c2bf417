package simjoin_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/prefab-build/prefab/executor/methods/simjoin"
)

func TestSets(t *testing.T) {
	want := [][]uint64{{3, 5}, {}, {1}, {2, 7, 9}}
	var sets simjoin.Sets
	for _, w := range want {
		sets.Append(func(dst []uint64) []uint64 { return append(dst, w...) })
	}
	if sets.Len() != len(want) {
		t.Fatalf("%d sets of %d", sets.Len(), len(want))
	}
	for i, w := range want {
		if got := sets.At(i); !slices.Equal(got, w) {
			t.Errorf("set %d is %v, want %v", i, got, w)
		}
	}
}

// TestWatched looks at the progress of every kind of join: it begins, grows to the number of sets and changes nothing.
func TestWatched(t *testing.T) {
	var list [][]uint64
	for i := range uint64(20_000) {
		list = append(list, []uint64{i, i + 1, i + 2, 3 * i, 5 * i})
	}
	c := simjoin.New(list)
	tau, err := simjoin.Decimal(0.5)
	if err != nil {
		t.Fatal(err)
	}
	below, above := func(r int) bool { return r < 9000 }, func(r int) bool { return r >= 9000 }
	for name, join := range map[string]func(c *simjoin.Collection) (any, error){
		"clusters": func(c *simjoin.Collection) (any, error) { return c.Clusters(context.Background(), tau, 2) },
		"touched":  func(c *simjoin.Collection) (any, error) { return c.Touched(context.Background(), tau, below, above, 2) },
		"join": func(c *simjoin.Collection) (any, error) {
			p, err := c.Join(context.Background(), tau, 2)
			return p.Labels(), err
		},
	} {
		want, err := join(c)
		if err != nil {
			t.Fatal(err)
		}
		var reports, most atomic.Int64
		got, err := join(c.Watched(func(done, total int) {
			if total != c.Classes() || done < 0 || done > total {
				t.Errorf("%s: %d of %d done, of %d", name, done, total, c.Classes())
			}
			reports.Add(1)
			for was := most.Load(); int64(done) > was && !most.CompareAndSwap(was, int64(done)); was = most.Load() {
			}
		}))
		if err != nil || !slices.Equal(got.([]int), want.([]int)) {
			t.Errorf("%s: being watched changed the result (%v)", name, err)
		}
		if reports.Load() < 10 || most.Load() != int64(c.Classes()) {
			t.Errorf("%s: %d reports up to %d of %d", name, reports.Load(), most.Load(), c.Classes())
		}
	}
}

// TestWatch has enough sets for the work before a join to be told of.
func TestWatch(t *testing.T) {
	const rows = 1 << 17
	b, reports := simjoin.NewBuilder(), 0
	b.Watch(func(done, total int) {
		if done != 0 || total != rows {
			t.Errorf("%d of %d done before the join began", done, total)
		}
		reports++
	})
	for i := range uint64(rows) {
		b.Add([]uint64{i, i + 1})
	}
	if c := b.Collection(); c.Classes() != rows || reports < 4 {
		t.Errorf("%d sets, %d reports", c.Classes(), reports)
	}
}
