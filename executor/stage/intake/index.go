package intake

import (
	"encoding/binary"
	"math/bits"

	"github.com/prefab-build/prefab/spec"
)

// An index finds rows that have the same id. Ids are digests, whose first bits are a hash already; and it holds no pointers:
// a map of them took half of the time of a table of a million rows of which one was edited.
type index struct {
	// slots hold by open addressing, from the low bits of an id, the number of a row from 1 and 32 other bits of its id. 0 is
	// free. With these bits an id is read only where it is most likely the same.
	slots []uint64
}

// newIndex returns an index of at most that many rows.
func newIndex(rows int64) *index {
	return &index{slots: make([]uint64, 1<<bits.Len64(uint64(2*rows)))}
}

// find returns the number of the row that has an id, by what is says of a number, or notes that row n has it.
func (x *index) find(id *spec.Digest, n int, is func(n int) bool) (first int, again bool) {
	mask, tag := uint64(len(x.slots)-1), uint64(binary.LittleEndian.Uint32(id[8:]))
	for at := binary.LittleEndian.Uint64(id[:]) & mask; ; at = (at + 1) & mask {
		slot := x.slots[at]
		if slot == 0 {
			x.slots[at] = tag<<32 | uint64(n+1)
			return n, false
		}
		if first := int(uint32(slot)) - 1; slot>>32 == tag && is(first) {
			return first, true
		}
	}
}
