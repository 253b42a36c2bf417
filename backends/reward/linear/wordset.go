package linear

// wordSet is a set of word hashes that can be emptied in no time. It is made for
// the hundred words of a request or a response, of which it sees millions.
type wordSet struct {
	slots []member
	epoch uint32
	n     int
}

// member belongs to the set when its epoch is the set's.
type member struct {
	hash  uint64
	epoch uint32
}

// reset empties the set.
func (s *wordSet) reset() {
	s.n = 0
	s.epoch++
	if s.epoch == 0 || s.slots == nil {
		s.slots, s.epoch = make([]member, max(256, len(s.slots))), 1
	}
}

// place returns where a hash is or would be.
func (s *wordSet) place(hash uint64) *member {
	mask := uint64(len(s.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		if m := &s.slots[i]; m.epoch != s.epoch || m.hash == hash {
			return m
		}
	}
}

// has reports whether a hash is in the set.
func (s *wordSet) has(hash uint64) bool { return s.place(hash).epoch == s.epoch }

// add puts a hash in and reports whether it is new.
func (s *wordSet) add(hash uint64) bool {
	m := s.place(hash)
	if m.epoch == s.epoch {
		return false
	}
	*m = member{hash, s.epoch}
	if s.n++; 2*s.n > len(s.slots) {
		s.grow()
	}
	return true
}

func (s *wordSet) grow() {
	old := s.slots
	s.slots = make([]member, 2*len(old))
	for _, m := range old {
		if m.epoch == s.epoch {
			*s.place(m.hash) = m
		}
	}
}
