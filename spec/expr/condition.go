package expr

import (
	"math"
	"strconv"
	"strings"
)

// An Outcome is what a condition over metrics comes to.
type Outcome uint8

// The outcomes. NotEvaluated is no pass.
const (
	NotEvaluated Outcome = iota
	Pass
	Fail
)

// String returns the outcome as a person reads it: "pass", "fail" or "not evaluated".
func (o Outcome) String() string {
	return [...]string{"not evaluated", "pass", "fail"}[o]
}

// metric asks for a metric; one that is no finite number is unavailable.
func (e *Env) metric(r Ref) MetricValue {
	if e.Metric == nil {
		return MetricValue{Reason: "no metrics are known here"}
	}
	m := e.Metric(r.Addr, r.Path)
	if m.OK && (math.IsNaN(m.Value) || math.IsInf(m.Value, 0)) {
		return MetricValue{Reason: "its value is not a finite number"}
	}
	if !m.OK && m.Reason == "" {
		m.Reason = "it was not measured"
	}
	return m
}

// missing returns the metrics that n mentions anywhere and that are unavailable, each as "reference is unavailable:
// reason".
func (e *Env) missing(n *Node) (reasons []string) {
	for _, r := range Metrics(n) {
		if m := e.metric(r); !m.OK {
			reasons = append(reasons, r.String()+" is unavailable: "+m.Reason)
		}
	}
	return reasons
}

// EvalCondition judges a condition. When a metric that it mentions is unavailable, even in an operand or branch that
// would not be looked at, the condition is NotEvaluated and the reasons name every such metric. The error says that
// the condition has no value, or one that is no boolean; the outcome is then NotEvaluated too.
func EvalCondition(n *Node, env *Env) (outcome Outcome, reasons []string, err error) {
	p, err := Compile(n)
	if err != nil {
		return NotEvaluated, nil, err
	}
	if reasons = env.missing(n); len(reasons) > 0 {
		return NotEvaluated, reasons, nil
	}
	v, err := p.Eval(env)
	if err != nil {
		return NotEvaluated, nil, err
	}
	if v.kind != Bool {
		return NotEvaluated, nil, fail(n, "a condition must be true or false, and this is %s", v.kind)
	}
	if v.Bool() {
		return Pass, nil, nil
	}
	return Fail, nil, nil
}

// Message prints a message for people. Numbers are shortened (Number), and a part of the message whose metrics are
// unavailable says so in its place: "unavailable (reason)". It fails only as evaluation fails.
func Message(n *Node, env *Env) (string, error) {
	if err := Validate(n); err != nil {
		return "", err
	}
	var b strings.Builder
	if err := message(&b, n, env); err != nil {
		return "", err
	}
	return b.String(), nil
}

func message(b *strings.Builder, n *Node, env *Env) error {
	switch n.Op {
	case Template:
		for _, a := range n.Args {
			if err := message(b, a, env); err != nil {
				return err
			}
		}
		return nil
	case If:
		if outcome, _, err := EvalCondition(n.Args[0], env); err != nil {
			return err
		} else if outcome == Pass {
			return message(b, n.Args[1], env)
		} else if outcome == Fail {
			return message(b, n.Args[2], env)
		}
	}
	for _, r := range Metrics(n) {
		if m := env.metric(r); !m.OK {
			b.WriteString("unavailable (" + m.Reason + ")")
			return nil
		}
	}
	p, err := Compile(n)
	if err != nil {
		return err
	}
	v, err := p.Eval(env)
	if err != nil {
		return err
	}
	if v.kind == Float {
		b.WriteString(Number(v.Float()))
		return nil
	}
	if text, ok := v.Text(); ok {
		b.WriteString(text)
		return nil
	}
	b.Write(v.AppendJSON(nil))
	return nil
}

// Number prints a measured number for people: whole numbers in full, others with four significant digits, and with
// all digits before the point. Zeros at the end say that it was rounded: 0.69996 is 0.7000 and only 0.7 is 0.7.
func Number(f float64) string {
	const exact = 1 << 53
	size := math.Abs(f)
	switch {
	case f == math.Trunc(f) && size < exact:
		return strconv.FormatInt(int64(f), 10)
	case size >= exact || size < 1e-4:
		return strconv.FormatFloat(f, 'g', 4, 64)
	}
	// The exponent of the rounded number says how many of the four digits stand before the point.
	_, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', 3, 64), "e")
	power, _ := strconv.Atoi(exponent)
	s := strconv.FormatFloat(f, 'f', max(0, 3-power), 64)
	if exactly, _ := strconv.ParseFloat(s, 64); exactly == f && strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
