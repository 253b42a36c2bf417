package view

import (
	"bytes"
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

func interval(name string, x, low, high float64) spec.Metric {
	m := spec.Value(name, x, 200)
	m.Low, m.High = &low, &high
	return m
}

func printed(d *planner.Verdict, out *executor.Outcome) string {
	var b bytes.Buffer
	New(&b, &b, Options{NoColor: true}).verdict(d, 30, comparison(out, d))
	return b.String()
}

// A failing accuracy stands beside what rules reach that read nothing, whether a threshold or a check fails; what was
// measured is whole, and nothing is wider than the page.
func TestVerdictOfAccuracy(t *testing.T) {
	stage := spec.Addr{Kind: "evaluate", Name: "reward_model_of_dialogues"}
	accuracy := interval("validation.accuracy", 0.6125, 0.5443, 0.6767)
	out := &executor.Outcome{Nodes: []executor.NodeOutcome{
		{Node: &planner.Node{Addr: spec.Addr{Kind: "evaluate", Name: "other"}}, Result: &executor.Result{Metrics: []spec.Metric{
			interval("validation.accuracy", 0.9, 0.8, 1), spec.Value("validation.longer", 0.99, 200),
		}}},
		{Node: &planner.Node{Addr: stage}, Result: &executor.Result{Metrics: []spec.Metric{
			accuracy, spec.Value("validation.longer", 0.58, 200), spec.Value("validation.shorter", 0.42, 200),
			spec.Unavailable("validation.majority", "no train"), spec.Value("validation.length_fit", 0.585, 200),
			interval("validation.ceiling", 0.755, 0.63, 0.755),
		}}},
	}}
	d := &planner.Verdict{
		Subject: stage, Check: "validation.accuracy", Threshold: true, Severity: "error", Outcome: planner.Fail,
		Condition: "validation.accuracy_low >= 0.7", Message: "Improve the data.", Metrics: []spec.Metric{accuracy},
	}
	want := `  FAIL  evaluate.reward_model_of_dialogues validation.accuracy
        0.6125 [0.5443, 0.6767] (lower end >= 0.7)
        baselines: longer 0.58, shorter 0.42, length_fit 0.585; ceiling 0.63 to
        0.755
        Improve the data.
`
	got := printed(d, out)
	if got != want {
		t.Errorf("the threshold reads\n%s\nwant\n%s", got, want)
	}
	check := &planner.Verdict{
		Subject: spec.Addr{Kind: "gate", Name: "ship"}, Check: "accuracy", Severity: "error", Outcome: planner.Fail,
		Condition: "evaluate.reward_model_of_dialogues.validation.accuracy >= 0.7", Metrics: []spec.Metric{accuracy},
	}
	text := printed(check, out)
	if !strings.Contains(text, "longer 0.58") || !strings.Contains(text, "must hold: "+check.Condition) {
		t.Errorf("the check reads\n%s", text)
	}
	for line := range strings.Lines(got + text) {
		if lipgloss.Width(strings.TrimRight(line, "\n")) > 80 {
			t.Errorf("%q is wider than the page", line)
		}
	}
	d.Outcome = planner.Pass
	if text := printed(d, out); strings.Contains(text, "longer") {
		t.Errorf("what passes is compared too:\n%s", text)
	}
}

// What fits is on one line.
func TestVerdictOnOneLine(t *testing.T) {
	d := &planner.Verdict{
		Subject: spec.Addr{Kind: "split", Name: "main"}, Check: "train_rows", Threshold: true, Severity: "error", Outcome: planner.Pass,
		Condition: "train_rows >= 800", Metrics: []spec.Metric{spec.Value("train_rows", 2800, 4000)},
	}
	want := "  pass  split.main train_rows           2,800  (>= 800)\n"
	if got := printed(d, &executor.Outcome{}); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
