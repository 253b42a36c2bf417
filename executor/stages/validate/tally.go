package validate

import "slices"

// Tallied is what takes a while and needs no groups.
type tallied struct {
	pairs, duplicates, copies int
	sorted                    [3][]float64 // the lengths of the texts in words
}

func (f *finish) tally() {
	type sides struct{ first, second int64 }
	pairs := make(map[half]sides, len(f.records))
	for i := range f.records {
		s := pairs[f.records[i].pair]
		if f.records[i].chosenFirst {
			s.first++
		} else {
			s.second++
		}
		pairs[f.records[i].pair] = s
	}
	f.pairs = len(pairs)
	for _, s := range pairs {
		f.duplicates += int(max(s.first-1, 0) + max(s.second-1, 0))
		if s.first > 0 && s.second > 0 {
			f.copies++
		}
	}
	for i := range f.sorted {
		f.sorted[i] = make([]float64, len(f.records))
		for k := range f.records {
			f.sorted[i][k] = float64(f.records[k].words[i])
		}
		slices.Sort(f.sorted[i])
	}
}
