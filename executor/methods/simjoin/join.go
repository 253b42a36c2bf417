package simjoin

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// MaxPairs is the number of pairs of different sets that a join may find. They are held in memory, 600 MB of them at
// the limit, and prompts of one template can have thousands of millions.
const MaxPairs = 50_000_000

// ErrTooMany is the error of a join that would find more than MaxPairs.
var ErrTooMany = fmt.Errorf("simjoin: more than %d pairs of different sets are similar; raise the threshold, or ask for clusters or touched rows instead of pairs", MaxPairs)

// Join finds all pairs of rows whose Jaccard index is at least tau. Workers says how many goroutines may work, 0 for
// one a processor; it never changes the result. The error is the context's or ErrTooMany. It panics on a threshold
// outside (0, 1]. Whoever wants groups of rows and not pairs asks Clusters, which is never quadratic in memory.
func (c *Collection) Join(ctx context.Context, tau Ratio, workers int) (*Pairs, error) {
	return c.join(ctx, tau, workers, MaxPairs)
}

func (c *Collection) join(ctx context.Context, tau Ratio, workers, limit int) (*Pairs, error) {
	edges, err := c.edges(ctx, tau, workers, limit, sweep{})
	if err != nil {
		return nil, err
	}
	return &Pairs{c: c, rows: c.rows(), edges: edges, split: -1}, nil
}

// Between finds all pairs of a row below split with a row from split on whose Jaccard index is at least tau: what one part
// of the data has in common with the other. Pairs within either part are not looked for. Otherwise it is as Join. Whoever
// wants to know which rows are concerned and not by what asks Touched.
func (c *Collection) Between(ctx context.Context, tau Ratio, split, workers int) (*Pairs, error) {
	side := c.sides(split)
	on := func(sides ...uint8) func(uint32) bool {
		return func(class uint32) bool { return slices.Contains(sides, side[class]) }
	}
	// Between them every pair of classes that lie across the border is looked at once, whichever is the smaller one.
	edges, err := c.edges(ctx, tau, workers, MaxPairs,
		sweep{indexed: on(left, both), probes: on(right, both)},
		sweep{indexed: on(right), probes: on(left, both)},
		sweep{indexed: on(both), probes: on(left)})
	if err != nil {
		return nil, err
	}
	return &Pairs{c: c, rows: c.rows(), edges: edges, split: split}, nil
}

// The sides of a border that a class has rows on.
const (
	left  = 1
	right = 2
	both  = left | right
)

func (c *Collection) sides(split int) []uint8 {
	if split < 0 || split > c.Rows() {
		panic(fmt.Sprintf("simjoin: a border at row %d of %d", split, c.Rows()))
	}
	side := make([]uint8, c.Classes())
	for row, class := range c.class {
		if row < split {
			side[class] |= left
		} else {
			side[class] |= right
		}
	}
	return side
}

// edge is a pair of classes, x after y, that reaches the threshold.
type edge struct {
	x, y, overlap uint32
}

// edges returns all pairs of classes that the sweeps find, ordered by x, then y, or ErrTooMany.
func (c *Collection) edges(ctx context.Context, tau Ratio, workers, limit int, sweeps ...sweep) ([]edge, error) {
	var mu sync.Mutex // guards edges
	var edges []edge
	var count atomic.Int64
	for i := range sweeps {
		sweeps[i].look = func(p *prober, b *block, x uint32) {
			if count.Load() > int64(limit) {
				return
			}
			p.meet(x, b, math.MaxInt, nil)
			var found []edge
			for _, n := range p.found {
				if p.hopeless(n) {
					continue
				}
				if o, ok := p.similar(x, b.classes[n]); ok {
					found = append(found, edge{x, b.classes[n], uint32(o)})
				}
			}
			if len(found) > 0 {
				count.Add(int64(len(found)))
				mu.Lock()
				edges = append(edges, found...)
				mu.Unlock()
			}
		}
	}
	if err := c.run(ctx, tau, workers, sweeps...); err != nil {
		return nil, err
	}
	if count.Load() > int64(limit) {
		return nil, ErrTooMany
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.y, b.y)) })
	return edges, nil
}
