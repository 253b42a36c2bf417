package interval

import (
	"math"
	"slices"
)

// Quantiles is the quantiles of xs at the given levels in [0, 1], by linear interpolation between order statistics (type
// 7 of Hyndman and Fan). Without values they are NaN. It panics on a NaN among xs, which has no place in an order.
func Quantiles(xs []float64, levels ...float64) []float64 {
	sorted := slices.Clone(xs)
	slices.Sort(sorted)
	out := make([]float64, len(levels))
	for i, l := range levels {
		out[i] = SortedQuantile(sorted, l)
	}
	return out
}

// SortedQuantile is the quantile of values that are sorted already.
func SortedQuantile(sorted []float64, level float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	if sorted[0] != sorted[0] {
		panic("interval: quantile of NaN")
	}
	if !(level >= 0 && level <= 1) {
		panic("interval: a quantile's level outside 0 to 1")
	}
	at := level * float64(len(sorted)-1)
	i := int(at)
	if i >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	a, b := sorted[i], sorted[i+1]
	// The product is rounded by itself, so that machines with fused multiply-add agree with those without.
	return a + float64((at-float64(i))*(b-a))
}

// Median is the middle of xs; NaN for none.
func Median(xs []float64) float64 { return Quantiles(xs, 0.5)[0] }
