// Package cluster groups items by the pairs that join them: a union-find over numbered items whose components carry the
// number of their smallest member as label. It is for whoever has edges and wants groups: near-duplicate prompts, rows of
// one conversation, rows of one source document. It refuses to invent edges; finding them is simjoin's job.
//
// The label of an item depends on the set of edges alone, not on the order in which they came, on the goroutine that
// brought them or on repetitions. So a component can be a cache key, a group of a split or a line of a report as it is.
package cluster

import (
	"fmt"
	"math"
	"sync/atomic"
)

// Version names the behaviour of this package in cache keys; it is raised when the same edges would give other labels.
const Version = "cluster/1"

// Forest is a union-find over the items 0 to n-1. All methods may be called from any number of goroutines at once.
//
// A parent is always smaller than its child, so the root of a tree is its smallest member and needs no separate label.
// Linking by number instead of by rank costs the worst-case bound; halving the path on every look-up keeps the amortised
// cost logarithmic, and near-duplicate groups are shallow anyway.
type Forest struct {
	parent []atomic.Uint32
}

// New returns a forest of n items, each a component of its own. It panics when n is negative or does not fit 32 bits.
func New(n int) *Forest {
	if n < 0 || n > math.MaxUint32 {
		panic(fmt.Sprintf("cluster: a forest of %d items", n))
	}
	f := &Forest{parent: make([]atomic.Uint32, n)}
	for i := range f.parent {
		f.parent[i].Store(uint32(i))
	}
	return f
}

// Find returns the smallest member of the item's component, as far as unions that have returned are concerned.
func (f *Forest) Find(item int) int {
	x := uint32(item)
	for {
		p := f.parent[x].Load()
		if p == x {
			return int(x)
		}
		g := f.parent[p].Load()
		if g != p {
			// Halving may lose the race against another one: then that one has shortened the path for both.
			f.parent[x].CompareAndSwap(p, g)
		}
		x = g
	}
}

// Union joins the components of a and b and reports whether they were two.
func (f *Forest) Union(a, b int) bool {
	for {
		ra, rb := f.Find(a), f.Find(b)
		if ra == rb {
			return false
		}
		if ra > rb {
			ra, rb = rb, ra
		}
		// Only a root may be hung below another; when rb has ceased to be one meanwhile, look again.
		if f.parent[rb].CompareAndSwap(uint32(rb), uint32(ra)) {
			return true
		}
	}
}

// Same reports whether a and b are in one component. While others call Union a false may be out of date when it arrives;
// a true holds for good.
func (f *Forest) Same(a, b int) bool {
	for {
		ra, rb := f.Find(a), f.Find(b)
		if ra == rb {
			return true
		}
		if f.parent[ra].Load() == uint32(ra) {
			return false
		}
	}
}

// Labels returns for each item the smallest member of its component. No union may be under way.
func (f *Forest) Labels() []int {
	labels := make([]int, len(f.parent))
	for i := range labels {
		labels[i] = f.Find(i)
	}
	return labels
}
