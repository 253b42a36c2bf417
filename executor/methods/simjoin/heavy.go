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

// usual is measured: word sets of natural prompts scan 25 postings, the shingles of short templates 370, and guesses
// would add half to the time of either; 20,000 prompts of one long template scan 290,000. Two sets agree in one guess
// with a probability of their Jaccard index, so two that are only just similar at .7 miss all of four in less than one
// case out of a hundred; and one neighbour is enough.
var usual = effort{heavy: 2000, rounds: 4, span: 32}

// work is the number of postings that all look-ups scan, if nothing is passed over.
func (ix *index) work() int64 {
	sum := int64(0)
	for r := range len(ix.start) - 1 {
		n := int64(ix.start[r+1] - ix.start[r])
		sum += n * n / 2
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
	guesses := make([]guess, c.Classes())
	for round := range uint64(rounds) {
		err := c.each(ctx, tau, workers, func(p *prober, _ int, from, to uint32) {
			for class := from; class < to; class++ {
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
		err = c.each(ctx, tau, workers, func(p *prober, _ int, from, to uint32) {
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
	p.x = p.c.ranks(p.x, x)
	if p.similar(x, y) {
		forest.Union(int(x), int(y))
	}
}

// span is a stretch of a posting list whose classes are all in the component of root, or loose.
type span struct {
	root     uint32
	from, to uint32 // in the list
}

// loose says that the classes of a span may be in any components.
const loose = math.MaxUint32

// gather reorders each list by component, those with fewer than minSpan postings in it together first, each part by
// class as before.
func (ix *index) gather(forest *cluster.Forest, minSpan int) {
	ix.spans = map[uint32][]span{}
	type rooted struct {
		posting
		root uint32
	}
	var list []rooted
	count := map[uint32]int{}
	for rank := range uint32(len(ix.start) - 1) {
		postings := ix.of(rank)
		if len(postings) < 2*minSpan {
			continue
		}
		list = list[:0]
		clear(count)
		for _, p := range postings {
			root := uint32(forest.Find(int(p.class)))
			list = append(list, rooted{p, root + 1})
			count[root+1]++
		}
		for i := range list {
			if count[list[i].root] < minSpan {
				list[i].root = 0
			}
		}
		slices.SortStableFunc(list, func(a, b rooted) int { return cmp.Compare(a.root, b.root) })
		var spans []span
		for i, r := range list {
			postings[i] = r.posting
			if i == 0 || r.root != list[i-1].root {
				spans = append(spans, span{root: r.root - 1, from: uint32(i)})
			}
			spans[len(spans)-1].to = uint32(i + 1)
		}
		ix.spans[rank] = spans
	}
}

// spansOf returns the parts of a rank's list; whole is for a list that has only one.
func (ix *index) spansOf(rank uint32, whole *[1]span) []span {
	if s, ok := ix.spans[rank]; ok {
		return s
	}
	whole[0] = span{root: loose, to: ix.start[rank+1] - ix.start[rank]}
	return whole[:]
}
