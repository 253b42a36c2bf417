package simjoin

import (
	"fmt"
	"math"
	"slices"
)

// Builder takes sets one after another and keeps what a join needs: four bytes for each token of each distinct set, about
// twenty for each distinct token and four for each row. The caller's slices are not kept. The zero Builder is not ready; use
// NewBuilder.
type Builder struct {
	tokens  table    // token hash -> token id
	hashes  []uint64 // token id -> token hash
	holders []uint32 // token id -> number of classes that hold it
	classes table    // set fingerprint -> class
	start   []uint64 // class -> where its ids begin in flat; one more at the end
	flat    []uint32 // the token ids of each class, in the order of their hashes
	first   []uint32 // class -> its first row
	class   []uint32 // row -> class
	scratch []uint64
	ids     []uint32
}

// NewBuilder returns an empty Builder.
func NewBuilder() *Builder {
	return &Builder{tokens: newTable(), classes: newTable(), start: []uint64{0}}
}

// Add takes the set of the next row and returns the row's number, counted from 0. The hashes may come in any order and more
// than once; sorted distinct ones are not copied. It panics beyond 2^31 rows or tokens in one set.
func (b *Builder) Add(set []uint64) int {
	row := len(b.class)
	if row == math.MaxInt32 || len(set) > math.MaxInt32 {
		panic(fmt.Sprintf("simjoin: row %d with %d tokens is beyond 32 bits", row, len(set)))
	}
	set = b.sorted(set)
	b.ids = b.ids[:0]
	for _, h := range set {
		id, fresh := b.tokens.lookup(h, uint32(len(b.hashes)))
		if fresh {
			b.hashes = append(b.hashes, h)
			b.holders = append(b.holders, 0)
		}
		b.ids = append(b.ids, id)
	}
	b.class = append(b.class, b.classOf(set, uint32(row)))
	return row
}

// sorted returns the set ascending and without repetitions, in scratch space unless it is so already.
func (b *Builder) sorted(set []uint64) []uint64 {
	for i := 1; i < len(set); i++ {
		if set[i-1] >= set[i] {
			b.scratch = append(b.scratch[:0], set...)
			slices.Sort(b.scratch)
			return slices.Compact(b.scratch)
		}
	}
	return set
}

// classOf returns the class of the set whose ids are in b.ids, a new one when no row had that set before. A fingerprint that
// two sets share is changed until one of them has it alone, so classes are exact.
func (b *Builder) classOf(set []uint64, row uint32) uint32 {
	for fp := fingerprint(set); ; fp = mix(fp + 1) {
		class, fresh := b.classes.lookup(fp, uint32(len(b.first)))
		if fresh {
			b.first = append(b.first, row)
			b.flat = append(b.flat, b.ids...)
			b.start = append(b.start, uint64(len(b.flat)))
			for _, id := range b.ids {
				b.holders[id]++
			}
			return class
		}
		if slices.Equal(b.flat[b.start[class]:b.start[class+1]], b.ids) {
			return class
		}
	}
}

func fingerprint(set []uint64) uint64 {
	h := uint64(len(set))
	for _, t := range set {
		h = mix(h ^ t)
	}
	return h
}

// mix is a bijection of 64-bit words with good avalanche (xor-shift-multiply with the constants of Stafford's variant 13).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// table maps 64-bit keys to 32-bit values by open addressing: a third of a Go map's time and half its memory for this, and
// the vocabulary of a million prompts is where the time of building goes.
type table struct {
	keys []uint64
	vals []uint32 // value+1; 0 = free
	used int
}

func newTable() table { return table{keys: make([]uint64, 1024), vals: make([]uint32, 1024)} }

// lookup returns the value of key, storing next as that value when there is none yet.
func (t *table) lookup(key uint64, next uint32) (val uint32, fresh bool) {
	mask := uint64(len(t.keys) - 1)
	for i := mix(key) & mask; ; i = (i + 1) & mask {
		switch {
		case t.vals[i] == 0:
			t.keys[i], t.vals[i] = key, next+1
			t.used++
			if t.used > len(t.keys)*5/8 {
				t.grow()
			}
			return next, true
		case t.keys[i] == key:
			return t.vals[i] - 1, false
		}
	}
}

func (t *table) grow() {
	old := *t
	t.keys, t.vals = make([]uint64, 2*len(old.keys)), make([]uint32, 2*len(old.keys))
	mask := uint64(len(t.keys) - 1)
	for i, v := range old.vals {
		if v == 0 {
			continue
		}
		j := mix(old.keys[i]) & mask
		for t.vals[j] != 0 {
			j = (j + 1) & mask
		}
		t.keys[j], t.vals[j] = old.keys[i], v
	}
}
