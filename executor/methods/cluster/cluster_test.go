package cluster_test

import (
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/prefab-build/prefab/executor/methods/cluster"
)

type pair struct{ a, b int }

func drawPairs(t *rapid.T) (n int, pairs []pair) {
	n = rapid.IntRange(1, 60).Draw(t, "n")
	item := rapid.IntRange(0, n-1)
	return n, rapid.SliceOfN(rapid.Custom(func(t *rapid.T) pair {
		return pair{item.Draw(t, "a"), item.Draw(t, "b")}
	}), 0, 60).Draw(t, "pairs")
}

func TestLabelsAreSmallestMembersWhateverTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, pairs := drawPairs(t)
		f := cluster.New(n)
		joined := 0
		for _, p := range pairs {
			same := f.Same(p.a, p.b)
			if f.Union(p.a, p.b) == same {
				t.Fatalf("Union(%d, %d) and Same disagree", p.a, p.b)
			}
			if !same {
				joined++
			}
		}
		labels := f.Labels()
		if groups := cluster.Collect(labels); groups.Len() != n-joined {
			t.Fatalf("%d groups after %d unions of %d items", groups.Len(), joined, n)
		} else {
			for g := range groups.Len() {
				members := groups.Of(g)
				if !slices.IsSorted(members) || labels[members[0]] != members[0] {
					t.Fatalf("group %v has label %d", members, labels[members[0]])
				}
			}
		}
		for _, p := range pairs {
			if labels[p.a] != labels[p.b] {
				t.Fatalf("%v are joined, labels %d and %d", p, labels[p.a], labels[p.b])
			}
		}
		other := cluster.New(n)
		var wg sync.WaitGroup
		for w := range 3 {
			wg.Go(func() {
				for i := len(pairs) - 1 - w; i >= 0; i -= 3 {
					other.Union(pairs[i].b, pairs[i].a)
				}
			})
		}
		wg.Wait()
		if got := other.Labels(); !slices.Equal(got, labels) {
			t.Fatalf("labels %v in one order, %v in another", labels, got)
		}
	})
}

// points are sets of integers 0..v, so that J(a, b) = (min+1)/(max+1).
type points []int

func (p points) Overlap(a, b int) (int, int) { return min(p[a], p[b]) + 1, max(p[a], p[b]) + 1 }

func TestLoosest(t *testing.T) {
	sets := points{5, 3, 9, 4}
	s, ok := cluster.Loosest([]int{0, 1, 2, 3}, sets, 6)
	if !ok || s != (cluster.Spread{A: 1, B: 2, Overlap: 4, Union: 10, Complete: true}) {
		t.Errorf("all pairs: %+v, %v", s, ok)
	}
	s, ok = cluster.Loosest([]int{0, 1, 2, 3}, sets, 3)
	if !ok || s != (cluster.Spread{A: 0, B: 2, Overlap: 6, Union: 10}) {
		t.Errorf("three pairs: %+v, %v", s, ok)
	}
	if _, ok := cluster.Loosest([]int{2}, sets, 6); ok {
		t.Error("one member has a loosest pair")
	}
	if j := (cluster.Spread{}).Jaccard(); j != 1 {
		t.Errorf("J of empty sets = %v", j)
	}
}
