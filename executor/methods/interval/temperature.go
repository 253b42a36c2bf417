package interval

import (
	"math"

	"github.com/prefab-build/prefab/executor/methods/exact"
)

// Fit is a temperature: margins are divided by T, or multiplied by Slope = 1/T, to become log-odds.
type Fit struct {
	Slope, T      float64
	Before, After float64 // log-loss at T = 1 and at T
	// Capped says that the best slope is beyond the bounds, and which: all margins right ("separable", the best slope is
	// infinite) or on the whole not better than a coin ("no signal", the best slope is zero or below). Such a temperature
	// must be reported as what it is.
	Capped string
}

// slopeCap bounds the slope, in units of one over the mean magnitude of the margins: at 1000 a typical pair has log-odds
// of a thousand, beyond anything that data could support.
const slopeCap = 1000

// Temperature finds the slope b > 0 that minimises the mean of softplus(-b*margin): one parameter, no intercept, since
// swapping the sides of a pair must flip the sign. The loss is convex, so Newton's method inside a shrinking bracket finds
// its one minimum; the fit is determined by the margins as a set, in any order. ok is false when there are no margins or
// all are 0. It panics on a margin that is not finite.
func Temperature(margins []float64) (fit Fit, ok bool) {
	size := mean(margins, math.Abs)
	if math.IsInf(size, 0) || size != size && len(margins) > 0 {
		panic("interval: temperature of a margin that is not finite")
	}
	if len(margins) == 0 || size == 0 {
		return Fit{}, false
	}
	lo, hi := 1/(slopeCap*size), slopeCap/size
	b := 0.0
	switch {
	case firstDerivative(margins, lo) >= 0:
		b, fit.Capped = lo, "no signal"
	case firstDerivative(margins, hi) <= 0:
		b, fit.Capped = hi, "separable"
	default:
		b = newton(margins, lo, hi, min(max(1, lo), hi))
	}
	fit.Slope, fit.T = b, 1/b
	fit.Before, fit.After = MarginLogLoss(margins, 1), MarginLogLoss(margins, b)
	return fit, true
}

// newton finds the zero of the loss's derivative between lo, where it is negative, and hi, where it is positive. A step
// that leaves the bracket is replaced by the bracket's geometric middle.
func newton(margins []float64, lo, hi, b float64) float64 {
	for range 200 {
		g, h := derivatives(margins, b)
		if g < 0 {
			lo = b
		} else {
			hi = b
		}
		next := b - g/h
		if !(next > lo && next < hi) {
			next = math.Sqrt(lo * hi)
		}
		if g == 0 || math.Abs(next-b) <= 1e-12*b {
			return next
		}
		b = next
	}
	return b
}

func firstDerivative(margins []float64, b float64) float64 {
	g, _ := derivatives(margins, b)
	return g
}

// derivatives is the first and second derivative of the loss, summed over margins, in the slope.
func derivatives(margins []float64, b float64) (g, h float64) {
	var first, second exact.Sum
	for _, m := range margins {
		x := float64(b * m)
		wrong, right := Sigmoid(-x), Sigmoid(x)
		first.Add(-float64(m * wrong))
		second.Add(float64(m*m) * float64(wrong*right))
	}
	return first.Float64(), second.Float64()
}
