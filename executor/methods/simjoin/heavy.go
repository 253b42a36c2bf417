package simjoin

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/prefab-build/prefab/executor/methods/cluster"
)

// What is in this file changes no result. Prompts made from one long template share the tokens of the template, which
// are then common and yet in everybody's prefix; looking each up in lists that hold everybody is quadratic. But prompts
// that are that alike are in one component, and most of it can be found by a few cheap guesses, each of which is
// verified. A list that is kept by component can then be passed over at once by all who are in it already.

// effort says when and how hard to guess.
type effort struct {
	heavy  int64 // postings that looking up one class scans on average, above which guesses pay
	rounds int   // guesses for each class
	span   int   // postings for which asking whether to pass over is cheaper than scanning them
}

// usual is measured: scanning 20,000 postings takes as long as four guesses. The word sets of 100,000 natural prompts scan 40
// a class, the shingles of 29,000 templated ones 740, 20,000 prompts of one long template 490,000. Two sets agree in one
// guess with a probability of their Jaccard index, so two that are only just similar at .7 miss all of four in less than
// one case out of a hundred; and one neighbour is enough.
var usual = effort{heavy: 20_000, rounds: 4, span: 32}

// work is about the number of postings that all look-ups scan, if nothing is passed over and all sets are of one size.
func (c *Collection) work(tau Ratio) int64 {
	held := make([]uint32, c.vocab)
	var ranks []uint32
	for class := range uint32(c.Classes()) {
		c.beat(int(class))
		ranks = c.prefix(ranks, class, rest(tau, int(c.size[class])))
		for _, r := range ranks {
			held[r]++
		}
	}
	sum := int64(0)
	for _, n := range held {
		sum += int64(n) * int64(n) / 2
	}
	return sum
}

// sketch joins classes whose smallest token under a random order is the same and which prove to be similar: each with
// the one before it among those, and with the first.
func (c *Collection) sketch(ctx context.Context, tau Ratio, workers, rounds int, forest *cluster.Forest) error {
	type guess struct {
		smallest uint64
		class    uint32
	}
	guesses, crew, all := make([]guess, c.Classes()), c.crew(tau, workers), uint32(c.Classes())
	for round := range uint64(rounds) {
		err := crew.each(ctx, 0, all, nil, func(p *prober, from, to uint32) {
			for class := from; class < to; class++ {
				c.beat(int(class))
				smallest := uint64(math.MaxUint64)
				p.x = c.ranks(p.x, class)
				for _, r := range p.x {
					smallest = min(smallest, mix(uint64(r)|(round+1)<<32))
				}
				guesses[class] = guess{smallest, class}
			}
		})
		if err != nil {
			return err
		}
		slices.SortFunc(guesses, func(a, b guess) int {
			return cmp.Or(cmp.Compare(a.smallest, b.smallest), cmp.Compare(a.class, b.class))
		})
		err = crew.each(ctx, 0, all, nil, func(p *prober, from, to uint32) {
			first, _ := slices.BinarySearchFunc(guesses, guesses[from].smallest, func(g guess, s uint64) int { return cmp.Compare(g.smallest, s) })
			for i := max(int(from), 1); i < int(to); i++ {
				g := guesses[i]
				if g.smallest != guesses[i-1].smallest {
					first = i
					continue
				}
				p.guess(g.class, guesses[i-1].class, forest)
				p.guess(g.class, guesses[first].class, forest)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// guess joins two classes if they are similar.
func (p *prober) guess(x, y uint32, forest *cluster.Forest) {
	if forest.Same(int(x), int(y)) {
		return
	}
	p.full = false
	if _, ok := p.similar(x, y); ok {
		forest.Union(int(x), int(y))
	}
}
