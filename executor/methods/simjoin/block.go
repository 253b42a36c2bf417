package simjoin

import (
	"cmp"
	"slices"

	"github.com/prefab-build/prefab/executor/methods/cluster"
)

// blockClasses is how many classes are indexed at a time. Their numbers within the block fit 16 bits, and the counters of
// a look-up, 128 kB, stay in the second cache: with one index over a million classes every posting was a miss.
const blockClasses = 1 << 16

// A block is the index of some consecutive classes: for each token rank, those that have it in their index prefix.
//
// A class y is only met by classes x that come after it, which are no smaller. They need an overlap of need(|y|,|y|) or
// more, so x and y have at least m tokens in common among the first |y| - need + m of y and as many as reckoned alike of x,
// for any m that is no more than need. A longer prefix costs more postings and lets fewer pass: see more.
type block struct {
	classes           []uint32 // by number in the block, ascending
	smallest, largest int      // sizes
	start             []uint32 // rank -> where its list begins in list
	list              []uint16
	has               []uint64          // bit per rank: whether its list is not empty; most are, and this is small
	spans             map[uint32][]span // by where a list begins, of long lists that gather has reordered
}

// An extent is where a list is in block.list.
type extent struct{ from, to uint32 }

// more is how many common prefix tokens a set of a size is asked for. It is measured on shingles, which come in runs, as
// the five or so of one rare word: two sets that have one such word in common by chance pass one token, but less often a
// thirty-second of their size.
func more(size int) int { return 1 + size/moreOf }

const moreOf = 32

// A shape says how look-ups go about their work; it changes no result.
type shape struct {
	block int // classes that are indexed at a time, at most blockClasses
	few   int // length below which a list is scanned whole: looking where the classes that can match begin and end takes longer
	most  int // prefix tokens that are counted, less than 2^16; a longer text, of more than 200 kB, is compared with all that are as long
}

var large = shape{block: blockClasses, few: 64, most: 1<<16 - 1}

// blocks cuts the classes for which indexed holds, nil for all, into stretches.
func (c *Collection) blocks(indexed func(class uint32) bool) [][]uint32 {
	var all []uint32
	for class := range uint32(c.Classes()) {
		if indexed == nil || indexed(class) {
			all = append(all, class)
		}
	}
	return slices.Collect(slices.Chunk(all, c.shape.block))
}

// fill makes the block the index of other classes. The space is used again.
func (b *block) fill(c *Collection, tau Ratio, classes []uint32) {
	b.classes, b.spans = classes, nil
	b.smallest, b.largest = int(c.size[classes[0]]), int(c.size[classes[len(classes)-1]])
	if b.start == nil {
		b.start, b.has = make([]uint32, c.vocab+2), make([]uint64, c.vocab/64+1)
	}
	clear(b.start)
	clear(b.has)
	var ranks []uint32
	each := func(visit func(rank uint32, y int)) {
		for y, class := range classes {
			c.beat(int(class))
			ranks = c.prefix(ranks, class, rest(tau, int(c.size[class])))
			for _, r := range ranks {
				visit(r, y)
			}
		}
	}
	// Counting into the cell two behind makes start[r+1] the place to fill next and, when all is filled, the end.
	each(func(rank uint32, _ int) { b.start[rank+2]++ })
	for r := 2; r < len(b.start); r++ {
		b.start[r] += b.start[r-1]
	}
	total := int(b.start[len(b.start)-1])
	b.list = slices.Grow(b.list[:0], total)[:total]
	each(func(rank uint32, y int) {
		b.has[rank>>6] |= 1 << (rank & 63)
		b.list[b.start[rank+1]] = uint16(y)
		b.start[rank+1]++
	})
}

// rest is how many tokens of a class of a size are behind its index prefix.
func rest(tau Ratio, size int) int { return max(0, tau.need(size, size)-more(size)) }

// of returns the list of a rank.
func (b *block) of(rank uint32) []uint16 { return b.list[b.start[rank]:b.start[rank+1]] }

// cut returns the part of an ascending list that lies in [from, to). Most lists lie within as a whole, so the ends are
// looked at before anything is searched.
func cut(list []uint16, from, to int) []uint16 {
	if n := len(list); n > 0 && int(list[n-1]) >= to {
		n, _ = slices.BinarySearch(list, uint16(to))
		list = list[:n]
	}
	if len(list) > 0 && int(list[0]) < from {
		n, _ := slices.BinarySearch(list, uint16(from))
		list = list[n:]
	}
	return list
}

// A span is a stretch of a list whose classes are all in the component of root, or loose.
type span struct {
	root     uint32
	from, to uint32 // in the list
}

// loose says that the classes of a span may be in any components.
const loose = ^uint32(0)

// gather reorders each list by component, those with fewer than minSpan postings in it together first, each part
// ascending as before.
func (b *block) gather(forest *cluster.Forest, minSpan int) {
	b.spans = map[uint32][]span{}
	roots := make([]uint32, len(b.classes)) // plus 1, and 0 in a list for loose
	for y, class := range b.classes {
		roots[y] = uint32(forest.Find(int(class))) + 1
	}
	type rooted struct {
		y    uint16
		root uint32
	}
	var list []rooted
	count := map[uint32]int{}
	for rank := range uint32(len(b.start) - 1) {
		postings := b.of(rank)
		if len(postings) < 2*minSpan {
			continue
		}
		list = list[:0]
		clear(count)
		for _, y := range postings {
			list = append(list, rooted{y, roots[y]})
			count[roots[y]]++
		}
		for i := range list {
			if count[list[i].root] < minSpan {
				list[i].root = 0
			}
		}
		slices.SortStableFunc(list, func(a, b rooted) int { return cmp.Compare(a.root, b.root) })
		var spans []span
		for i, r := range list {
			postings[i] = r.y
			if i == 0 || r.root != list[i-1].root {
				spans = append(spans, span{root: r.root - 1, from: uint32(i)})
			}
			spans[len(spans)-1].to = uint32(i + 1)
		}
		b.spans[b.start[rank]] = spans
	}
}
