package simjoin

// Sets are the sets of some rows, one behind the other. They can be made by several goroutines, which is where most of the
// time goes, and added to a Builder by one, in the order of the rows.
type Sets struct {
	hashes  []uint64
	ends    []int
	scratch []uint64
}

// Append takes the set that fill writes into the slice that it is given, which may be too short, and returns.
func (s *Sets) Append(fill func(dst []uint64) []uint64) {
	s.scratch = fill(s.scratch[:0])
	s.hashes = append(s.hashes, s.scratch...)
	s.ends = append(s.ends, len(s.hashes))
}

// Len returns the number of sets.
func (s *Sets) Len() int { return len(s.ends) }

// At returns the set of a row of these.
func (s *Sets) At(row int) []uint64 {
	from := 0
	if row > 0 {
		from = s.ends[row-1]
	}
	return s.hashes[from:s.ends[row]]
}
