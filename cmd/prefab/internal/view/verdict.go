package view

import (
	"fmt"
	"strings"

	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

func verdictName(d *planner.Verdict) string { return d.Subject.String() + " " + d.Check }

// verdict prints one judgement: the outcome, what was measured, and, when it did not pass, what to think of it.
func (v *View) verdict(d *planner.Verdict, width int) {
	mark, style := "pass", v.styles.good
	switch {
	case d.Outcome == planner.NotEvaluated:
		mark, style = "????", v.styles.bad
	case d.Outcome == planner.Pending, d.Outcome == planner.Open:
		mark, style = "....", v.styles.faint
	case d.Outcome == planner.Fail && d.Severity == "warn":
		mark, style = "warn", v.styles.warn
	case d.Outcome == planner.Fail:
		mark, style = "FAIL", v.styles.bad
	}
	var values []string
	for _, m := range d.Metrics {
		values = append(values, measurement(m))
	}
	text := strings.Join(values, ", ")
	if text == "" {
		text = d.Condition
		if d.Outcome == planner.Pending {
			text = "not judged: " + text
		}
	} else if d.Condition != "" && d.Threshold {
		text += "  (" + limitOf(d) + ")"
	}
	left := fmt.Sprintf("  %s  %s  ", mark, pad(clip(verdictName(d), width), width))
	fmt.Fprintln(v.out, style.Render(left)+clip(text, max(v.width-len(left), 20)))
	if d.Outcome == planner.Fail && !d.Threshold {
		fmt.Fprintln(v.out, "        "+v.wrap("must hold: "+d.Condition, 8))
	}
	if d.Message != "" && d.Outcome != planner.Pass {
		fmt.Fprintln(v.out, "        "+v.wrap(d.Message, 8))
	}
}

// limitOf is a threshold's condition without the metric's name, which stands before it already.
func limitOf(d *planner.Verdict) string {
	return strings.TrimSpace(strings.Replace(d.Condition, d.Check, "", 1))
}

// measurement prints a metric with its interval: "accuracy 0.613 [0.587, 0.638]".
func measurement(m spec.Metric) string {
	name := m.Name
	if i := strings.LastIndexByte(name, '.'); i >= 0 && len(name) > 28 {
		name = name[i+1:]
	}
	if !m.Available() {
		return name + " unavailable"
	}
	text := name + " " + number(*m.Value)
	if m.Low != nil && m.High != nil {
		text += fmt.Sprintf(" [%s, %s]", number(*m.Low), number(*m.High))
	}
	return text
}

// number prints a measured number with as many digits as a person can use.
func number(x float64) string {
	if x == float64(int64(x)) && (x > 999 || x < -999) {
		return thousands(int64(x))
	}
	return expr.Number(x)
}
