package planner

import (
	"fmt"
	"math"
	"strings"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
	"github.com/prefab-build/prefab/spec/expr"
)

// Prove looks for judgements that the bounds of their metrics decide before any data is read: a check or threshold that
// can never pass is an error, one that always passes a warning, since it guards nothing.
func Prove(p *spec.Pipeline, kinds map[string]*spec.KindSpec) diag.List {
	var list diag.List
	ports := map[string]spec.Ports{}
	for i := range p.Blocks {
		b := &p.Blocks[i]
		k := kinds[b.Addr.Kind]
		if k == nil {
			continue
		}
		own := k.Ports(b.Config)
		ports[b.Addr.String()] = own
		for _, t := range b.Limits {
			list = append(list, proveThreshold(b.Addr, t, metricNamed(own, t.Metric), p.Project.Profile)...)
		}
	}
	bounds := func(addr string, path []string) (low, high float64, integer, ok bool) {
		def := boundsOf(ports[addr], strings.Join(path, "."))
		if def == nil {
			return 0, 0, false, false
		}
		low, high = math.Inf(-1), math.Inf(1)
		if def.Min != nil {
			low = *def.Min
		}
		if def.Max != nil {
			high = *def.Max
		}
		return low, high, def.Integer, true
	}
	for _, g := range p.Gates {
		for _, c := range g.Checks {
			verdict, reason := expr.Prove(c.Condition, bounds)
			list = append(list, proven(verdict, reason, c.Range, g.Addr, "condition")...)
		}
	}
	return list
}

// boundsOf finds the definition of a metric, or of the metric whose interval's end is named.
func boundsOf(p spec.Ports, name string) *spec.MetricDef {
	if def := metricNamed(p, name); def != nil {
		return def
	}
	for _, end := range []string{"_low", "_high"} {
		if base, ok := strings.CutSuffix(name, end); ok {
			if def := metricNamed(p, base); def != nil && def.Interval {
				return def
			}
		}
	}
	return nil
}

func proveThreshold(a spec.Addr, t spec.Threshold, def *spec.MetricDef, profile string) diag.List {
	if def == nil {
		return nil
	}
	l, ok := resolve(t, def, profile)
	if !ok {
		return nil
	}
	if l.Min == nil && l.Max == nil {
		return nil
	}
	low, high := math.Inf(-1), math.Inf(1)
	if def.Min != nil {
		low = *def.Min
	}
	if def.Max != nil {
		high = *def.Max
	}
	reason := fmt.Sprintf("%s lies in %s", t.Metric, interval(def))
	switch {
	case !(spec.Limit{Min: l.Min, Open: l.Open}).Holds(high), !(spec.Limit{Max: l.Max, Open: l.Open}).Holds(low):
		return proven(expr.Never, fmt.Sprintf("%s, so %s can never hold", reason, l.Text(t.Metric)), t.Range, a, "threshold")
	case l.Holds(low) && l.Holds(high): // a limit is an interval, so it holds in between
		return proven(expr.Always, fmt.Sprintf("%s, so %s always holds", reason, l.Text(t.Metric)), t.Range, a, "threshold")
	}
	return nil
}

func interval(def *spec.MetricDef) string {
	low, high := "(-inf", "inf)"
	if def.Min != nil {
		low = "[" + spec.FormatNumber(*def.Min)
	}
	if def.Max != nil {
		high = spec.FormatNumber(*def.Max) + "]"
	}
	return low + ", " + high
}

func proven(v expr.Verdict, reason string, at diag.Range, subject spec.Addr, what string) diag.List {
	d := diag.Diagnostic{Subject: at, Block: subject.String()}
	switch v {
	case expr.Never:
		d.Severity, d.Code, d.Summary = diag.Error, "never-passes", "A judgement that can never pass"
		d.Detail = fmt.Sprintf("This %s is decided before any data is read: %s. Correct the limit.", what, reason)
	case expr.Always:
		d.Severity, d.Code, d.Summary = diag.Warning, "always-passes", "A judgement that always passes"
		d.Detail = fmt.Sprintf("This %s is decided before any data is read: %s. It guards nothing; correct the limit or remove it.", what, reason)
	default:
		return nil
	}
	return diag.List{d}
}
