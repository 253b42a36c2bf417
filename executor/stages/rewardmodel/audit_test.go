package rewardmodel

import (
	"math"
	"testing"

	"github.com/prefab-build/prefab/backends/reward/linear"
	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/stage/stagetest"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

func drawsOf(accuracies ...float64) []linear.NullDraw {
	var list []linear.NullDraw
	for _, a := range accuracies {
		list = append(list, linear.NullDraw{Accuracy: a})
	}
	return list
}

// The interval is Student's t over the draws: of 0.48, 0.50, 0.53 the mean is 0.50333, the standard error 0.0145297 and
// the quantile of two degrees of freedom 4.302653.
func TestNullInterval(t *testing.T) {
	m := nullMetrics(drawsOf(0.48, 0.5, 0.53))
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"mean", *m[0].Value, 0.5033333333333333},
		{"low", *m[0].Low, 0.5033333333333333 - 4.302652729911275*0.014529663145135577},
		{"high", *m[0].High, 0.5033333333333333 + 4.302652729911275*0.014529663145135577},
		{"distance", *m[1].Value, 0},
	} {
		if math.Abs(c.got-c.want) > 1e-9 {
			t.Errorf("%s is %.12f, want %.12f", c.name, c.got, c.want)
		}
	}
	one := nullMetrics(drawsOf(0.5))
	if one[0].Low != nil || one[1].Available() {
		t.Errorf("one draw gives an interval: %s", spec.Canonical(one))
	}
}

// A procedure that finds something in labels that a coin gave, or the opposite of it, does not pass.
func TestNullVerdicts(t *testing.T) {
	for _, c := range []struct {
		draws []linear.NullDraw
		want  planner.Outcome
	}{
		{drawsOf(0.49, 0.52, 0.5, 0.48), planner.Pass},
		{drawsOf(0.56, 0.57, 0.55, 0.58), planner.Fail},
		{drawsOf(0.44, 0.43, 0.45, 0.42), planner.Fail},
		{drawsOf(0.5), planner.NotEvaluated},
	} {
		f := &stagetest.Finished{Result: &executor.Result{Metrics: nullMetrics(c.draws)}}
		for _, profile := range []string{"documented", "strict"} {
			v := stagetest.Judge(Kind, f, profile, "null_distance")
			if v.Outcome != c.want || v.Severity != "warn" {
				t.Errorf("%s: %v comes to %s (%s), want %s as a warning", profile, c.draws, v.Outcome, v.Severity, c.want)
			}
		}
	}
}

// A stored model that scores one row otherwise, if by one bit, is not the model that was trained.
func TestReloadVerdicts(t *testing.T) {
	for _, c := range []struct {
		again []float64
		want  planner.Outcome
	}{
		{[]float64{0.25, -1.5}, planner.Pass},
		{[]float64{0.25, math.Nextafter(-1.5, 0)}, planner.Fail},
	} {
		m := reloads([]float64{0.25, -1.5}, c.again)
		f := &stagetest.Finished{Result: &executor.Result{Metrics: []spec.Metric{m}}}
		for _, profile := range []string{"documented", "strict"} {
			if v := stagetest.Judge(Kind, f, profile, "reloads"); v.Outcome != c.want || v.Severity != "error" {
				t.Errorf("%s: %v comes to %s (%s), want %s", profile, c.again, v.Outcome, v.Severity, c.want)
			}
		}
	}
}
