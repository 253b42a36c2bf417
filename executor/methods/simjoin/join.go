package simjoin

import (
	"context"
	"fmt"
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
	all := []*index{c.build(tau.valid(), false, nil)}
	edges, err := c.edges(ctx, tau, workers, limit, func(uint32) []*index { return all })
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
	var by [4]*index
	for s := uint8(left); s <= both; s++ {
		by[s] = c.build(tau.valid(), false, func(class uint32) bool { return side[class] == s })
	}
	// The three indexes have no class in common, so no token of a class is met twice.
	across := [4][]*index{left: {by[right], by[both]}, right: {by[left], by[both]}, both: by[left:]}
	edges, err := c.edges(ctx, tau, workers, MaxPairs, func(x uint32) []*index { return across[side[x]] })
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

// edges returns all pairs of classes that reach tau, ordered by x, or ErrTooMany.
func (c *Collection) edges(ctx context.Context, tau Ratio, workers, limit int, indexes func(x uint32) []*index) ([]edge, error) {
	parts := make([][]edge, (c.Classes()+stride-1)/stride)
	var count atomic.Int64
	err := c.each(ctx, tau, workers, func(p *prober, number int, from, to uint32) {
		var found []edge
		for x := from; x < to && count.Load()+int64(len(found)) <= int64(limit); x++ {
			p.meet(x, indexes(x))
			for _, y := range p.found {
				if o, ok := p.overlap(x, y); ok {
					found = append(found, edge{x, y, uint32(o)})
				}
			}
			p.clear()
		}
		parts[number] = found
		count.Add(int64(len(found)))
	})
	if err != nil {
		return nil, err
	}
	if count.Load() > int64(limit) {
		return nil, ErrTooMany
	}
	edges := make([]edge, 0, count.Load())
	for i, part := range parts {
		edges = append(edges, part...)
		parts[i] = nil
	}
	return edges, nil
}
