package quality

import (
	"math"
	"slices"

	"github.com/prefab-build/prefab/executor/methods/exact"
)

// Gaps is a distribution of signed gaps, made to be asked for the figures of a report.
type Gaps struct {
	sorted []float64
}

// NewGaps takes the gaps of all pairs that have one, in any order; they are copied. It panics on a gap that is not a
// number, which none of this package's functions returns.
func NewGaps(gaps []float64) *Gaps {
	if slices.ContainsFunc(gaps, math.IsNaN) {
		panic("quality: a gap is not a number")
	}
	return &Gaps{slices.Sorted(slices.Values(gaps))}
}

// Mean is the mean signed gap, correctly rounded before the division and so independent of any order; ok is false
// without gaps.
func (g *Gaps) Mean() (mean float64, ok bool) {
	if len(g.sorted) == 0 {
		return 0, false
	}
	return exact.Mean(g.sorted), true
}

// ShareBelow is the share of gaps strictly below x. ShareBelow(0) is the share of pairs whose label their own score
// contradicts. A mean alone lets a few extreme pairs hide many useless ones. ok is false without gaps.
func (g *Gaps) ShareBelow(x float64) (share float64, ok bool) {
	if len(g.sorted) == 0 {
		return 0, false
	}
	n, _ := slices.BinarySearch(g.sorted, x)
	return float64(n) / float64(len(g.sorted)), true
}

// ShareWithin is the share of gaps whose absolute value is strictly below x: pairs too close to call, whichever way they
// lean. ok is false without gaps.
func (g *Gaps) ShareWithin(x float64) (share float64, ok bool) {
	if len(g.sorted) == 0 {
		return 0, false
	}
	from, _ := slices.BinarySearch(g.sorted, math.Nextafter(-x, math.Inf(1)))
	to, _ := slices.BinarySearch(g.sorted, x)
	return float64(max(0, to-from)) / float64(len(g.sorted)), true
}

// Quantile is the value below which the share q of the gaps lies, interpolated between the two order statistics around
// place q(n-1) (type 7 of Hyndman and Fan); Quantile(0.5) is the median. ok is false without gaps. It panics unless 0
// <= q <= 1.
func (g *Gaps) Quantile(q float64) (value float64, ok bool) {
	if !(q >= 0 && q <= 1) {
		panic("quality: a quantile outside 0 to 1")
	}
	if len(g.sorted) == 0 {
		return 0, false
	}
	place := q * float64(len(g.sorted)-1)
	i := int(place)
	low, high := g.sorted[i], g.sorted[min(i+1, len(g.sorted)-1)]
	return low + float64((place-float64(i))*(high-low)), true
}
