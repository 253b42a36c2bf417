package interval

import (
	"cmp"
	"math"
	"slices"
)

// McNemar compares two models on the same pairs by those that only one of them gets right.
type McNemar struct {
	OnlyA, OnlyB int
	ChiSquare    float64 // (b-c)²/(b+c), without correction
	Exact        float64 // two-sided binomial p-value
	Continuity   float64 // p-value of (|b-c|-1)²/(b+c)
}

// NewMcNemar is the test for onlyA pairs that A alone has right and onlyB that B alone has right. Without any the models
// cannot be told apart and the p-values are 1.
func NewMcNemar(onlyA, onlyB int) McNemar {
	m := McNemar{OnlyA: onlyA, OnlyB: onlyB, Exact: BinomialTest(onlyA, onlyA+onlyB), Continuity: 1}
	n := float64(onlyA + onlyB)
	if n == 0 {
		return m
	}
	d := math.Abs(float64(onlyA - onlyB))
	m.ChiSquare = d * d / n
	corrected := max(0, d-1)
	m.Continuity = chiSquare1(corrected * corrected / n)
	return m
}

// chiSquare1 is the probability that chi-square with one degree of freedom exceeds x.
func chiSquare1(x float64) float64 { return math.Erfc(math.Sqrt(x / 2)) }

// Holm adjusts p-values for their number, so that the chance of any false finding stays below the level that the adjusted
// values are compared with (S. Holm, 1979). The result is in the order of p; p is left as it is.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	adjusted := make([]float64, len(p))
	highest := 0.0
	for rank, i := range order {
		highest = max(highest, min(1, p[i]*float64(len(p)-rank)))
		adjusted[i] = highest
	}
	return adjusted
}
