package planner

import (
	"fmt"
	"strings"

	"github.com/prefab-build/prefab/spec"
)

// resolve fills in what the profile says of a threshold that gives no limit of its own.
func resolve(t spec.Threshold, def *spec.MetricDef, profile string) (spec.Limit, bool) {
	l := spec.Limit{Min: t.Min, Max: t.Max, End: t.End}
	profiled, ok := def.Limits[profile]
	if !ok {
		profiled, ok = def.Limits["documented"]
	}
	if t.Min == nil && t.Max == nil {
		if !ok {
			return l, false
		}
		l.Min, l.Max, l.Open, l.Warn, l.Or = profiled.Min, profiled.Max, profiled.Open, profiled.Warn, profiled.Or
	}
	if l.End == "" {
		l.End = profiled.End
	}
	if l.End == "" {
		l.End = "point"
	}
	if profile == "permissive" {
		l.Warn = true
	}
	return l, true
}

func judgeThreshold(b *spec.Block, t spec.Threshold, k *spec.KindSpec, profile string, measured Measured) Verdict {
	v := Verdict{Subject: b.Addr, Check: t.Metric, Threshold: true, Severity: "error", OnFailure: t.OnFailure}
	if v.OnFailure == "" {
		v.OnFailure = "guard"
	}
	if v.OnFailure == "warn" || profile == "permissive" {
		v.Severity = "warn"
	}
	def := metricNamed(k.Ports(b.Config), t.Metric)
	if def == nil {
		v.Outcome, v.Message = NotEvaluated, fmt.Sprintf("%s measures no %s.", b.Addr, t.Metric)
		return v
	}
	l, ok := resolve(t, def, profile)
	if !ok {
		v.Outcome = NotEvaluated
		v.Message = fmt.Sprintf("The profile %q sets no limit for %s: give the threshold a min or a max.", profile, t.Metric)
		return v
	}
	if l.Warn {
		v.Severity = "warn"
	}
	v.Condition = l.Text(t.Metric)
	metrics, state := measured(b.Addr)
	if state != Pass {
		v.Outcome = state
		return v
	}
	m, ok := find(metrics, t.Metric)
	if !ok || !m.Available() {
		v.Outcome = NotEvaluated
		v.Message = fmt.Sprintf("%s is unavailable: %s.", t.Metric, strings.TrimSuffix(reason(m), "."))
		return v
	}
	v.Metrics = []spec.Metric{m}
	x, end := endOf(m, l.End)
	if x == nil {
		v.Outcome = NotEvaluated
		v.Message = fmt.Sprintf("%s has no %s end of an interval to judge by.", t.Metric, end)
		return v
	}
	v.Outcome = Pass
	if !l.Holds(*x) && !otherHolds(&v, metrics, l) {
		v.Outcome = Fail
		v.Message = t.Message
		if v.Message == "" && def.Advise != nil {
			v.Message = def.Advise(func(name string) (float64, bool) {
				m, ok := find(metrics, name)
				if !ok || !m.Available() {
					return 0, false
				}
				return *m.Value, true
			})
		}
		if v.Message == "" {
			v.Message = def.Advice
		}
	}
	return v
}

// otherHolds judges by the metric that may be within the limit instead, and notes it in the verdict when there is one.
func otherHolds(v *Verdict, metrics []spec.Metric, l spec.Limit) bool {
	m, ok := find(metrics, l.Or)
	if !ok || !m.Available() {
		return false
	}
	v.Metrics = append(v.Metrics, m)
	x, _ := endOf(m, l.End)
	return x != nil && l.Holds(*x)
}

func endOf(m spec.Metric, end string) (*float64, string) {
	switch end {
	case "low":
		return m.Low, "lower"
	case "high":
		return m.High, "upper"
	}
	return m.Value, "point"
}

func reason(m spec.Metric) string {
	if m.Reason == "" {
		return "the stage did not measure it"
	}
	return m.Reason
}

func metricNamed(p spec.Ports, name string) *spec.MetricDef {
	for i := range p.Metrics {
		if p.Metrics[i].Name == name {
			return &p.Metrics[i]
		}
	}
	return nil
}
