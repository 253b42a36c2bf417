package interval

import (
	"math"
	"testing"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.12g, want %.12g", what, got, want)
	}
}

func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
		tolerance float64
	}{
		{18, 20, 0.698966355, 0.972133519, 1e-9},
		{4, 20, 0.080657663, 0.416017432, 1e-9},
		{4, 200, 0.007804426, 0.050287087, 1e-9},
		{190, 200, 0.910421852, 0.972617354, 1e-9},
		{100, 200, 0.4313609, 0.5686391, 1e-7},
		{19, 38, 0.348499284, 0.651500716, 1e-9},
		{0, 30, 0, 0.113513, 1e-6},
		{30, 30, 0.886487, 1, 1e-6},
		{140, 200, 0.6332, 0.7593, 5e-5},
	} {
		e := Wilson(c.k, c.n, 0.95)
		near(t, "low", e.Low, c.low, c.tolerance)
		near(t, "high", e.High, c.high, c.tolerance)
	}
	near(t, "one-sided upper end", Wilson(100, 200, 0.90).High, 0.557765, 1e-6)
	if e := Wilson(0, 30, 0.95); e.Low != 0 {
		t.Errorf("low of none is %g", e.Low)
	}
	if e := Wilson(7, 7, 0.95); e.High != 1 {
		t.Errorf("high of all is %g", e.High)
	}
	if e := Wilson(0, 0, 0.95); !math.IsNaN(e.Point) || !math.IsNaN(e.Low) || !math.IsNaN(e.High) {
		t.Errorf("an estimate of nothing is %+v", e)
	}
}

// TestNeededForGate finds the fewest right answers whose lower bound reaches 0.70.
func TestNeededForGate(t *testing.T) {
	for _, c := range []struct{ n, twoSided, oneSided int }{{200, 153, 151}, {500, 371, 367}, {1000, 729, 724}} {
		for confidence, want := range map[float64]int{0.95: c.twoSided, 0.90: c.oneSided} {
			k := 0
			for Wilson(k, c.n, confidence).Low < 0.70 {
				k++
			}
			if k != want {
				t.Errorf("n=%d at %g: %d are needed, want %d", c.n, confidence, k, want)
			}
		}
	}
}

func TestExact(t *testing.T) {
	e := Exact(0, 30, 0.95)
	near(t, "upper end of none", e.High, 1-math.Pow(0.025, 1.0/30), 1e-12)
	if e.Low != 0 {
		t.Errorf("lower end of none is %g", e.Low)
	}
	e = Exact(30, 30, 0.95)
	near(t, "lower end of all", e.Low, math.Pow(0.025, 1.0/30), 1e-12)
	if e.High != 1 {
		t.Errorf("upper end of all is %g", e.High)
	}
	// By definition each end leaves a tail of 2.5 %.
	for _, c := range [][2]int{{18, 20}, {4, 20}, {140, 200}, {1, 5000}} {
		k, n := c[0], c[1]
		e := Exact(k, n, 0.95)
		near(t, "tail above", binomialTail(k, n, e.Low), 0.025, 1e-9)
		near(t, "tail below", 1-binomialTail(k+1, n, e.High), 0.025, 1e-9)
		if w := Wilson(k, n, 0.95); e.High-e.Low <= w.High-w.Low {
			t.Errorf("%d of %d: the exact interval is narrower than Wilson's", k, n)
		}
	}
	// The chance to pass a gate of 140 right in 200, by true accuracy.
	for p, want := range map[float64]float64{0.66: 0.131, 0.68: 0.300, 0.70: 0.535, 0.72: 0.762, 0.74: 0.913} {
		near(t, "chance to pass", AtLeast(140, 200, p), want, 6e-4)
	}
}

// binomialTail sums the terms one by one.
func binomialTail(k, n int, p float64) float64 {
	sum := 0.0
	for i := k; i <= n; i++ {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}

func TestMcNemar(t *testing.T) {
	m := NewMcNemar(15, 19) // the table [[23, 15], [19, 31]]
	near(t, "chi-square", m.ChiSquare, 0.470588, 5e-7)
	near(t, "exact p", m.Exact, 0.607591361273, 1e-12)
	near(t, "continuity p", m.Continuity, 0.606905427218, 1e-12)
	if s := NewMcNemar(19, 15); s.Exact != m.Exact || s.Continuity != m.Continuity {
		t.Error("the test is not symmetric")
	}
	if m := NewMcNemar(0, 0); m.Exact != 1 || m.Continuity != 1 {
		t.Errorf("without discordant pairs: %+v", m)
	}
	near(t, "six against none", NewMcNemar(6, 0).Exact, 2.0/64, 1e-15)
	if p := NewMcNemar(5, 5).Exact; p != 1 {
		t.Errorf("five against five has p %g", p)
	}
}

func TestHolm(t *testing.T) {
	got := Holm([]float64{0.01, 0.04, 0.03, 0.005, 0.9})
	for i, want := range []float64{0.04, 0.09, 0.09, 0.025, 0.9} {
		near(t, "adjusted p", got[i], want, 1e-15)
	}
	if got := Holm([]float64{0.6, 0.7}); got[0] != 1 || got[1] != 1 {
		t.Errorf("adjusted p-values %v exceed or fall below 1", got)
	}
	if got := Holm(nil); len(got) != 0 {
		t.Errorf("Holm of nothing is %v", got)
	}
}

func TestNoiseCeiling(t *testing.T) {
	for a, want := range map[float64]float64{
		0.60: 0.7236, 0.63: 0.7550, 0.726: 0.8362, 0.73: 0.8391, 0.773: 0.8695, 0.81: 0.8937, 0.5: 0.5, 1: 1,
	} {
		low, high, ok := NoiseCeiling(a)
		if !ok || low != a {
			t.Errorf("ceiling at %g is [%g, %g] %v", a, low, high, ok)
		}
		near(t, "upper end", high, want, 5e-5)
	}
	for _, a := range []float64{0.49, -1, 1.01, math.NaN()} {
		if _, _, ok := NoiseCeiling(a); ok {
			t.Errorf("agreement %g has a ceiling", a)
		}
	}
	near(t, "normalised", Normalized(0.7, 0.75), 0.8, 1e-15)
	if !math.IsNaN(Normalized(0.6, 0.5)) {
		t.Error("normalised against chance")
	}
}

func TestQuantiles(t *testing.T) {
	xs := []float64{4, 1, 3, 2}
	for i, want := range []float64{1, 1.75, 2.5, 3.25, 4} {
		near(t, "quantile", Quantiles(xs, 0, 0.25, 0.5, 0.75, 1)[i], want, 1e-15)
	}
	if xs[0] != 4 {
		t.Error("the values were sorted in place")
	}
	if !math.IsNaN(Median(nil)) {
		t.Error("the median of nothing")
	}
	if Median([]float64{7}) != 7 {
		t.Error("the median of one")
	}
}
