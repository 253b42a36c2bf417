package agreement

// Distance is how far Krippendorff's alpha takes two categories to be apart.
type Distance int

// The distances. For A, tie and B use Ordinal, or Interval on -1, 0 and 1: then A against a tie costs less than A against B.
const (
	DistanceNominal  Distance = iota // 0 or 1
	DistanceOrdinal                  // by how many ratings lie between
	DistanceInterval                 // the squared difference of values
	DistanceRatio                    // the squared difference over the sum of values, which must be positive
)

// Krippendorff is alpha, 1 minus observed over expected disagreement (Krippendorff 2011): for any number of raters,
// with missing ratings, and the headline figure of a report. Items with one rating have no part in it. It is undefined
// without pairable items, and when all their ratings are in one category: perfect agreement on data that could not
// disagree says nothing.
func (t *Table) Krippendorff(distance Distance) Coefficient {
	pairs, totals, n := t.coincidences()
	if n == 0 {
		return Coefficient{Undefined: NoPairs}
	}
	between, ok := t.distances(distance, totals)
	if !ok {
		return Coefficient{Undefined: NotPositive}
	}
	observed, expected := 0.0, 0.0
	for c := range totals {
		for k := range totals {
			if c != k {
				observed += float64(pairs[c][k] * between[c][k])
				expected += float64(float64(totals[c]*totals[k]) * between[c][k])
			}
		}
	}
	observed /= float64(n)
	expected /= float64(n) * float64(n-1)
	if expected == 0 {
		return Coefficient{Observed: 1, Expected: 1, Undefined: OneCategory}
	}
	return Coefficient{Value: 1 - observed/expected, Observed: 1 - observed, Expected: 1 - expected}
}

// coincidences counts, over pairable items, the ordered pairs of ratings by their categories, each item's pairs weighted by
// 1/(ratings-1), and the ratings of each category and in all.
func (t *Table) coincidences() (pairs [][]float64, totals []int, n int) {
	totals = make([]int, len(t.values))
	pairs = make([][]float64, len(t.values))
	for c := range pairs {
		pairs[c] = make([]float64, len(t.values))
	}
	for _, r := range t.rows {
		if r.n < 2 || r.times == 0 {
			continue
		}
		for c, nc := range r.counts {
			if nc == 0 {
				continue
			}
			totals[c] += nc * r.times
			n += nc * r.times
			for k, nk := range r.counts {
				if k == c {
					nk--
				}
				pairs[c][k] += float64(nc*nk*r.times) / float64(r.n-1)
			}
		}
	}
	return pairs, totals, n
}

// distances returns the matrix of squared distances; ok is false when the ratio distance meets a value that is not positive
// and is used.
func (t *Table) distances(distance Distance, totals []int) (d [][]float64, ok bool) {
	d = make([][]float64, len(t.values))
	for c, a := range t.values {
		d[c] = make([]float64, len(t.values))
		if distance == DistanceRatio && totals[c] > 0 && a <= 0 {
			return nil, false
		}
		for k, b := range t.values {
			if c == k {
				continue
			}
			root := 1.0
			switch distance {
			case DistanceOrdinal:
				root = between(totals, min(c, k), max(c, k))
			case DistanceInterval:
				root = a - b
			case DistanceRatio:
				if totals[c] == 0 || totals[k] == 0 {
					continue
				}
				root = (a - b) / (a + b)
			case DistanceNominal:
			}
			d[c][k] = float64(root * root)
		}
	}
	return d, true
}

// between counts the ratings from one category to another, those of the two ends by half.
func between(totals []int, from, to int) float64 {
	doubled := -totals[from] - totals[to]
	for _, n := range totals[from : to+1] {
		doubled += 2 * n
	}
	return float64(doubled) / 2
}
