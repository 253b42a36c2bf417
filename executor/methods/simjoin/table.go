package simjoin

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
