package linear

import (
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
	last uint32 // the last document that had it, plus 1
	pos  uint32 // and its place in that document's list
}

// table counts exactly in how many documents each n-gram occurs, and numbers the
// n-grams by first appearance. One goroutine uses it; documents come in
// ascending order.
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
	return &table{slots: make([]entry, 1<<max(12, bits.Len(uint(3*n/2))))}
}

// find returns the entry of a hash, which is free (id 0) when it is new.
func (t *table) find(hash uint64) *entry {
	mask := uint64(len(t.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		if e := &t.slots[i]; e.hash == hash || e.id == 0 {
			return e
		}
	}
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
	t.slots = make([]entry, 2*len(old))
	for _, e := range old {
		if e.id != 0 {
			*t.find(e.hash) = e
		}
	}
}
