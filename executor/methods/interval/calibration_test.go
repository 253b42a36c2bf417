package interval

import (
	"math"
	"testing"
)

var (
	vectorP = []float64{.95, .9, .8, .7, .65, .6, .55, .45, .3, .2}
	vectorY = []float64{1, 1, 1, 0, 1, 0, 1, 0, 0, 1}
)

func TestScores(t *testing.T) {
	near(t, "Brier", Brier(vectorP, vectorY), 0.2160, 1e-12)
	near(t, "log-loss", LogLoss(vectorP, vectorY), 0.609263067, 1e-9)
	if l := LogLoss([]float64{1, 0}, []float64{1, 0}); l != 0 {
		t.Errorf("certain and right costs %g", l)
	}
	if l := LogLoss([]float64{1}, []float64{0}); !math.IsInf(l, 1) {
		t.Errorf("certain and wrong costs %g", l)
	}
}

func TestECE(t *testing.T) {
	near(t, "five bins", ECE(EqualWidth(vectorP, vectorY, 5)), 0.20, 1e-12)
	near(t, "ten bins", ECE(EqualWidth(vectorP, vectorY, 10)), 0.24, 1e-12)
	if !math.IsNaN(ECE(EqualWidth(nil, nil, 5))) {
		t.Error("ECE of nothing")
	}
}

func TestEqualWidthEdges(t *testing.T) {
	// Right-closed: i/10 belongs to the bin that ends there; 0 to the first.
	var p, y []float64
	for i := range 11 {
		p, y = append(p, float64(i)/10), append(y, 1)
	}
	table := EqualWidth(p, y, 10)
	if len(table) != 10 || table[0].N != 2 {
		t.Fatalf("%d bins, the first with %d", len(table), table[0].N)
	}
	for i, b := range table[1:] {
		if b.N != 1 || b.Predicted != float64(i+2)/10 {
			t.Errorf("bin %d: %+v", i+1, b)
		}
	}
}

func TestEqualMass(t *testing.T) {
	table := EqualMass(vectorP, vectorY, 5)
	if len(table) != 5 {
		t.Fatalf("%d bins", len(table))
	}
	for i, b := range table {
		if b.N != 2 {
			t.Errorf("bin %d holds %d", i, b.N)
		}
	}
	near(t, "first bin", table[0].Predicted, 0.25, 1e-15)
	near(t, "last bin's edge", table[4].High, 0.95, 0)
	// Gaps by bin, lowest first: |.25-.5|, |.5-.5|, |.625-.5|, |.75-.5|, |.925-1|.
	near(t, "ECE", ECE(table), (0.25+0+0.125+0.25+0.075)/5, 1e-12)
	tied := EqualMass([]float64{.5, .5, .5, .5, .5, .9}, []float64{1, 0, 1, 0, 1, 1}, 3)
	if len(tied) != 2 || tied[0].N != 5 || tied[1].N != 1 {
		t.Errorf("ties were torn apart: %+v", tied)
	}
}

func TestSoftplus(t *testing.T) {
	for d, want := range map[float64]float64{
		0: 0.6931471805599453, 1: 0.31326168751822286, -1: 1.3132616875182228, 2.5: 0.07888973429254963,
		-2.5: 2.5788897342925496, 10: 4.5398899217e-05, -10: 10.000045398899218, 40: 4.248354255e-18, -40: 40,
		100: 3.72e-44, -100: 100, 1000: 0, -1000: 1000,
	} {
		got := Softplus(-d)
		if math.Abs(got-want) > 1e-3*want+1e-300 || d < 50 && math.Abs(got-want) > 1e-9*want {
			t.Errorf("softplus(%g) = %.17g, want %.17g", -d, got, want)
		}
	}
	for _, x := range []float64{-1000, -3, 0, 3, 1000} {
		if s := Sigmoid(x) + Sigmoid(-x); math.Abs(s-1) > 1e-15 {
			t.Errorf("sigmoid(%g) and sigmoid(%g) sum to %g", x, -x, s)
		}
	}
	// A pair's gap as a win-probability excess.
	for delta, gap := range map[float64]float64{0.20067: 0.10, 0.30228: 0.15, 0.40547: 0.20, 0.61904: 0.30} {
		near(t, "gap", 2*Sigmoid(delta)-1, gap, 5e-6)
	}
}

func TestTemperature(t *testing.T) {
	margins := []float64{2, 1, -1, .5, 3, -.2}
	fit, ok := Temperature(margins)
	if !ok || fit.Capped != "" {
		t.Fatalf("fit %+v %v", fit, ok)
	}
	near(t, "slope", fit.Slope, 0.997962, 5e-7)
	near(t, "T", fit.T, 1.002042, 5e-7)
	near(t, "before", fit.Before, 0.512375766, 1e-9)
	near(t, "after", fit.After, 0.512375318, 5e-10)
	// The unit of the margins must not matter.
	for _, unit := range []float64{1e-6, 37, 1e6} {
		scaled := make([]float64, len(margins))
		for i, m := range margins {
			scaled[i] = m * unit
		}
		f, _ := Temperature(scaled)
		near(t, "slope in another unit", f.Slope*unit/fit.Slope, 1, 1e-9)
	}
}

func TestTemperatureCaps(t *testing.T) {
	for _, c := range []struct {
		margins []float64
		capped  string
	}{
		{[]float64{1, 2, 3}, "separable"},
		{[]float64{1, 0, 3}, "separable"},
		{[]float64{-1, -2, 1}, "no signal"},
		{[]float64{-1, 1}, "no signal"},
		{[]float64{5, 5, 5, 5, -.01}, ""},
	} {
		fit, ok := Temperature(c.margins)
		if !ok || fit.Capped != c.capped {
			t.Errorf("%v: %+v %v, want %q", c.margins, fit, ok, c.capped)
		}
		if math.IsInf(fit.T, 0) || math.IsNaN(fit.T) || fit.After > fit.Before+1e-12 && c.capped == "" {
			t.Errorf("%v: %+v", c.margins, fit)
		}
	}
	for _, none := range [][]float64{nil, {0, 0}} {
		if _, ok := Temperature(none); ok {
			t.Errorf("%v has a temperature", none)
		}
	}
}

func TestMargins(t *testing.T) {
	credits, ties, err := Credits([]float64{1, 0, -1, 1e-9}, 1e-6)
	if err != nil || ties != 2 || credits[0] != 1 || credits[1] != 0.5 || credits[2] != 0 || credits[3] != 0.5 {
		t.Errorf("credits %v, %d ties, %v", credits, ties, err)
	}
	if _, _, err := Credits([]float64{1, math.NaN()}, 0); err == nil {
		t.Error("a score that is not a number passed")
	}
	near(t, "log-loss of a constant model", MarginLogLoss([]float64{0, 0}, 1), math.Ln2, 1e-15)
	near(t, "Brier of a constant model", MarginBrier([]float64{0, 0}, 1), 0.25, 1e-15)
	conf, correct := Symmetric([]float64{2, -2, 0}, 1)
	if conf[0] != conf[1] || conf[2] != 0.5 || correct[0] != 1 || correct[1] != 0 || correct[2] != 0.5 {
		t.Errorf("symmetric: %v %v", conf, correct)
	}
}
