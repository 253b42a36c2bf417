package planner_test

import (
	"strings"
	"testing"

	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A metric in [0, 1] under limits of every form, and what can be said of them without data.
func TestProveThresholds(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit spec.Limit
		code  string // empty where data decides
	}{
		{"inside", spec.Limit{Min: spec.F(0.7)}, ""},
		{"at the top", spec.Limit{Min: spec.F(1)}, ""},
		{"above the top", spec.Limit{Min: spec.F(1.5)}, "never-passes"},
		{"more than the top", spec.Limit{Min: spec.F(1), Open: true}, "never-passes"},
		{"at the bottom", spec.Limit{Min: spec.F(0)}, "always-passes"},
		{"more than the bottom", spec.Limit{Min: spec.F(0), Open: true}, ""},
		{"at most the top", spec.Limit{Max: spec.F(1)}, "always-passes"},
		{"less than the top", spec.Limit{Max: spec.F(1), Open: true}, ""},
		{"less than the bottom", spec.Limit{Max: spec.F(0), Open: true}, "never-passes"},
		{"all of it", spec.Limit{Min: spec.F(-1), Max: spec.F(2), Open: true}, "always-passes"},
		{"no limit", spec.Limit{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := &spec.KindSpec{Name: "kind", Ports: func(spec.Config) spec.Ports {
				return spec.Ports{Metrics: []spec.MetricDef{{
					Name: "m", Min: spec.F(0), Max: spec.F(1), Limits: map[string]spec.Limit{"documented": c.limit},
				}}}
			}}
			p := &spec.Pipeline{
				Project: spec.Project{Profile: "documented"},
				Blocks:  []spec.Block{{Addr: spec.Addr{Kind: "kind", Name: "a"}, Limits: []spec.Threshold{{Metric: "m"}}}},
			}
			list := planner.Prove(p, map[string]*spec.KindSpec{"kind": k})
			code := ""
			if len(list) > 0 {
				code = list[0].Code
			}
			if code != c.code || len(list) > 1 {
				t.Fatalf("%s: %v, want %q", c.limit.Text("m"), list, c.code)
			}
			if code != "" && !strings.Contains(list[0].Detail, c.limit.Text("m")) {
				t.Errorf("the detail %q does not say %s", list[0].Detail, c.limit.Text("m"))
			}
		})
	}
}

// An open limit fails at its bound, and a threshold's own limit is closed whatever the profile's is.
func TestJudgeOpenLimits(t *testing.T) {
	k := &spec.KindSpec{Name: "kind", Ports: func(spec.Config) spec.Ports {
		return spec.Ports{Metrics: []spec.MetricDef{{
			Name: "m", Limits: map[string]spec.Limit{"documented": {Max: spec.F(0.1), Open: true}},
		}}}
	}}
	judge := func(own spec.Threshold, x float64) planner.Outcome {
		own.Metric = "m"
		p := &spec.Pipeline{
			Project: spec.Project{Profile: "documented"},
			Blocks:  []spec.Block{{Addr: spec.Addr{Kind: "kind", Name: "a"}, Limits: []spec.Threshold{own}}},
		}
		measured := func(spec.Addr) ([]spec.Metric, planner.Outcome) {
			return []spec.Metric{spec.Value("m", x, 1)}, planner.Pass
		}
		return planner.NewJudge(p, map[string]*spec.KindSpec{"kind": k}, measured).Verdict(0).Outcome
	}
	for _, c := range []struct {
		own  spec.Threshold
		x    float64
		want planner.Outcome
	}{
		{spec.Threshold{}, 0.1, planner.Fail},
		{spec.Threshold{}, 0.09, planner.Pass},
		{spec.Threshold{Max: spec.F(0.1)}, 0.1, planner.Pass},
	} {
		if got := judge(c.own, c.x); got != c.want {
			t.Errorf("%v at %g: %s, want %s", c.own, c.x, got, c.want)
		}
	}
}
