package evaluate

import (
	"strings"
	"testing"
)

func TestAdviceOnAGapNamesTheCrossFit(t *testing.T) {
	for _, c := range []struct {
		name   string
		values map[string]float64
		want   string
	}{
		{"no out-of-fold scores", map[string]float64{"validation.accuracy": 0.7}, ""},
		{"remembered", map[string]float64{"train.cross_fit_accuracy": 0.71, "validation.accuracy": 0.7}, "is right as it is"},
		{"parts that differ", map[string]float64{"train.cross_fit_accuracy": 0.8, "test.accuracy": 0.7}, "0.800 beside 0.700 on test. The training rows are easier"},
	} {
		got := adviseOverfit(func(name string) (float64, bool) { x, ok := c.values[name]; return x, ok })
		if !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}
