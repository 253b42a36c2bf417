package planner

import (
	"fmt"
	"strings"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

// An Outcome is what a judgement came to.
type Outcome string

// The outcomes. Only Pass passes. Open means that the metrics are not known yet; Pending that they never will be in
// this run, because an ancestor failed or waits.
const (
	Pass         Outcome = "pass"
	Fail         Outcome = "fail"
	NotEvaluated Outcome = "not_evaluated"
	Pending      Outcome = "pending"
	Open         Outcome = "open"
)

// A Verdict is one judgement: a check of a gate, or a threshold of a stage.
type Verdict struct {
	Subject   spec.Addr     `json:"subject"` // the gate, or the stage that the threshold stands in
	Check     string        `json:"check"`   // the check's name, or the threshold's metric
	Threshold bool          `json:"threshold,omitempty"`
	Severity  string        `json:"severity"`             // error or warn
	OnFailure string        `json:"on_failure,omitempty"` // of a threshold: guard, stop or warn
	Outcome   Outcome       `json:"outcome"`
	Condition string        `json:"condition"`
	Message   string        `json:"message,omitempty"` // what to tell a person; empty when it passed
	Metrics   []spec.Metric `json:"metrics,omitempty"` // what it was judged on
}

// Stops reports whether the verdict keeps what it guards from running.
func (v *Verdict) Stops() bool {
	return v.Severity == "error" && (v.Outcome == Fail || v.Outcome == NotEvaluated)
}

// Blocks says in a few words what of the verdicts with these numbers keeps a node from running, if anything does: the
// first, and how many there are besides.
func (j *Judge) Blocks(verdicts []int) (why string, blocked bool) {
	more := -1
	for _, i := range verdicts {
		v := j.Verdict(i)
		if !v.Stops() {
			continue
		}
		if more++; more > 0 {
			continue
		}
		why = fmt.Sprintf("%s: %s does not pass", v.Subject, v.Check)
		if v.Outcome == NotEvaluated {
			why = fmt.Sprintf("%s: %s is not evaluated", v.Subject, v.Check)
		}
	}
	if more > 0 {
		why += fmt.Sprintf(", and %d more", more)
	}
	return why, more >= 0
}

// Measured gives the metrics of a stage, and whether they are there (Pass), still to come (Open) or lost (Pending,
// NotEvaluated).
type Measured func(a spec.Addr) ([]spec.Metric, Outcome)

// A Judge works verdicts out one by one, each at most once: when the metrics that it rests on are settled.
type Judge struct {
	pipeline *spec.Pipeline
	kinds    map[string]*spec.KindSpec
	measured Measured
	items    []judgement
	done     []*Verdict
	byGate   map[spec.Addr][]int
}

type judgement struct {
	block     *spec.Block
	threshold spec.Threshold
	gate      *spec.Gate
	check     spec.Check
}

// NewJudge returns a judge of all the verdicts of a pipeline, numbered in the order of the pipeline: thresholds by
// stage, then checks by gate. It computes nothing else, so a changed threshold costs nothing.
func NewJudge(p *spec.Pipeline, kinds map[string]*spec.KindSpec, measured Measured) *Judge {
	j := &Judge{pipeline: p, kinds: kinds, measured: measured, byGate: map[spec.Addr][]int{}}
	for i := range p.Blocks {
		b := &p.Blocks[i]
		for _, t := range b.Limits {
			j.items = append(j.items, judgement{block: b, threshold: t})
		}
	}
	for i := range p.Gates {
		gate := &p.Gates[i]
		for _, c := range gate.Checks {
			j.byGate[gate.Addr] = append(j.byGate[gate.Addr], len(j.items))
			j.items = append(j.items, judgement{gate: gate, check: c})
		}
	}
	j.done = make([]*Verdict, len(j.items))
	return j
}

// Verdict returns the verdict of that number. It asks for metrics at the first call.
func (j *Judge) Verdict(i int) *Verdict {
	if j.done[i] == nil {
		var v Verdict
		if it := j.items[i]; it.gate != nil {
			v = j.check(it.gate, it.check)
		} else {
			v = judgeThreshold(it.block, it.threshold, j.kinds[it.block.Addr.Kind], j.pipeline.Project.Profile, j.measured)
		}
		j.done[i] = &v
	}
	return j.done[i]
}

// check judges one check of a gate; behind a gate that does not pass it is not evaluated.
func (j *Judge) check(gate *spec.Gate, c spec.Check) Verdict {
	for _, required := range gate.Require {
		for _, i := range j.byGate[required] {
			if j.Verdict(i).Stops() {
				return Verdict{
					Subject: gate.Addr, Check: c.Name, Severity: severity(c), Condition: c.Text, Outcome: NotEvaluated,
					Message: fmt.Sprintf("%s, which it requires, does not pass.", required),
				}
			}
		}
	}
	return judgeCheck(gate.Addr, c, j.measured)
}

func severity(c spec.Check) string {
	if c.Severity == "" {
		return "error"
	}
	return c.Severity
}

func find(list []spec.Metric, name string) (spec.Metric, bool) {
	for _, m := range list {
		if m.Name == name {
			return m, true
		}
	}
	return spec.Metric{}, false
}

// judgeCheck evaluates a condition. A metric that is unavailable anywhere in it leaves it not evaluated.
func judgeCheck(gate spec.Addr, c spec.Check, measured Measured) Verdict {
	v := Verdict{Subject: gate, Check: c.Name, Severity: severity(c), Condition: c.Text}
	state := Pass
	for _, ref := range expr.Metrics(c.Condition) {
		metrics, s := measuredAt(measured, ref.Addr)
		state = worse(state, s)
		if s == Pass {
			if m, _, ok := metricAt(metrics, ref.Path); ok {
				v.Metrics = append(v.Metrics, m)
			}
		}
	}
	if state != Pass {
		v.Outcome = state
		return v
	}
	env := &expr.Env{Metric: func(addr string, path []string) expr.MetricValue { return lookUp(measured, addr, path) }}
	outcome, reasons, err := expr.EvalCondition(c.Condition, env)
	switch {
	case err != nil:
		v.Outcome, v.Message = NotEvaluated, err.Error()
		return v
	case outcome == expr.NotEvaluated:
		v.Outcome, v.Message = NotEvaluated, strings.Join(reasons, "; ")
		return v
	case outcome == expr.Pass:
		v.Outcome = Pass
		return v
	}
	v.Outcome = Fail
	if c.Message != nil {
		text, err := expr.Message(c.Message, env)
		if err != nil {
			text = err.Error()
		}
		v.Message = text
	}
	return v
}

// worse returns the state that decides: lost measurements before open ones.
func worse(a, b Outcome) Outcome {
	order := []Outcome{Pass, Open, Pending, NotEvaluated}
	for i := len(order) - 1; i > 0; i-- {
		if a == order[i] || b == order[i] {
			return order[i]
		}
	}
	return Pass
}

func measuredAt(measured Measured, addr string) ([]spec.Metric, Outcome) {
	a, err := spec.ParseAddr(addr)
	if err != nil {
		panic("planner: " + err.Error())
	}
	return measured(a)
}

// metricAt finds a metric by its path; end is "low" or "high" when the path names an end of the interval.
func metricAt(list []spec.Metric, path []string) (m spec.Metric, end string, ok bool) {
	name := strings.Join(path, ".")
	if m, ok := find(list, name); ok {
		return m, "", true
	}
	for _, end := range []string{"low", "high"} {
		if base, cut := strings.CutSuffix(name, "_"+end); cut {
			if m, ok := find(list, base); ok {
				return m, end, true
			}
		}
	}
	return spec.Metric{Name: name}, "", false
}

func lookUp(measured Measured, addr string, path []string) expr.MetricValue {
	metrics, state := measuredAt(measured, addr)
	if state != Pass {
		return expr.MetricValue{Reason: "it is not measured yet"}
	}
	m, end, ok := metricAt(metrics, path)
	x, _ := endOf(m, end)
	switch {
	case !ok || !m.Available():
		return expr.MetricValue{Reason: reason(m)}
	case x == nil:
		return expr.MetricValue{Reason: "it has no interval"}
	}
	return expr.MetricValue{Value: *x, OK: true}
}

// Value evaluates an output over the stored metrics.
func Value(o spec.Output, measured Measured) (expr.Value, error) {
	p, err := expr.Compile(o.Value)
	if err != nil {
		return expr.Value{}, err
	}
	return p.Eval(&expr.Env{Metric: func(addr string, path []string) expr.MetricValue { return lookUp(measured, addr, path) }})
}
