package intake

import (
	"encoding/binary"
	"math/bits"

	"github.com/prefab-build/prefab/spec"
)

// An index finds rows that have the same id. Ids are digests, whose first bits are a hash already; and it holds no pointers:
// a map of them took half of the time of a table of a million rows of which one was edited.
type index struct {
	ids   []spec.Digest // each once, in the order in which they came
	slots []uint32      // by open addressing, the number of an id from 1; 0 is free
}

// newIndex returns an index of at most that many rows.
func newIndex(rows int64) *index {
	return &index{ids: make([]spec.Digest, 0, rows), slots: make([]uint32, 1<<bits.Len64(uint64(2*rows)))}
}

// add returns the number of an id, from 0, and whether it was there before.
func (x *index) add(id spec.Digest) (n int, again bool) {
	mask := uint64(len(x.slots) - 1)
	for at := binary.LittleEndian.Uint64(id[:]) & mask; ; at = (at + 1) & mask {
		switch slot := x.slots[at]; {
		case slot == 0:
			x.ids = append(x.ids, id)
			x.slots[at] = uint32(len(x.ids))
			return len(x.ids) - 1, false
		case x.ids[slot-1] == id:
			return int(slot - 1), true
		}
	}
}
