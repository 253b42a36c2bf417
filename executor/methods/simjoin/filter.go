package simjoin

import "math/bits"

// A Filter says of a hash whether it was added. It may say yes wrongly, where two hashes share a place, and never no. It is for
// joins of a few sets with many: one that has too little in common with what the few have together need not be added to a
// Builder.
type Filter struct {
	places []uint64
	shift  uint
}

// NewFilter makes a filter for the hashes of some sets: 2,048 places for each, of which the shingles of two hundred
// characters take a tenth; 16 kB to 128 MB.
func NewFilter(sets int) *Filter {
	log := min(max(bits.Len64(2048*uint64(sets)), 17), 30)
	return &Filter{make([]uint64, 1<<log/64), uint(64 - log)}
}

// Add adds the hashes of a set.
func (f *Filter) Add(set []uint64) {
	for _, h := range set {
		place := h >> f.shift
		f.places[place>>6] |= 1 << (place & 63)
	}
}

// Count returns how many of a set's hashes were added, or more. It may be called from several goroutines.
func (f *Filter) Count(set []uint64) (n int) {
	for _, h := range set {
		place := h >> f.shift
		n += int(f.places[place>>6] >> (place & 63) & 1)
	}
	return n
}
