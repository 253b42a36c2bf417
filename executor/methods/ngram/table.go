package ngram

import "math/bits"

// posting is a place of an n-gram: token pos of document doc.
type posting struct{ doc, pos uint32 }

// table finds the places of an n-gram by its hash. N-grams of equal hash and unequal tokens are groups of their own, side
// by side. A bitmap with 16 bits per n-gram turns away 15 of 16 of those that are not there, and while it fits the
// processor's cache a scan seldom waits for memory.
type table struct {
	hashes   []uint64  // of each group, ascending
	starts   []uint32  // group g is postings[starts[g]:starts[g+1]]
	postings []posting // in each group by document and place

	bitmap      []uint64
	slots       []uint32 // 1 + the first group of a hash, by open addressing; 0 is free
	bitmapShift uint
	slotShift   uint
}

// spread distributes hashes over their high bits.
const spread = 0x9e3779b97f4a7c15

func (t *table) index() {
	t.starts = append(t.starts, uint32(len(t.postings)))
	size := uint(max(6, bits.Len(uint(2*len(t.hashes))))) // at most half full
	t.slots = make([]uint32, 1<<size)
	t.bitmap = make([]uint64, 1<<(size+3-6))
	t.slotShift, t.bitmapShift = 64-size, 64-(size+3)
	for g, h := range t.hashes {
		if g > 0 && t.hashes[g-1] == h {
			continue
		}
		bit := h * spread >> t.bitmapShift
		t.bitmap[bit>>6] |= 1 << (bit & 63)
		slot := h * spread >> t.slotShift
		for t.slots[slot] != 0 {
			slot = (slot + 1) & uint64(len(t.slots)-1)
		}
		t.slots[slot] = uint32(g) + 1
	}
}

// may says whether an n-gram of this hash can be there.
func (t *table) may(h uint64) bool {
	bit := h * spread >> t.bitmapShift
	return t.bitmap[bit>>6]>>(bit&63)&1 != 0
}

// find is the groups of a hash, first to end; none when they are equal.
func (t *table) find(h uint64) (first, end int) {
	for slot := h * spread >> t.slotShift; t.slots[slot] != 0; slot = (slot + 1) & uint64(len(t.slots)-1) {
		g := int(t.slots[slot]) - 1
		if t.hashes[g] != h {
			continue
		}
		end = g + 1
		for end < len(t.hashes) && t.hashes[end] == h {
			end++
		}
		return g, end
	}
	return 0, 0
}

// group is the places of a group.
func (t *table) group(g int) []posting { return t.postings[t.starts[g]:t.starts[g+1]] }
