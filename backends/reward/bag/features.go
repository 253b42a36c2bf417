package bag

import (
	"math"
	"math/bits"
	"slices"

	"github.com/prefab-build/prefab/executor/methods/text"
)

// A counts is a text's n-grams by bucket: sorted by bucket, each bucket once. Counts stop at 65,535, which no text of
// interest reaches; total is of all n-grams.
type counts struct {
	cells []cell
	total int
}

type cell struct{ bucket, count uint16 }

// counter turns texts into counts; it keeps its buffers from one text to the next.
type counter struct {
	shift    int // drops all of a hash but its bucket
	maxNgram int
	tokens   []uint64
	hits     []uint16
}

func newCounter(c Config) *counter {
	return &counter{shift: 64 - bits.TrailingZeros(uint(c.Buckets)), maxNgram: c.MaxNgram}
}

// count hashes the n-grams of the text's normal form. A prompt's separators between turns are no letters, so to the
// normal form they are spaces, and the roles are words.
func (c *counter) count(s string) counts {
	c.tokens = text.AppendHashes(c.tokens[:0], s)
	c.hits = c.hits[:0]
	for i := range c.tokens {
		h := uint64(0)
		for n := range min(c.maxNgram, len(c.tokens)-i) {
			h = mix(h ^ c.tokens[i+n])
			c.hits = append(c.hits, uint16(h>>c.shift))
		}
	}
	slices.Sort(c.hits)
	var cells []cell
	for i := 0; i < len(c.hits); {
		j := i
		for j < len(c.hits) && c.hits[j] == c.hits[i] {
			j++
		}
		cells = append(cells, cell{c.hits[i], uint16(min(j-i, math.MaxUint16))})
		i = j
	}
	return counts{cells: cells, total: len(c.hits)}
}

// mix spreads a hash over all 64 bits, the upper ones above all. It is one round of splitmix64's output function
// (Steele, Lea and Flood, 2014), started beside zero, which it would otherwise keep.
func mix(h uint64) uint64 {
	h += 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// A grid is the model's input: one column per text, one row per bucket, and in each column how often the bucket occurs
// in the text over the root of the text's length in n-grams, so that a product with the table gives the mean of the
// vectors times that root. The plain mean of a long text vanishes beside a short one's, as unrelated vectors cancel; the
// root keeps both of one size (on the pairs named at vectorBound .62 against .61, and .91 against .88).
//
// It is dense, since a product is fast and repeats to the bit on every device, and sums that gather and scatter rows
// are slow on one and do not repeat on another. An empty text has a column of zeros.
type grid struct {
	values  []float32
	columns int
	filled  []int // what to clear
}

func newGrid(c Config, columns int) *grid {
	return &grid{values: make([]float32, c.Buckets*columns), columns: columns}
}

func (g *grid) clear() {
	for _, i := range g.filled {
		g.values[i] = 0
	}
	g.filled = g.filled[:0]
}

func (g *grid) set(column int, c counts) {
	root := math.Sqrt(float64(c.total))
	for _, cell := range c.cells {
		i := int(cell.bucket)*g.columns + column
		g.values[i] = float32(float64(cell.count) / root)
		g.filled = append(g.filled, i)
	}
}
