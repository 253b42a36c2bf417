package simjoin

import (
	"context"
	"fmt"
)

// Join finds all pairs of rows whose Jaccard index is at least tau. Workers says how many goroutines may work, 0 for one
// a processor; it never changes the result. The error is the context's. It panics on a threshold outside (0, 1].
func (c *Collection) Join(ctx context.Context, tau Ratio, workers int) (*Pairs, error) {
	all := []*index{c.build(tau.valid(), nil)}
	edges, err := c.edges(ctx, tau, workers, func(uint32) []*index { return all })
	if err != nil {
		return nil, err
	}
	return &Pairs{c: c, rows: c.rows(), edges: edges, split: -1}, nil
}

// Between finds all pairs of a row below split with a row from split on whose Jaccard index is at least tau: what one part
// of the data has in common with the other. Pairs within either part are not looked for. Otherwise it is as Join.
func (c *Collection) Between(ctx context.Context, tau Ratio, split, workers int) (*Pairs, error) {
	if split < 0 || split > c.Rows() {
		panic(fmt.Sprintf("simjoin: a border at row %d of %d", split, c.Rows()))
	}
	const left, right, both = 1, 2, 3
	side := make([]uint8, c.Classes())
	for row, class := range c.class {
		if row < split {
			side[class] |= left
		} else {
			side[class] |= right
		}
	}
	var by [4]*index
	for s := uint8(left); s <= both; s++ {
		by[s] = c.build(tau.valid(), func(class uint32) bool { return side[class] == s })
	}
	// The three indexes have no class in common, so no token of a class is met twice.
	across := [4][]*index{left: {by[right], by[both]}, right: {by[left], by[both]}, both: by[left:]}
	edges, err := c.edges(ctx, tau, workers, func(x uint32) []*index { return across[side[x]] })
	if err != nil {
		return nil, err
	}
	return &Pairs{c: c, rows: c.rows(), edges: edges, split: split}, nil
}

// edge is a pair of classes, x after y, that reaches the threshold.
type edge struct {
	x, y, overlap uint32
}

// edges returns all pairs of classes that reach tau, ordered by x.
func (c *Collection) edges(ctx context.Context, tau Ratio, workers int, indexes func(x uint32) []*index) ([]edge, error) {
	parts := make([][]edge, (c.Classes()+stride-1)/stride)
	err := c.each(ctx, tau, workers, func(p *prober, number int, from, to uint32) {
		var found []edge
		for x := from; x < to; x++ {
			p.meet(x, indexes(x))
			for _, y := range p.found {
				if o, ok := p.overlap(x, y); ok {
					found = append(found, edge{x, y, uint32(o)})
				}
			}
			p.clear()
		}
		parts[number] = found
	})
	if err != nil {
		return nil, err
	}
	total := 0
	for _, part := range parts {
		total += len(part)
	}
	edges := make([]edge, 0, total)
	for i, part := range parts {
		edges = append(edges, part...)
		parts[i] = nil
	}
	return edges, nil
}
