package deduplicate

import (
	"math/bits"
	"sync/atomic"
)

// A filter says of a hash whether it was added more than once. It may say yes wrongly, where two hashes share a place, and
// never no. It may be filled from any number of goroutines, and what it says depends only on what was added.
type filter struct {
	once, again []uint64
	shift       uint
}

// newFilter makes a filter for about n hashes: eight places for each, so that one in eight unique hashes is taken for a
// repeated one, far from any threshold. It is 32 KiB to 256 MiB; beyond a hundred million hashes it passes more.
func newFilter(n uint64) *filter {
	log := min(max(bits.Len64(8*n), 17), 30)
	return &filter{once: make([]uint64, 1<<log/64), again: make([]uint64, 1<<log/64), shift: uint(64 - log)}
}

// add takes in the distinct hashes of one set.
func (f *filter) add(set []uint64) {
	for _, h := range set {
		place := h >> f.shift
		bit := uint64(1) << (place & 63)
		if atomic.OrUint64(&f.once[place>>6], bit)&bit != 0 {
			atomic.OrUint64(&f.again[place>>6], bit)
		}
	}
}

// count returns how many hashes of a set were added more than once, at least.
func (f *filter) count(set []uint64) (n int) {
	for _, h := range set {
		place := h >> f.shift
		n += int(f.again[place>>6] >> (place & 63) & 1)
	}
	return n
}
