package lang

import (
	"encoding/json"
	"strings"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// evaluateThresholds reads the limits on the metrics of one instance.
func (l *loader) evaluateThresholds(in *instance) {
	var metrics map[string]*spec.MetricDef
	seen := map[string]diag.Range{}
	for _, n := range in.decl.body.nested {
		if n.typ.Name != thresholdType.Name {
			continue
		}
		if metrics == nil {
			metrics = in.metricDefs()
		}
		if len(metrics) == 0 && !in.opaque {
			l.errorf(n.rng, "no-metrics", "Nothing to limit", "%s stage measures nothing, so it takes no threshold. Remove the block.", article(in.block.Addr.Kind))
			continue
		}
		def := metrics[n.label]
		if def == nil {
			if hint := didYouMean(n.label, keysOf(metrics)); hint != "" || !in.opaque {
				l.errorf(n.rng, "unknown-metric", "Unknown metric", "%s has no metric %q.%s", in.block.Addr, n.label, choices(n.label, keysOf(metrics), "It has"))
			}
			continue
		}
		if first, twice := seen[n.label]; twice {
			l.errorf(n.rng, "duplicate-threshold", "Duplicate threshold", "%s is limited already, at %s. Put min and max into one block.", n.label, first)
			continue
		}
		seen[n.label] = n.rng
		if t, ok := l.threshold(in, n, def); ok {
			in.block.Limits = append(in.block.Limits, t)
		}
	}
}

// metricDefs returns the metrics of an instance by every name that they can be limited by.
func (in *instance) metricDefs() map[string]*spec.MetricDef {
	out := map[string]*spec.MetricDef{}
	for i := range in.ports.Metrics {
		out[in.ports.Metrics[i].Name] = &in.ports.Metrics[i]
	}
	return out
}

func keysOf(m map[string]*spec.MetricDef) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}

// threshold decodes one limit and checks it against what the metric can be.
func (l *loader) threshold(in *instance, n *nested, def *spec.MetricDef) (spec.Threshold, bool) {
	d := &decoder{l: l, sc: in.scope, in: in, source: map[string]diag.Range{}}
	v, _ := d.body(n.body, n.schema, "")
	t := spec.Threshold{Metric: n.label, Min: asFloat(v["min"]), Max: asFloat(v["max"]), Range: n.rng}
	t.End, _ = v["end"].(string)
	t.OnFailure, _ = v["on_failure"].(string)
	t.Message, _ = v["error_message"].(string)
	if t.OnFailure == "guard" {
		t.OnFailure = "" // the default, so that writing it out changes nothing
	}
	switch {
	case t.Min == nil && t.Max == nil && len(def.Limits) == 0 && !d.failed():
		l.errorf(n.rng, "empty-threshold", "Threshold without a limit", "No profile has a limit for %s, so the threshold needs one of its own: min, max or both.", def.Name)
	case t.Min != nil && t.Max != nil && *t.Min > *t.Max:
		l.errorf(d.source["min"], "impossible-threshold", "Impossible threshold", "min is %v and max is %v: no number is between them.", *t.Min, *t.Max)
	case t.Min != nil && def.Max != nil && *t.Min > *def.Max:
		l.errorf(d.source["min"], "impossible-threshold", "Impossible threshold", "%s is at most %v%s, so it can never reach %v.", def.Name, *def.Max, unitOf(def), *t.Min)
	case t.Max != nil && def.Min != nil && *t.Max < *def.Min:
		l.errorf(d.source["max"], "impossible-threshold", "Impossible threshold", "%s is at least %v%s, so it can never be below %v.", def.Name, *def.Min, unitOf(def), *t.Max)
	case (t.End == "low" || t.End == "high") && !def.Interval:
		l.errorf(d.source["end"], "no-interval", "Metric without an interval", "%s is measured without an interval, so only the point can be compared. Remove end.", def.Name)
	default:
		return t, !d.failed()
	}
	return t, false
}

func unitOf(m *spec.MetricDef) string {
	if m.Unit == "" || m.Unit == "share" {
		return ""
	}
	return " " + strings.TrimSpace(m.Unit)
}

func asFloat(v any) *float64 {
	n, ok := v.(json.Number)
	if !ok {
		return nil
	}
	x, err := n.Float64()
	if err != nil {
		return nil
	}
	return &x
}
