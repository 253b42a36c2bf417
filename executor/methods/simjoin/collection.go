package simjoin

import "math/bits"

// Collection is a number of sets, ready to be joined with themselves or part against part at any threshold. It never
// changes and may be used from any number of goroutines.
//
// Sets are kept by class (equal sets are one) and classes numbered in the order of their sizes.
type Collection struct {
	class  []uint32 // row -> class
	first  []uint32 // class -> its first row
	size   []int32  // class -> number of tokens
	shared []uint32 // class -> number of tokens that another class holds as well
	at     []ref    // class -> where the ranks of those are, ascending: the rarest first
	sets   store
	vocab  int      // number of ranks
	ends   []uint32 // size -> number of classes that are no larger
	sig    []uint64 // words bitmap words a class: bit (rank mod 64*words) is the parity of the tokens that fall on it
	words  int

	progress func(done, total int) // of joins; may be nil
	shape    shape
}

// Watched returns the same collection, whose joins tell how many of their look-ups are done: some hundred times a join,
// from any of its goroutines. A join looks every distinct set up once.
func (c *Collection) Watched(progress func(done, total int)) *Collection {
	w := *c
	w.progress = progress
	return &w
}

// beat tells that a loop over the classes goes on in which nothing is looked up yet.
func (c *Collection) beat(class int) {
	const often = 1 << 16 // about a quarter of a second
	if c.progress != nil && class%often == often-1 {
		c.progress(0, len(c.first))
	}
}

// New returns the collection of the given sets, row i being sets[i]. See Builder.Add for what a set may be.
func New(sets [][]uint64) *Collection {
	b := NewBuilder()
	for _, s := range sets {
		b.Add(s)
	}
	return b.Collection()
}

// Rows returns the number of rows.
func (c *Collection) Rows() int { return len(c.class) }

// Classes returns the number of distinct sets.
func (c *Collection) Classes() int { return len(c.first) }

// First returns the first row that has the same set as the given one.
func (c *Collection) First(row int) int { return int(c.first[c.class[row]]) }

// Overlap returns the sizes of the intersection and of the union of two rows' sets.
func (c *Collection) Overlap(a, b int) (overlap, union int) {
	x, y := c.class[a], c.class[b]
	if x == y {
		return int(c.size[x]), int(c.size[x])
	}
	overlap, _ = merge(c.ranks(nil, x), c.ranks(nil, y), 0)
	return overlap, int(c.size[x]) + int(c.size[y]) - overlap
}

// Jaccard returns the similarity of two rows, 1 when both are empty.
func (c *Collection) Jaccard(a, b int) float64 {
	o, u := c.Overlap(a, b)
	return Edge{Overlap: o, Union: u}.Jaccard()
}

// ranks replaces list by the ranks of a class's shared tokens, ascending.
func (c *Collection) ranks(list []uint32, class uint32) []uint32 {
	return decode(list, c.sets.at(c.at[class]), int(c.shared[class]))
}

// prefix is ranks without the last left ones. Tokens that a class shares with nobody are the rarest and so its first; they
// need no place here, since they can be common to nothing.
func (c *Collection) prefix(list []uint32, class uint32, left int) []uint32 {
	return decode(list, c.sets.at(c.at[class]), max(0, int(c.shared[class])-left))
}

// upTo returns the number of classes of a size or smaller ones, which is where larger ones begin.
func (c *Collection) upTo(size int) uint32 {
	switch {
	case size < 0:
		return 0
	case size >= len(c.ends):
		return uint32(len(c.size))
	}
	return c.ends[size]
}

// tally fills in ends.
func (c *Collection) tally() {
	if len(c.size) == 0 {
		return
	}
	c.ends = make([]uint32, c.size[len(c.size)-1]+1)
	for _, s := range c.size {
		c.ends[s]++
	}
	for s := 1; s < len(c.ends); s++ {
		c.ends[s] += c.ends[s-1]
	}
}

// merge counts the common elements of two ascending slices, giving up as soon as need is out of reach.
func merge(x, y []uint32, need int) (n int, ok bool) {
	sparex, sparey := len(x)-need, len(y)-need // elements that may still go unmatched
	for sparex >= 0 && sparey >= 0 {
		if len(x) == 0 || len(y) == 0 {
			return n, n >= need
		}
		switch a, b := x[0], y[0]; {
		case a == b:
			n++
			x, y = x[1:], y[1:]
		case a < b:
			sparex--
			x = x[1:]
		default:
			sparey--
			y = y[1:]
		}
	}
	return n, false
}

// maxWords bounds the bitmap at 1,024 bits: reading it then costs about as much as merging sixteen tokens.
const maxWords = 16

// sign makes the bitmaps, about two bits for each token of the average class, so that most bits are one token's alone.
func (c *Collection) sign() {
	total := 0
	for _, n := range c.shared {
		total += int(n)
	}
	mean := total / max(1, len(c.first))
	c.words = min(maxWords, 1<<bits.Len(uint(2*mean/64)))
	c.sig = make([]uint64, c.words*len(c.first))
	mask := uint32(64*c.words - 1)
	var ranks []uint32
	for class := range c.first {
		c.beat(class)
		sig := c.sig[class*c.words : (class+1)*c.words]
		ranks = c.ranks(ranks, uint32(class))
		for _, r := range ranks {
			bit := r & mask
			sig[bit>>6] ^= 1 << (bit & 63)
		}
	}
}

// atMost returns an upper bound of the overlap of two classes: a bit in which their parities differ has a token on it that
// only one of them holds.
func (c *Collection) atMost(x, y uint32) int {
	sx := c.sig[int(x)*c.words : (int(x)+1)*c.words]
	sy := c.sig[int(y)*c.words : (int(y)+1)*c.words]
	differ := 0
	for i, w := range sx {
		differ += bits.OnesCount64(w ^ sy[i])
	}
	return (int(c.shared[x]) + int(c.shared[y]) - differ) / 2
}
