package reward

import (
	"math"
	"testing"
)

func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > relative*math.Max(math.Abs(want), 1e-300) {
		t.Errorf("%s = %.17g, want %.17g", what, got, want)
	}
}

func TestLossVectors(t *testing.T) {
	for _, c := range []struct{ d, want, relative float64 }{
		{0, 0.6931471805599453, 1e-15},
		{1, 0.31326168751822286, 1e-15},
		{-1, 1.3132616875182228, 1e-15},
		{2.5, 0.07888973429254963, 1e-15},
		{-2.5, 2.5788897342925496, 1e-15},
		{10, 4.5398899217e-05, 1e-10},
		{-10, 10.000045398899218, 1e-15},
		{40, 4.248354255e-18, 1e-9},
		{-40, 40, 1e-15},
		{100, 3.72e-44, 1e-3},
		{-100, 100, 1e-15},
		{1000, 0, 0},
		{-1000, 1000, 1e-15},
	} {
		near(t, "softplus", Softplus(-c.d), c.want, c.relative)
	}
	near(t, "loss with a margin", Softplus(-(2 - 1)), 0.313262, 1e-5)
	near(t, "smoothed loss", SoftLoss(2, 0.9), 0.326928, 1e-5)
}

func TestSigmoidIsTheSlopeAndSymmetric(t *testing.T) {
	for _, d := range []float64{-700, -30, -2, -1e-9, 0, 1e-9, 0.3, 5, 30, 700} {
		near(t, "sigmoid sum", Sigmoid(d)+Sigmoid(-d), 1, 1e-15)
		if Sigmoid(d) <= 0 && d > -740 {
			t.Errorf("sigmoid(%g) underflowed to %g", d, Sigmoid(d))
		}
		if math.Abs(d) > 10 {
			continue
		}
		const h = 1e-6
		near(t, "slope", (Softplus(-(d+h))-Softplus(-(d-h)))/(2*h), -Sigmoid(-d), 1e-7)
	}
}

func TestCalibrateVector(t *testing.T) {
	c := Calibrate([]float64{2, 1, -1, .5, 3, -.2}, nil)
	near(t, "temperature", c.Temperature, 1.002042, 1e-6)
	near(t, "scale", 1/c.Temperature, 0.997962, 1e-6)
	near(t, "loss before", c.Before, 0.512375766, 1e-8)
	near(t, "loss after", c.After, 0.512375318, 1e-8)
	if c.Capped {
		t.Error("an inner optimum was reported as capped")
	}
}

func TestCalibrateIsScaleFree(t *testing.T) {
	base := []float64{2, 1, -1, .5, 3, -.2}
	want := Calibrate(base, nil)
	for _, scale := range []float64{1e-6, 1, 1e6} {
		scaled := make([]float64, len(base))
		for i, d := range base {
			scaled[i] = scale * d
		}
		got := Calibrate(scaled, nil)
		near(t, "temperature over scale", got.Temperature/scale, want.Temperature, 1e-9)
		near(t, "loss after", got.After, want.After, 1e-12)
	}
}

func TestCalibrateWeightsAreCounts(t *testing.T) {
	a := Calibrate([]float64{2, -1, -1, 3}, nil)
	b := Calibrate([]float64{2, -1, 3}, []float64{1, 2, 1})
	near(t, "temperature", b.Temperature, a.Temperature, 1e-12)
}

func TestCalibrateCaps(t *testing.T) {
	for name, margins := range map[string][]float64{
		"separable":      {1, 2, 3},
		"worse than nil": {-1, -2, 0.5},
		"constant":       {0, 0, 0},
	} {
		c := Calibrate(margins, nil)
		if !c.Capped || !(c.Temperature > 0) || math.IsInf(c.Temperature, 0) || c.After > c.Before {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestAccuracyCountsTiesHalf(t *testing.T) {
	if got := Accuracy([]float64{0, 0, 0}); got != 0.5 {
		t.Errorf("a constant model has accuracy %g, want 0.5", got)
	}
	if got := Accuracy([]float64{1, -1, 0, 2}); got != 0.625 {
		t.Errorf("accuracy %g, want 0.625", got)
	}
}

func BenchmarkCalibrate(b *testing.B) {
	margins := make([]float64, 100_000)
	for i := range margins {
		margins[i] = math.Sin(float64(i)) + 0.3
	}
	for b.Loop() {
		Calibrate(margins, nil)
	}
}
