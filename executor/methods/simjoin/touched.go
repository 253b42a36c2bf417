package simjoin

import (
	"context"
	"math"
	"sync/atomic"
)

// Touched returns the rows above, ascending, that are similar to a row below: the rows of one part of the data that
// leaked into it from another. Rows that are neither do not count; no row may be both. It stops looking at a row when it
// has found one such, so it needs neither the memory nor, where much has leaked, the time of Between. Workers and
// errors are as for Clusters.
func (c *Collection) Touched(ctx context.Context, tau Ratio, below, above func(row int) bool, workers int) ([]int, error) {
	return c.touched(ctx, tau, below, above, workers, 256)
}

// touched is Touched with the number of postings from which on a few of them are tried before all are scanned.
func (c *Collection) touched(ctx context.Context, tau Ratio, below, above func(row int) bool, workers, many int) ([]int, error) {
	side := make([]uint8, c.Classes())
	for row, class := range c.class {
		switch {
		case below(row):
			side[class] |= left
		case above(row):
			side[class] |= right
		}
	}
	touched := make([]atomic.Bool, c.Classes())
	for class, s := range side {
		touched[class].Store(s == both)
	}
	// Either of a pair may be the larger one, which is looked up.
	err := c.run(ctx, tau, workers, sweep{
		indexed: func(class uint32) bool { return side[class]&left != 0 },
		probes:  func(class uint32) bool { return side[class] == right },
		look: func(p *prober, b *block, x uint32) {
			if !touched[x].Load() && p.touches(x, b, many) {
				touched[x].Store(true)
			}
		},
	}, sweep{
		indexed: func(class uint32) bool { return side[class] == right },
		probes:  func(class uint32) bool { return side[class]&left != 0 },
		look:    func(p *prober, b *block, x uint32) { p.touch(x, b, touched) },
	})
	if err != nil {
		return nil, err
	}
	var rows []int
	for row, class := range c.class {
		if touched[class].Load() && above(row) {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// touches reports whether any earlier class of the block is similar to x.
func (p *prober) touches(x uint32, b *block, many int) bool {
	found := false
	p.meet(x, b, many, func(_ uint32, part []uint16) bool {
		found = found || p.any(x, part)
		return found
	})
	for i := 0; i < len(p.found) && !found; i++ {
		if !p.hopeless(p.found[i]) {
			_, found = p.similar(x, b.classes[p.found[i]])
		}
	}
	return found
}

// touch marks the earlier classes of the block that are similar to x.
func (p *prober) touch(x uint32, b *block, touched []atomic.Bool) {
	p.meet(x, b, math.MaxInt, nil)
	for _, n := range p.found {
		y := b.classes[n]
		if touched[y].Load() || p.hopeless(n) {
			continue
		}
		if _, ok := p.similar(x, y); ok {
			touched[y].Store(true)
		}
	}
}
