// Package interval says how sure a number is: intervals for rates and means, tests for paired models, calibration of
// scores. Every rate or mean in a report carries what this package computes, and thresholds read its lower or upper ends.
//
// Results depend on the values and their group keys, never on the order of rows: sums are exact, groups are sorted by key,
// and resampling draws from a seeded stream. Nothing is estimated from nothing: an estimate over no rows is NaN, and the
// caller reports it as unavailable. The package decides no gate.
package interval

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Version names the methods in cache keys.
const Version = "interval/2"

// Confidence is the level that reports use unless told otherwise.
const Confidence = 0.95

// Estimate is a number with its interval.
type Estimate struct {
	Point, Low, High float64
	N                int    // rows
	Groups           int    // independent groups of rows; N where rows are independent
	Method           string // how the interval was made
}

func nothing(method string) Estimate {
	nan := math.NaN()
	return Estimate{Point: nan, Low: nan, High: nan, Method: method}
}

// Z is the number of standard deviations that a two-sided normal interval of the given confidence extends to each side.
// A one-sided bound at level c is the end of a two-sided interval at 2c-1.
func Z(confidence float64) float64 { return math.Sqrt2 * math.Erfinv(confidence) }

// Wilson is the share k/n of independent yes-or-no rows with Wilson's score interval. It panics unless 0 <= k <= n. Where
// ties count one half, k is not whole: use WilsonShare, which rounds nothing, or a bootstrap.
func Wilson(k, n int, confidence float64) Estimate {
	checkCounts(k, n)
	if n == 0 {
		return nothing("wilson")
	}
	e := Estimate{Point: float64(k) / float64(n), N: n, Groups: n, Method: "wilson"}
	e.Low, e.High = WilsonShare(e.Point, float64(n), confidence)
	return e
}

// WilsonShare is Wilson's interval around a share p of n rows, where n may be an effective number of rows (EffectiveN).
// With credits of one half and n the plain count it is conservative: no values in [0, 1] of mean p vary more than zeros
// and ones do.
func WilsonShare(p, n, confidence float64) (low, high float64) {
	z := Z(confidence)
	z2n := float64(z*z) / n
	centre := (p + z2n/2) / (1 + z2n)
	half := z * math.Sqrt(float64(p*(1-p))/n+z2n/(4*n)) / (1 + z2n)
	low, high = max(0, centre-half), min(1, centre+half)
	// At the ends the formula is exactly 0 or 1; rounding must not make it a hair less.
	if p == 0 {
		low = 0
	}
	if p == 1 {
		high = 1
	}
	return low, high
}

// EffectiveN is how many independent yes-or-no rows would give share p the standard error se: p(1-p)/se². For a clustered
// standard error it is less than the number of rows; where it cannot be told (se = 0) it is NaN.
func EffectiveN(p, se float64) float64 {
	if se == 0 {
		return math.NaN()
	}
	return p * (1 - p) / (se * se)
}

// Exact is the share k/n with the interval of Clopper and Pearson, which covers at least as often as it says at any n. It
// panics unless 0 <= k <= n.
func Exact(k, n int, confidence float64) Estimate {
	checkCounts(k, n)
	if n == 0 {
		return nothing("clopper-pearson")
	}
	tail := (1 - confidence) / 2
	e := Estimate{Point: float64(k) / float64(n), Low: 0, High: 1, N: n, Groups: n, Method: "clopper-pearson"}
	if k > 0 {
		e.Low = solve(func(p float64) bool { return AtLeast(k, n, p) < tail })
	}
	if k < n {
		e.High = solve(func(p float64) bool { return 1-AtLeast(k+1, n, p) > tail })
	}
	return e
}

// solve finds where a condition on p in [0, 1] that holds on the left ceases to hold.
func solve(left func(p float64) bool) float64 {
	lo, hi := 0.0, 1.0
	for range 60 {
		if mid := (lo + hi) / 2; left(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

// AtLeast is the probability that n independent trials of probability p succeed k times or more.
func AtLeast(k, n int, p float64) float64 {
	switch {
	case k <= 0:
		return 1
	case k > n:
		return 0
	}
	return mathext.RegIncBeta(float64(k), float64(n-k+1), p)
}

// BinomialTest is the two-sided p-value of k successes in n trials when each succeeds with probability one half.
func BinomialTest(k, n int) float64 {
	checkCounts(k, n)
	return min(1, 2*AtLeast(max(k, n-k), n, 0.5))
}

func checkCounts(k, n int) {
	if k < 0 || k > n {
		panic("interval: a count outside 0 to n")
	}
}

// NoiseCeiling bounds the best accuracy that any model can reach against the label of one annotator, when two exchangeable
// annotators of this data agree with probability a. Let item i be preferred with probability p_i and c_i = |2 p_i - 1|: then
// a = (1 + mean c²)/2, the ceiling is (1 + mean c)/2, and mean c lies between mean c² and its root. ok is false unless
// 0.5 <= a <= 1: agreement below chance says nothing about a ceiling.
func NoiseCeiling(a float64) (low, high float64, ok bool) {
	if !(a >= 0.5 && a <= 1) {
		return math.NaN(), math.NaN(), false
	}
	return a, (1 + math.Sqrt(2*a-1)) / 2, true
}

// Normalized is accuracy as a share of the way from chance to a ceiling; NaN where the ceiling is chance.
func Normalized(accuracy, ceiling float64) float64 {
	if ceiling <= 0.5 {
		return math.NaN()
	}
	return (accuracy - 0.5) / (ceiling - 0.5)
}
