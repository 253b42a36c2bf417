package simjoin

import (
	"cmp"
	"math/bits"
	"slices"
)

// Collection is a number of sets, ready to be joined with themselves or part against part at any threshold. It never
// changes and may be used from any number of goroutines.
//
// Sets are kept by class (equal sets are one) in the order of their sizes; inside this package a class is its place in
// that order.
type Collection struct {
	class []uint32 // row -> class
	first []uint32 // class -> its first row
	size  []int32  // class -> number of tokens
	start []uint64 // class -> where its shared tokens begin in flat; one more at the end
	flat  []uint32 // ranks of the tokens that two classes or more hold, ascending: the rarest first
	vocab int      // number of ranks
	sig   []uint64 // words bitmap words a class: bit (rank mod 64*words) is the parity of the tokens that fall on it
	words int
}

// New returns the collection of the given sets, row i being sets[i]. See Builder.Add for what a set may be.
func New(sets [][]uint64) *Collection {
	b := NewBuilder()
	for _, s := range sets {
		b.Add(s)
	}
	return b.Collection()
}

// Collection returns the sets added so far. The Builder is used up: it must not be used again.
func (b *Builder) Collection() *Collection {
	rank, vocab := b.ranks()
	b.tokens, b.classes, b.hashes, b.holders = table{}, table{}, nil, nil
	n := len(b.first)
	order := make([]uint32, n)
	place := make([]uint32, n)
	for i := range order {
		order[i] = uint32(i)
	}
	width := func(class uint32) uint64 { return b.start[class+1] - b.start[class] }
	slices.SortStableFunc(order, func(x, y uint32) int { return cmp.Compare(width(x), width(y)) })
	c := &Collection{class: b.class, vocab: vocab, first: make([]uint32, n), size: make([]int32, n), start: make([]uint64, n+1)}
	kept := shrink(b.flat, b.start, rank)
	total := uint64(0)
	for _, k := range kept {
		total += uint64(k)
	}
	c.flat = make([]uint32, 0, total)
	for p, class := range order {
		place[class] = uint32(p)
		c.first[p], c.size[p] = b.first[class], int32(width(class))
		from := b.start[class]
		c.flat = append(c.flat, b.flat[from:from+uint64(kept[class])]...)
		c.start[p+1] = uint64(len(c.flat))
	}
	for row, class := range c.class {
		c.class[row] = place[class]
	}
	b.flat, b.start, b.first, b.class = nil, nil, nil, nil
	c.sign()
	return c
}

// ranks numbers the tokens that two classes or more hold by how few hold them, ties by hash, so that neither the order of
// rows nor that of tokens shows. A token without a rank, held by one class, can never be shared: it gets absent.
func (b *Builder) ranks() (rank []uint32, vocab int) {
	var shared []uint32
	for id, n := range b.holders {
		if n > 1 {
			shared = append(shared, uint32(id))
		}
	}
	slices.SortFunc(shared, func(x, y uint32) int {
		if c := cmp.Compare(b.holders[x], b.holders[y]); c != 0 {
			return c
		}
		return cmp.Compare(b.hashes[x], b.hashes[y])
	})
	rank = make([]uint32, len(b.holders))
	for i := range rank {
		rank[i] = absent
	}
	for r, id := range shared {
		rank[id] = uint32(r)
	}
	return rank, len(shared)
}

const absent = ^uint32(0)

// shrink replaces, in place, the ids of each class by the ranks of its shared tokens, ascending, and returns how many each
// class has.
func shrink(flat []uint32, start []uint64, rank []uint32) []uint32 {
	kept := make([]uint32, len(start)-1)
	for class := range kept {
		ids := flat[start[class]:start[class+1]]
		n := 0
		for _, id := range ids {
			if r := rank[id]; r != absent {
				ids[n] = r
				n++
			}
		}
		slices.Sort(ids[:n])
		kept[class] = uint32(n)
	}
	return kept
}

// Rows returns the number of rows.
func (c *Collection) Rows() int { return len(c.class) }

// Classes returns the number of distinct sets.
func (c *Collection) Classes() int { return len(c.first) }

// First returns the first row that has the same set as the given one.
func (c *Collection) First(row int) int { return int(c.first[c.class[row]]) }

// Size returns the number of distinct tokens of a row.
func (c *Collection) Size(row int) int { return int(c.size[c.class[row]]) }

// Overlap returns the sizes of the intersection and of the union of two rows' sets.
func (c *Collection) Overlap(a, b int) (overlap, union int) {
	x, y := c.class[a], c.class[b]
	if x == y {
		return int(c.size[x]), int(c.size[x])
	}
	overlap, _ = merge(c.shared(x), c.shared(y), 0)
	return overlap, int(c.size[x]) + int(c.size[y]) - overlap
}

// Jaccard returns the similarity of two rows, 1 when both are empty.
func (c *Collection) Jaccard(a, b int) float64 {
	o, u := c.Overlap(a, b)
	return Edge{Overlap: o, Union: u}.Jaccard()
}

// shared returns the ranks of a class's shared tokens, ascending.
func (c *Collection) shared(class uint32) []uint32 { return c.flat[c.start[class]:c.start[class+1]] }

// maxWords bounds the bitmap at 1,024 bits: reading it then costs about as much as merging sixteen tokens.
const maxWords = 16

// sign makes the bitmaps, about two bits for each token of the average class, so that most bits are one token's alone.
func (c *Collection) sign() {
	n := max(1, len(c.first))
	mean := len(c.flat) / n
	c.words = min(maxWords, 1<<bits.Len(uint(2*mean/64)))
	c.sig = make([]uint64, c.words*len(c.first))
	mask := uint32(64*c.words - 1)
	for class := range c.first {
		sig := c.sig[class*c.words : (class+1)*c.words]
		for _, r := range c.shared(uint32(class)) {
			bit := r & mask
			sig[bit>>6] ^= 1 << (bit & 63)
		}
	}
}

// differ returns a lower bound of the number of shared tokens that only one of two classes holds: a bit in which the parities differ
// has at least one such token on it.
func (c *Collection) differ(x, y uint32) int {
	sx := c.sig[int(x)*c.words : (int(x)+1)*c.words]
	sy := c.sig[int(y)*c.words : (int(y)+1)*c.words]
	n := 0
	for i, w := range sx {
		n += bits.OnesCount64(w ^ sy[i])
	}
	return n
}
