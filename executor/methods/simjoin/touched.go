package simjoin

import "context"

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
	ix := c.build(tau.valid(), true, func(class uint32) bool { return side[class]&left != 0 })
	touched := make([]bool, c.Classes())
	err := c.each(ctx, tau, workers, func(p *prober, _ int, from, to uint32) {
		p.wide = true
		for x := from; x < to; x++ {
			switch side[x] {
			case both:
				touched[x] = true
			case right:
				touched[x] = p.touches(x, ix, many)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	var rows []int
	for row, class := range c.class {
		if touched[class] && above(row) {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// touches reports whether any indexed class is similar to x.
func (p *prober) touches(x uint32, ix *index, many int) bool {
	found := false
	p.tokens(x, func(rank, rest, from, to uint32) {
		if found {
			return
		}
		part := between(ix.of(rank), from, to)
		if n := len(part); n >= many {
			for _, i := range [3]int{n / 4, n / 2, 3 * n / 4} {
				if found = p.similar(x, part[i].class); found {
					return
				}
			}
		}
		p.scan(part, rest)
	})
	for i := 0; i < len(p.found) && !found; i++ {
		_, found = p.overlap(x, p.found[i])
	}
	p.clear()
	return found
}
