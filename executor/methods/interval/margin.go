package interval

import (
	"fmt"
	"math"

	"github.com/prefab-build/prefab/executor/methods/exact"
)

// A margin is the score of the chosen response less that of the rejected one: positive where the model agrees with the
// label.

// Softplus is log(1 + e^x), without overflow and without loss for large |x|.
func Softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// Sigmoid is 1/(1 + e^-x), without overflow.
func Sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}

// Credits is 1 for every margin that agrees with its label, 0 for one that does not, and 1/2 for a tie: a margin of 0 or
// of magnitude below eps. ties is their number. A NaN is an error that names its index, for a score that is not a number
// must never pass as wrong or right.
func Credits(margins []float64, eps float64) (credits []float64, ties int, err error) {
	credits = make([]float64, len(margins))
	for i, m := range margins {
		switch {
		case m != m:
			return nil, 0, fmt.Errorf("the margin of row %d is not a number", i)
		case m == 0 || math.Abs(m) < eps:
			credits[i] = 0.5
			ties++
		case m > 0:
			credits[i] = 1
		}
	}
	return credits, ties, nil
}

// MarginLogLoss is the mean of softplus(-slope*margin), the log-loss of sigmoid(slope*margin) against labels that are all
// in favour of chosen. NaN without margins.
func MarginLogLoss(margins []float64, slope float64) float64 {
	return mean(margins, func(m float64) float64 { return Softplus(-float64(slope * m)) })
}

// MarginBrier is the mean of (1-p)² with p = sigmoid(slope*margin). NaN without margins.
func MarginBrier(margins []float64, slope float64) float64 {
	return mean(margins, func(m float64) float64 {
		q := Sigmoid(-float64(slope * m))
		return float64(q * q)
	})
}

// Brier is the mean squared difference of probabilities and outcomes.
func Brier(p, y []float64) float64 {
	same(p, y)
	var s exact.Sum
	for i := range p {
		d := p[i] - y[i]
		s.Add(float64(d * d))
	}
	return s.Float64() / float64(len(p))
}

// LogLoss is the mean of -y log p - (1-y) log(1-p). A certain prediction that fails makes it +Inf.
func LogLoss(p, y []float64) float64 {
	same(p, y)
	var s exact.Sum
	for i := range p {
		if y[i] > 0 {
			s.Add(-float64(y[i] * math.Log(p[i])))
		}
		if y[i] < 1 {
			s.Add(-float64((1 - y[i]) * math.Log1p(-p[i])))
		}
	}
	return s.Float64() / float64(len(p))
}

func mean(xs []float64, f func(float64) float64) float64 {
	var s exact.Sum
	for _, x := range xs {
		s.Add(f(x))
	}
	return s.Float64() / float64(len(xs))
}

func same(p, y []float64) {
	if len(p) != len(y) {
		panic("interval: as many outcomes as probabilities are needed")
	}
}
