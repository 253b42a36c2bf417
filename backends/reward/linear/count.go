package linear

import (
	"math"
	"math/bits"
	"sync/atomic"
)

// sketch counts hashes roughly, up to 3: it answers "seen fewer than k times"
// with certainty and errs only towards more. It keeps the many n-grams that
// occur once or twice out of the exact table: they are nine in ten of all, and
// the table would be as much larger.
//
// Goroutines may add at once; saturating addition commutes, so the counts do not
// depend on their timing.
type sketch struct {
	words []atomic.Uint32 // 16 counters of 2 bits each
	shift uint
}

// newSketch makes a sketch for about n additions, with at least one counter for
// each. On the word pairs of HH harmless one counter in five is then in use, and
// one in fourteen of the n-grams seen once passes for one seen three times. At
// most 256 MiB.
func newSketch(n int) *sketch {
	log := min(max(bits.Len(uint(n)), 12), 30)
	return &sketch{words: make([]atomic.Uint32, 1<<(log-4)), shift: uint(64 - log)}
}

func (s *sketch) add(hash uint64) {
	slot := hash >> s.shift
	word, bit := &s.words[slot>>4], 2*(slot&15)
	for {
		old := word.Load()
		if old>>bit&3 == 3 || word.CompareAndSwap(old, old+1<<bit) {
			return
		}
	}
}

func (s *sketch) count(hash uint64) int {
	slot := hash >> s.shift
	return int(s.words[slot>>4].Load() >> (2 * (slot & 15)) & 3)
}

// frequent is how many counters are full: about how many n-grams occur three
// times or more, unless nearly all do.
func (s *sketch) frequent() int {
	n := 0
	for i := range s.words {
		w := s.words[i].Load()
		n += bits.OnesCount32(w & (w >> 1) & 0x55555555)
	}
	return n
}

// entry is what the table knows of one n-gram.
type entry struct {
	hash uint64
	id   uint32 // its number in this table plus 1; 0 for a free entry
	df   uint32 // in how many documents
}

// table counts exactly in how many documents each n-gram occurs, and numbers the
// n-grams by first appearance. One goroutine uses it; documents come in
// ascending order. Its size is no power of two: of the tables of a large corpus
// half would be free.
type table struct {
	slots []entry
	seen  []sighting // by id
}

// sighting is the first place where an n-gram occurred.
type sighting struct {
	doc   uint32
	at    uint32
	shape shape
}

// newTable makes a table that holds n n-grams without growing.
func newTable(n int) *table {
	return &table{slots: make([]entry, max(1<<12, 3*n/2+1)), seen: make([]sighting, 0, n)}
}

// find returns the entry of a hash, which is free (id 0) when it is new.
func (t *table) find(hash uint64) *entry {
	at, _ := bits.Mul64(hash, uint64(len(t.slots)))
	for i := int(at); ; i++ {
		if i == len(t.slots) {
			i = 0
		}
		if e := &t.slots[i]; e.hash == hash || e.id == 0 {
			return e
		}
	}
}

// count adds a document that has an n-gram, and returns the n-gram's number.
func (t *table) count(g gram, doc uint32) uint32 {
	e := t.find(g.hash)
	if e.id == 0 {
		e = t.insert(e, g, doc)
	}
	e.df++
	return e.id - 1
}

// insert takes a free entry for a gram. The pointers that find gave before are
// void afterwards.
func (t *table) insert(e *entry, g gram, doc uint32) *entry {
	if 3*(len(t.seen)+1) > 2*len(t.slots) {
		t.grow()
		e = t.find(g.hash)
	}
	t.seen = append(t.seen, sighting{doc, g.at, g.shape})
	*e = entry{hash: g.hash, id: uint32(len(t.seen))}
	return e
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]entry, len(old)+len(old)/2)
	for _, e := range old {
		if e.id != 0 {
			*t.find(e.hash) = e
		}
	}
}

// tally finds the n-grams of one document that it has had before. It is small
// enough for the processor's first cache, and spares the table and the sketch,
// which are not, all but the first look at each.
type tally struct {
	slots []place
	doc   uint32 // counts documents: what others left is free
}

// place says where an n-gram stands in a document's list.
type place struct {
	hash uint64
	doc  uint32
	pos  uint32 // or ruledOut
}

const ruledOut = math.MaxUint32

// begin prepares for a document of n n-grams.
func (t *tally) begin(n int) {
	t.doc++
	if len(t.slots) < 2*n || t.doc == 0 {
		t.slots, t.doc = make([]place, 1<<max(9, bits.Len(uint(2*n)))), 1
	}
}

// find returns the place of a hash; found says whether it was had before, and if
// not it is had now.
func (t *tally) find(hash uint64) (p *place, found bool) {
	mask := uint64(len(t.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		switch p := &t.slots[i]; {
		case p.doc != t.doc:
			*p = place{hash, t.doc, ruledOut}
			return p, false
		case p.hash == hash:
			return p, true
		}
	}
}
