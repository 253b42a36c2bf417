package divergence_test

import (
	"math"
	"testing"

	"github.com/prefab-build/prefab/executor/methods/divergence"
	"github.com/prefab-build/prefab/executor/methods/exact"
	"github.com/prefab-build/prefab/executor/methods/interval"
)

// moments integrates f and its square over a normal distribution around 0, with l the log ratio to one around mu.
func moments(mu float64, f func(l float64) float64) (mean, sd float64) {
	const step = 1.0 / 1024
	var first, second exact.Sum
	for x := -14.0; x <= 14; x += step {
		weight := math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) * step
		v := f((x-mu)*(x-mu)/2 - x*x/2)
		first.Add(weight * v)
		second.Add(weight * v * v)
	}
	mean = first.Float64()
	return mean, math.Sqrt(second.Float64() - mean*mean)
}

// Two normal distributions of distance mu diverge by mu*mu/2; Schulman's table has the spread of the estimators.
func TestMomentsOfTheEstimators(t *testing.T) {
	k1 := func(l float64) float64 { return l }
	for _, c := range []struct{ mu, sdK1, sdK3 float64 }{{0.1, 20, 1.41657}, {1, 2, 1.69503}} {
		kl := c.mu * c.mu / 2
		mean, sd := moments(c.mu, divergence.K3)
		near(t, "mean of k3", mean, kl, 1e-9)
		near(t, "spread of k3", sd/kl, c.sdK3, 1e-5)
		mean, sd = moments(c.mu, k1)
		near(t, "mean of k1", mean, kl, 1e-9)
		near(t, "spread of k1", sd/kl, c.sdK1, 1e-5)
	}
}

// p = [.5 .3 .2] diverges from q = [.4 .4 .2] by .025267, and q from p by .025815, whichever term is averaged.
func TestDiscreteDistributions(t *testing.T) {
	p, q := []float64{.5, .3, .2}, []float64{.4, .4, .2}
	expected := func(p, q []float64) (k1, k3 float64) {
		for i := range p {
			l := math.Log(p[i] / q[i])
			k1 += p[i] * l
			k3 += p[i] * divergence.K3(l)
		}
		return k1, k3
	}
	k1, k3 := expected(p, q)
	near(t, "k1 of p from q", k1, 0.025267, 1e-6)
	near(t, "k3 of p from q", k3, 0.025267, 1e-6)
	k1, k3 = expected(q, p)
	near(t, "k1 of q from p", k1, 0.025815, 1e-6)
	near(t, "k3 of q from p", k3, 0.025815, 1e-6)
}

func TestK3NearAndFar(t *testing.T) {
	near(t, "k3 of 1e-4", divergence.K3(1e-4), 1e-8/2-1e-12/6+1e-16/24, 1e-19)
	if got := divergence.K3(-800); !math.IsInf(got, 1) {
		t.Errorf("k3 of -800 is %v", got)
	}
	for l := -3.0; l < 3; l += 0.01 {
		if divergence.K3(l) < 0 {
			t.Errorf("k3 of %v is negative", l)
		}
	}
}

// The values have the ratio for their mean; samples of one length have its plain standard error, and samples whose terms
// are in proportion to their length none.
func TestLinearised(t *testing.T) {
	terms, tokens := []float64{1, 2, 6, 3}, []float64{10, 20, 60, 30}
	s := interval.NewSample(nil, divergence.Linearised(terms, tokens, 0.1))
	near(t, "mean", s.Mean(), 0.1, 1e-15)
	near(t, "standard error", s.StdErr(), 0, 1e-15)
	equal := []float64{5, 5, 5, 5}
	s = interval.NewSample(nil, divergence.Linearised(terms, equal, 12.0/20))
	near(t, "mean", s.Mean(), 0.6, 1e-15)
	near(t, "standard error", s.StdErr(), interval.NewSample(nil, []float64{.2, .4, 1.2, .6}).StdErr(), 1e-15)
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
