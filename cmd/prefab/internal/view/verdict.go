package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

func verdictName(d *planner.Verdict) string { return d.Subject.String() + " " + d.Check }

// verdict prints one judgement: the outcome, what was measured, and, when it did not pass, what to think of it. What was
// measured is never cut: it gets lines of its own where it does not fit. width is that of the column of names, and
// beside what to compare a failure with.
func (v *View) verdict(d *planner.Verdict, width int, beside string) {
	mark, style := "pass", v.styles.good
	switch {
	case d.Outcome == planner.NotEvaluated && d.Severity == "warn":
		mark, style = "????", v.styles.warn
	case d.Outcome == planner.NotEvaluated:
		mark, style = "????", v.styles.bad
	case d.Outcome == planner.Pending, d.Outcome == planner.Open:
		mark, style = "....", v.styles.faint
	case d.Outcome == planner.Fail && d.Severity == "warn":
		mark, style = "warn", v.styles.warn
	case d.Outcome == planner.Fail:
		mark, style = "FAIL", v.styles.bad
	}
	const indent = 8
	text := judged(d)
	left := "  " + mark + "  " + pad(verdictName(d), width)
	if lipgloss.Width(left)+2+lipgloss.Width(text) <= v.width {
		fmt.Fprintln(v.out, style.Render(left)+"  "+text)
	} else {
		fmt.Fprintln(v.out, style.Render("  "+mark+"  "+v.wrap(verdictName(d), indent)))
		v.under(text, indent)
	}
	if d.Outcome == planner.Fail && !d.Threshold {
		v.under("must hold: "+d.Condition, indent)
	}
	if d.Outcome == planner.Fail && beside != "" {
		v.under(beside, indent)
	}
	if d.Outcome != planner.Pass {
		v.under(d.Message, indent)
	}
}

// under prints text under a line, indented.
func (v *View) under(text string, indent int) {
	if text != "" {
		fmt.Fprintln(v.out, strings.Repeat(" ", indent)+v.wrap(text, indent))
	}
}

// judged is what a verdict rests on: a threshold's value and limit, the measurements of a check.
func judged(d *planner.Verdict) string {
	switch {
	case len(d.Metrics) == 0 && d.Outcome == planner.Pending:
		return "not judged: " + d.Condition
	case len(d.Metrics) == 0:
		return d.Condition
	case d.Threshold:
		return valueOf(d.Metrics[0]) + "  (" + limitOf(d) + ")"
	}
	var values []string
	for _, m := range d.Metrics {
		values = append(values, measurement(m))
	}
	return strings.Join(values, ", ")
}

// limitOf is a threshold's condition without the metric's name, which stands before it already.
func limitOf(d *planner.Verdict) string {
	for end, words := range map[string]string{"_low": "lower end", "_high": "upper end"} {
		if limit, ok := strings.CutPrefix(d.Condition, d.Check+end+" "); ok {
			return words + " " + limit
		}
	}
	return strings.TrimPrefix(d.Condition, d.Check+" ")
}

// measurement prints a metric with its interval: "accuracy 0.613 [0.587, 0.638]".
func measurement(m spec.Metric) string {
	name := m.Name
	if i := strings.LastIndexByte(name, '.'); i >= 0 && len(name) > 28 {
		name = name[i+1:]
	}
	return name + " " + valueOf(m)
}

// valueOf is a metric's value, with its interval where it has one.
func valueOf(m spec.Metric) string {
	switch {
	case !m.Available():
		return "unavailable"
	case m.Low != nil && m.High != nil:
		return fmt.Sprintf("%s [%s, %s]", number(*m.Value), number(*m.Low), number(*m.High))
	}
	return number(*m.Value)
}

// comparison says, of an accuracy or improvement that is too low, what rules reach that read nothing, and what any model could reach:
// the first things to look at.
func comparison(out *executor.Outcome, d *planner.Verdict) string {
	if text := crossFitted(out, d); text != "" {
		return text
	}
	for _, m := range d.Metrics {
		i := strings.LastIndexByte(m.Name, '.')
		if i < 0 || !slices.Contains([]string{"accuracy", "improvement"}, m.Name[i+1:]) || d.Outcome != planner.Fail {
			continue
		}
		if text := baselines(measuredWith(out, d, m), m.Name[:i]); text != "" {
			return text
		}
	}
	return ""
}

// crossFitted says, of a gap to the accuracy on the training rows, what models reach there that did not see them.
func crossFitted(out *executor.Outcome, d *planner.Verdict) string {
	for _, m := range d.Metrics {
		scope, ok := strings.CutSuffix(m.Name, ".accuracy")
		if !ok || d.Threshold || d.Outcome != planner.Fail || len(d.Metrics) < 2 {
			continue
		}
		for _, x := range measuredWith(out, d, m) {
			if x.Name == scope+".cross_fit_accuracy" && x.Available() {
				return measurement(x) + ", by models that did not see the rows"
			}
		}
	}
	return ""
}

// measuredWith finds the metrics of the stage that measured m: the subject of a threshold, or, of a check, the stage
// that has this very measurement.
func measuredWith(out *executor.Outcome, d *planner.Verdict, m spec.Metric) []spec.Metric {
	own := string(spec.Canonical(m))
	for i := range out.Nodes {
		n := &out.Nodes[i]
		if n.Result == nil || d.Threshold && n.Node.Addr != d.Subject {
			continue
		}
		for _, x := range n.Result.Metrics {
			if x.Name == m.Name && string(spec.Canonical(x)) == own {
				return n.Result.Metrics
			}
		}
	}
	return nil
}

func baselines(list []spec.Metric, scope string) string {
	named := map[string]spec.Metric{}
	for _, m := range list {
		if m.Available() {
			named[m.Name] = m
		}
	}
	var parts []string
	for _, name := range []string{"longer", "shorter", "length_fit", "majority"} {
		if m, ok := named[scope+"."+name]; ok {
			parts = append(parts, name+" "+number(*m.Value))
		}
	}
	text := ""
	if len(parts) > 0 {
		text = "baselines: " + strings.Join(parts, ", ")
	}
	if m, ok := named[scope+".ceiling"]; ok && m.Low != nil && m.High != nil {
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf("ceiling %s to %s", number(*m.Low), number(*m.High))
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
