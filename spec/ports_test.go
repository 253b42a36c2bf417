package spec_test

import (
	"math"
	"testing"

	"github.com/prefab-build/prefab/spec"
)

func TestLimit(t *testing.T) {
	for _, c := range []struct {
		limit       spec.Limit
		text        string
		holds, fail []float64
	}{
		{spec.Limit{Min: spec.F(0.7)}, "accuracy >= 0.7", []float64{0.7, 1}, []float64{0.69}},
		{spec.Limit{Max: spec.F(0.2), End: "high"}, "accuracy_high <= 0.2", []float64{0.2, -1}, []float64{0.21}},
		{spec.Limit{Min: spec.F(0), Open: true, End: "low"}, "accuracy_low > 0", []float64{1e-300}, []float64{0, -1}},
		{spec.Limit{Max: spec.F(0.1), Open: true}, "accuracy < 0.1", []float64{0.0999}, []float64{0.1}},
		{spec.Limit{Min: spec.F(0.4), Max: spec.F(0.6)}, "0.4 <= accuracy <= 0.6", []float64{0.4, 0.6}, []float64{0.39, 0.61}},
		{spec.Limit{Min: spec.F(0.4), Max: spec.F(0.6), Open: true}, "0.4 < accuracy < 0.6", []float64{0.5}, []float64{0.4, 0.6}},
		{spec.Limit{}, "accuracy", []float64{0}, nil},
	} {
		if text := c.limit.Text("accuracy"); text != c.text {
			t.Errorf("%+v reads %q, want %q", c.limit, text, c.text)
		}
		for _, x := range c.holds {
			if !c.limit.Holds(x) {
				t.Errorf("%s does not hold for %g", c.text, x)
			}
		}
		for _, x := range append(c.fail, math.NaN()) {
			if c.limit.Holds(x) {
				t.Errorf("%s holds for %g", c.text, x)
			}
		}
	}
}
