package expr_test

import (
	"math"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/spec/expr"
)

// measured answers for a few metrics; the others are unavailable.
func measured(addr string, path []string) expr.MetricValue {
	values := map[string]float64{
		"evaluate.rm.accuracy": 0.73124, "evaluate.rm.low": 0.69, "validate.q.pairs": 1234, "evaluate.rm.nan": math.NaN(),
	}
	if v, ok := values[addr+"."+strings.Join(path, ".")]; ok {
		return expr.MetricValue{Value: v, OK: true}
	}
	if path[0] == "silent" {
		return expr.MetricValue{}
	}
	return expr.MetricValue{Reason: "no votes"}
}

var (
	accuracy  = metric("evaluate.rm", "accuracy")
	pairs     = metric("validate.q", "pairs")
	agreement = metric("resolve.r", "agreement")
)

func TestEvalCondition(t *testing.T) {
	const gone = "not evaluated [resolve.r.agreement is unavailable: no votes] <nil>"
	for _, c := range []struct {
		n    *expr.Node
		want string
	}{
		{bin(accuracy, ">=", lit(0.7)), "pass [] <nil>"},
		{bin(accuracy, ">=", lit(0.75)), "fail [] <nil>"},
		{bin(pairs, ">=", lit(1000)), "pass [] <nil>"},
		{bin(agreement, ">=", lit(0.6)), gone},
		// Nothing turns a missing measurement into a pass.
		{bin(lit(true), "||", bin(agreement, ">", lit(0))), gone},
		{bin(bin(accuracy, ">", lit(0)), "||", bin(agreement, ">", lit(0))), gone},
		{un("!", bin(agreement, ">", lit(0))), gone},
		{cond(lit(true), lit(true), bin(agreement, ">", lit(0))), gone},
		{bin(call("length", list(agreement)), "==", lit(1)), gone},
		{bin(agreement, "==", agreement), gone},
		{bin(metric("evaluate.rm", "nan"), "<", metric("x.y", "silent")), "not evaluated [evaluate.rm.nan is unavailable: its value is not a finite number x.y.silent is unavailable: it was not measured] <nil>"},
		{bin(accuracy, "+", lit(1)), "not evaluated [] evaluate.rm.accuracy + 1: a condition must be true or false, and this is a number"},
		{bin(accuracy, "/", lit(0)), "not evaluated [] evaluate.rm.accuracy / 0: division by zero"},
		{bin(accuracy, "&", lit(0)), `not evaluated [] "&" is no operator on two operands`},
	} {
		outcome, reasons, err := expr.EvalCondition(c.n, &expr.Env{Metric: measured})
		got := outcome.String() + " [" + strings.Join(reasons, " ") + "] "
		if err != nil {
			got += err.Error()
		} else {
			got += "<nil>"
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.n, got, c.want)
		}
	}
}

func TestMessage(t *testing.T) {
	for _, c := range []struct {
		n    *expr.Node
		want string
	}{
		{lit("plain"), "plain"},
		{tmpl(lit("accuracy is "), accuracy, lit(", agreement "), agreement, lit("!")), "accuracy is 0.7312, agreement unavailable (no votes)!"},
		{tmpl(bin(accuracy, "*", lit(100)), lit(" % of "), pairs, lit(" pairs")), "73.12 % of 1234 pairs"},
		{tmpl(bin(accuracy, "-", agreement)), "unavailable (no votes)"},
		{tmpl(call("format", lit("%.1f"), accuracy)), "0.7"},
		{cond(bin(accuracy, ">", lit(0.7)), tmpl(lit("good: "), accuracy), tmpl(lit("bad: "), agreement)), "good: 0.7312"},
		{cond(bin(accuracy, ">", lit(0.8)), lit("good"), tmpl(lit("bad: "), agreement)), "bad: unavailable (no votes)"},
		{cond(bin(agreement, ">", lit(0.8)), lit("good"), lit("bad")), "unavailable (no votes)"},
		{tmpl(lit("all: "), list(lit(1), accuracy)), "all: [1,0.73124]"},
	} {
		got, err := expr.Message(c.n, &expr.Env{Metric: measured})
		if err != nil || got != c.want {
			t.Errorf("%s\n got %q %v\nwant %q", c.n, got, err, c.want)
		}
	}
	if _, err := expr.Message(tmpl(bin(accuracy, "/", lit(0))), &expr.Env{Metric: measured}); err == nil {
		t.Error("a message divided by zero")
	}
}

func TestNumber(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", 0.7: "0.7", 0.73124: "0.7312", 0.00123456: "0.001235", 0.00001234567: "1.235e-05", 12.3456: "12.35",
		999.96: "1000", 0.69996: "0.7000", 1234.5: "1234", 73521.7: "73522", -0.5: "-0.5", 1e15: "1000000000000000", 1e20: "1e+20", 0.99996: "1.000",
		-1234.56: "-1235",
	} {
		if got := expr.Number(f); got != want {
			t.Errorf("%v: got %s, want %s", f, got, want)
		}
	}
}
