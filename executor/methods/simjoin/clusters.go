package simjoin

import (
	"context"
	"math"

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
	return c.connected(ctx, tau, workers, e, cluster.New(c.Classes()), sweep{})
}

// connected returns the labels of the forest when all that the sweeps find is joined in it.
func (c *Collection) connected(ctx context.Context, tau Ratio, workers int, e effort, forest *cluster.Forest, sweeps ...sweep) ([]int, error) {
	var ready func(b *block)
	if c.work(tau.valid()) > e.heavy*int64(c.Classes()) {
		if err := c.sketch(ctx, tau, workers, e.rounds, forest); err != nil {
			return nil, err
		}
		ready = func(b *block) { b.gather(forest, e.span) }
	}
	for i := range sweeps {
		sweeps[i].ready, sweeps[i].look = ready, func(p *prober, b *block, x uint32) { p.connect(x, b, forest) }
	}
	if err := c.run(ctx, tau, workers, sweeps...); err != nil {
		return nil, err
	}
	return c.label(forest), nil
}

// Extend is Clusters where most is known from an earlier join: two similar rows of which neither is fresh are known to be
// of one component, by known, which names for each row a row of its component, itself where nothing is known of it. It
// takes the time of looking up the fresh rows in all and all in the fresh ones.
func (c *Collection) Extend(ctx context.Context, tau Ratio, known []int, fresh func(row int) bool, workers int) ([]int, error) {
	return c.extend(ctx, tau, known, fresh, workers, usual)
}

func (c *Collection) extend(ctx context.Context, tau Ratio, known []int, fresh func(row int) bool, workers int, e effort) ([]int, error) {
	forest, isFresh := cluster.New(c.Classes()), make([]bool, c.Classes())
	for row, class := range c.class {
		forest.Union(int(class), int(c.class[known[row]]))
		if fresh(row) {
			isFresh[class] = true
		}
	}
	isKnown := func(class uint32) bool { return !isFresh[class] }
	return c.connected(ctx, tau, workers, e, forest,
		sweep{indexed: func(class uint32) bool { return isFresh[class] }},
		sweep{indexed: isKnown, probes: func(class uint32) bool { return isFresh[class] }})
}

// connect joins x to all components of earlier classes of the block that it is similar to.
func (p *prober) connect(x uint32, b *block, forest *cluster.Forest) {
	p.meet(x, b, math.MaxInt, func(root uint32, part []uint16) bool {
		return forest.Same(int(x), int(root)) || p.try(x, root, part, forest)
	})
	for _, n := range p.found {
		y := b.classes[n]
		if p.hopeless(n) || forest.Same(int(x), int(y)) {
			continue
		}
		if _, ok := p.similar(x, y); ok {
			forest.Union(int(x), int(y))
		}
	}
}

// try compares x with three members of a component, the nearest in size first, before its many postings are scanned; once
// for each x. It reports whether x has been joined to the component.
func (p *prober) try(x, root uint32, part []uint16, forest *cluster.Forest) bool {
	if p.tried == nil {
		p.tried = make([]uint32, p.c.Classes())
	}
	if p.tried[root] == x+1 {
		return false
	}
	p.tried[root] = x + 1
	if p.any(x, part) {
		forest.Union(int(x), int(root))
		return true
	}
	return false
}

// any reports whether x is similar to the last, the middle or the first of some classes of the block.
func (p *prober) any(x uint32, part []uint16) bool {
	for _, i := range [3]int{len(part) - 1, len(part) / 2, 0} {
		if _, ok := p.similar(x, p.block.classes[part[i]]); ok {
			return true
		}
	}
	return false
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
