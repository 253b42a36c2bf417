package simjoin

import (
	"context"

	"github.com/prefab-build/prefab/executor/methods/cluster"
)

// Clusters returns for each row the smallest row of its connected component, where rows are connected when their
// Jaccard index is at least tau. It needs no memory for pairs and compares no pair that is connected already, so a
// cluster of a hundred thousand prompts from one template takes seconds, where its pairs would be thousands of
// millions. Workers and errors are as for Join.
func (c *Collection) Clusters(ctx context.Context, tau Ratio, workers int) ([]int, error) {
	return c.clusters(ctx, tau, workers, usual)
}

func (c *Collection) clusters(ctx context.Context, tau Ratio, workers int, e effort) ([]int, error) {
	ix := c.build(tau.valid(), false, nil)
	forest := cluster.New(c.Classes())
	if ix.work() > e.heavy*int64(c.Classes()) {
		if err := c.sketch(ctx, tau, workers, e.rounds, forest); err != nil {
			return nil, err
		}
		ix.gather(forest, e.span)
	}
	err := c.each(ctx, tau, workers, func(p *prober, _ int, from, to uint32) {
		for x := from; x < to; x++ {
			p.connect(x, ix, forest)
		}
	})
	if err != nil {
		return nil, err
	}
	return c.label(forest), nil
}

// connect joins x to all components of earlier classes that it is similar to.
func (p *prober) connect(x uint32, ix *index, forest *cluster.Forest) {
	p.tokens(x, func(rank, rest, from, to uint32) {
		list := ix.of(rank)
		for _, s := range ix.spansOf(rank, &p.whole) {
			part := between(list[s.from:s.to], from, to)
			if len(part) == 0 || s.root != loose && (forest.Same(int(x), int(s.root)) || p.try(x, s.root, part, forest)) {
				continue
			}
			p.scan(part, rest)
		}
	})
	for _, y := range p.found {
		if p.met[y].n == out || forest.Same(int(x), int(y)) {
			continue
		}
		if _, ok := p.overlap(x, y); ok {
			forest.Union(int(x), int(y))
		}
	}
	p.clear()
}

// try compares x with three members of a component, the nearest in size first, before its many postings are scanned; once
// for each x. It reports whether x has been joined to the component.
func (p *prober) try(x, root uint32, part []posting, forest *cluster.Forest) bool {
	if p.tried == nil {
		p.tried = make([]uint32, len(p.c.size))
	}
	if p.tried[root] == x+1 {
		return false
	}
	p.tried[root] = x + 1
	for _, i := range [3]int{len(part) - 1, len(part) / 2, 0} {
		if p.similar(x, part[i].class) {
			forest.Union(int(x), int(root))
			return true
		}
	}
	return false
}

// similar decides a pair of classes from nothing. The ranks of x have to be in p.x.
func (p *prober) similar(x, y uint32) bool {
	need := p.tau.need(int(p.c.size[x]), int(p.c.size[y]))
	if p.c.atMost(x, y) < need {
		return false
	}
	p.y = p.c.ranks(p.y, y)
	_, ok := merge(p.x, p.y, need)
	return ok
}

// label turns components of classes into the smallest row of each row's component.
func (c *Collection) label(forest *cluster.Forest) []int {
	smallest := make([]uint32, c.Classes())
	copy(smallest, c.first)
	for class := range smallest {
		root := forest.Find(class)
		smallest[root] = min(smallest[root], c.first[class])
	}
	labels := make([]int, c.Rows())
	for row, class := range c.class {
		labels[row] = int(smallest[forest.Find(int(class))])
	}
	return labels
}
