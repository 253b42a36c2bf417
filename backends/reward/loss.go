package reward

import (
	"math"

	"github.com/prefab-build/prefab/executor/methods/exact"
)

// Softplus is log(1+exp(x)), computed as max(x,0) + log1p(exp(-|x|)) so that it
// neither overflows nor loses the small side. The pairwise log-loss of a margin
// d is Softplus(-d).
func Softplus(x float64) float64 {
	return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
}

// Sigmoid is 1/(1+exp(-x)), exact in relative terms on both sides. The slope of
// the pairwise log-loss at a margin d is -Sigmoid(-d).
func Sigmoid(x float64) float64 {
	e := math.Exp(-math.Abs(x))
	if x < 0 {
		return e / (1 + e)
	}
	return 1 / (1 + e)
}

// SoftLoss is the log-loss of a margin against a label that is right with
// probability p: p softplus(-d) + (1-p) softplus(d). Label smoothing by e is
// SoftLoss(d, 1-e); vote shares are soft labels as they are.
func SoftLoss(d, p float64) float64 {
	return p*Softplus(-d) + (1-p)*Softplus(d)
}

// LogLoss is the mean of softplus(-d) over the margins, weighted. A nil weights
// counts every margin once. It is NaN when there is nothing to average.
func LogLoss(margins, weights []float64) float64 {
	return scaledLoss(margins, weights, 1)
}

// Accuracy is the share of margins above 0, a margin of exactly 0 counting half.
// It is NaN when there is none.
func Accuracy(margins []float64) float64 {
	right := 0.0
	for _, d := range margins {
		switch {
		case d > 0:
			right++
		case d == 0:
			right += 0.5
		}
	}
	return right / float64(len(margins))
}

// Calibration is the result of fitting one temperature to margins.
type Calibration struct {
	// Temperature divides a margin to make sigmoid(margin/T) a probability.
	Temperature float64
	// Before and After are the log-loss with T = 1 and with T as found.
	Before, After float64
	// Capped says that the best temperature lies outside the range searched:
	// margins that separate the labels perfectly want T = 0, margins that know
	// nothing want T = infinity.
	Capped bool
}

// Calibrate finds the temperature that minimises the weighted log-loss of
// margins that were not trained on. There is no intercept: swapping the sides
// of every pair must swap every probability. The problem is convex in the scale
// b = 1/T; it is solved by Newton's method kept inside a shrinking bracket, with
// b in units of the margins' root mean square, from 0.001 to 1000.
//
// Sums are exact, so the order of the margins does not matter.
func Calibrate(margins, weights []float64) Calibration {
	before := scaledLoss(margins, weights, 1)
	var squares, n exact.Sum
	for i, d := range margins {
		w := weightAt(weights, i)
		squares.Add(w * d * d)
		n.Add(w)
	}
	rms := math.Sqrt(squares.Float64() / n.Float64())
	if !(rms > 0) || math.IsInf(rms, 0) {
		return Calibration{Temperature: 1, Before: before, After: before, Capped: true}
	}
	low, high := 0.001/rms, 1000/rms
	b, capped := 0.0, true
	if slope, _ := lossSlope(margins, weights, low); slope >= 0 {
		b = low
	} else if slope, _ := lossSlope(margins, weights, high); slope <= 0 {
		b = high
	} else {
		b, capped = scaleInside(margins, weights, low, high, 1/rms), false
	}
	return Calibration{Temperature: 1 / b, Before: before, After: scaledLoss(margins, weights, b), Capped: capped}
}

// scaleInside solves slope(b) = 0 for low < b < high, where the slope changes
// sign once.
func scaleInside(margins, weights []float64, low, high, b float64) float64 {
	for range 200 {
		slope, curve := lossSlope(margins, weights, b)
		if slope < 0 {
			low = b
		} else {
			high = b
		}
		next := b - slope/curve
		if !(next > low && next < high) {
			next = (low + high) / 2
		}
		if math.Abs(next-b) <= 1e-14*b {
			return next
		}
		b = next
	}
	return b
}

// lossSlope returns the first and second derivative of the mean of
// softplus(-b d) in b.
func lossSlope(margins, weights []float64, b float64) (slope, curve float64) {
	var s, c, n exact.Sum
	for i, d := range margins {
		w := weightAt(weights, i)
		p := Sigmoid(-b * d)
		s.Add(-w * d * p)
		c.Add(w * d * d * p * (1 - p))
		n.Add(w)
	}
	return s.Float64() / n.Float64(), c.Float64() / n.Float64()
}

func scaledLoss(margins, weights []float64, b float64) float64 {
	var s, n exact.Sum
	for i, d := range margins {
		w := weightAt(weights, i)
		s.Add(w * Softplus(-b*d))
		n.Add(w)
	}
	return s.Float64() / n.Float64()
}

func weightAt(weights []float64, i int) float64 {
	if weights == nil {
		return 1
	}
	return weights[i]
}
