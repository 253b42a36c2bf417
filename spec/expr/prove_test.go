package expr

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The metrics of these tests and their bounds.
var bounded = map[string]span{
	"e.rm.accuracy": {lo: 0, hi: 1},
	"e.rm.train":    {lo: 0, hi: 1},
	"v.q.pairs":     {lo: 0, hi: math.Inf(1), whole: true},
	"v.q.groups":    {lo: 1, hi: 9, whole: true},
	"e.rm.kl":       {lo: 0, hi: math.Inf(1)},
	"e.rm.gap":      {lo: -1, hi: 1},
	"e.rm.gain":     {lo: math.Inf(-1), hi: 0},
}

func boundsOf(addr string, path []string) (lo, hi float64, integer, ok bool) {
	s, ok := bounded[addr+"."+strings.Join(path, ".")]
	return s.lo, s.hi, s.whole, ok
}

func node(op, name string, args ...*Node) *Node { return &Node{Op: op, Name: name, Args: args} }
func number1(v any) *Node                       { return &Node{Op: Literal, Value: v} }

func metricNode(ref string) *Node {
	parts := strings.Split(ref, ".")
	return &Node{Op: Metric, Name: parts[0] + "." + parts[1], Path: parts[2:]}
}

func TestProve(t *testing.T) {
	acc, train, pairs, groups, kl := metricNode("e.rm.accuracy"), metricNode("e.rm.train"), metricNode("v.q.pairs"),
		metricNode("v.q.groups"), metricNode("e.rm.kl")
	op := func(a *Node, name string, b *Node) *Node { return node(Binary, name, a, b) }
	f := func(x float64) *Node { return number1(x) }
	i := func(x int64) *Node { return number1(x) }
	for _, c := range []struct {
		n    *Node
		want string
	}{
		{op(acc, ">=", f(1.2)), "never: e.rm.accuracy lies in [0, 1], so e.rm.accuracy >= 1.2 can never hold"},
		{op(acc, ">=", f(0.7)), "unknown: "},
		{op(acc, ">=", i(0)), "always: e.rm.accuracy lies in [0, 1], so e.rm.accuracy >= 0 always holds"},
		{op(acc, ">=", i(70)), "never: e.rm.accuracy lies in [0, 1], so e.rm.accuracy >= 70 can never hold"},
		{op(f(0.7), "<=", op(acc, "*", i(100))), "unknown: "},
		{op(op(train, "-", acc), "<", f(1.5)), "always: e.rm.accuracy lies in [0, 1] and e.rm.train lies in [0, 1], so e.rm.train - e.rm.accuracy < 1.5 always holds"},
		{op(op(train, "-", acc), "<", f(0.1)), "unknown: "},
		{op(op(acc, "-", acc), "<", f(0.1)), "always: e.rm.accuracy lies in [0, 1], so e.rm.accuracy - e.rm.accuracy < 0.1 always holds"},
		{op(acc, "<", acc), "never: both sides are the same, so e.rm.accuracy < e.rm.accuracy can never hold"},
		{op(acc, "==", acc), "always: both sides are the same, so e.rm.accuracy == e.rm.accuracy always holds"},
		{op(pairs, "<", i(0)), "never: v.q.pairs is a whole number never below 0, so v.q.pairs < 0 can never hold"},
		{op(pairs, "==", f(999.5)), "never: v.q.pairs is a whole number never below 0, so v.q.pairs == 999.5 can never hold"},
		{op(groups, ">", f(9.5)), "never: v.q.groups is a whole number in [1, 9], so v.q.groups > 9.5 can never hold"},
		{op(kl, ">=", f(-0.1)), "always: e.rm.kl is never below 0, so e.rm.kl >= -0.1 always holds"},
		{op(metricNode("x.y.z"), "<", f(0)), "unknown: "},
		{op(op(acc, ">=", f(0.5)), "&&", op(pairs, "<", i(0))), "never: v.q.pairs is a whole number never below 0, so v.q.pairs < 0 can never hold"},
		{op(op(acc, ">=", f(0.5)), "||", op(pairs, ">=", i(0))), "always: v.q.pairs is a whole number never below 0, so v.q.pairs >= 0 always holds"},
		{op(op(acc, ">=", i(0)), "&&", op(pairs, ">=", i(0))), "always: e.rm.accuracy lies in [0, 1], so e.rm.accuracy >= 0 always holds; and v.q.pairs is a whole number never below 0, so v.q.pairs >= 0 always holds"},
		{op(op(acc, ">", f(0.8)), "&&", op(acc, "<", f(0.5))), "never: e.rm.accuracy > 0.8 and e.rm.accuracy < 0.5 can never hold together"},
		{op(op(acc, ">", f(0.5)), "||", op(acc, "<", f(0.8))), "always: e.rm.accuracy > 0.5 or e.rm.accuracy < 0.8 always holds"},
		{op(op(acc, ">", f(0.5)), "||", op(acc, "<", f(0.5))), "unknown: "},
		{op(op(pairs, ">", f(5)), "&&", op(pairs, "<", f(6))), "never: v.q.pairs > 5 and v.q.pairs < 6 can never hold together"},
		{node(Unary, "!", op(acc, "<=", i(1))), "never: e.rm.accuracy lies in [0, 1], so e.rm.accuracy <= 1 always holds"},
		{node(If, "", op(acc, ">", f(0.5)), op(acc, ">", f(0.4)), op(acc, "<", f(0.6))), "always: e.rm.accuracy lies in [0, 1], so e.rm.accuracy > 0.5 ? e.rm.accuracy > 0.4 : e.rm.accuracy < 0.6 always holds"},
		{op(op(i(1), "/", acc), ">=", i(1)), "unknown: "}, // accuracy may be 0
		{op(op(i(1), "/", groups), "<=", i(1)), "always: v.q.groups is a whole number in [1, 9], so 1 / v.q.groups <= 1 always holds"},
		{op(op(i(1), "/", acc), "<", i(1)), "never: e.rm.accuracy lies in [0, 1], so 1 / e.rm.accuracy < 1 can never hold"},
		{op(node(Call, "abs", metricNode("e.rm.gap")), "<=", i(1)), "always: e.rm.gap lies in [-1, 1], so abs(e.rm.gap) <= 1 always holds"},
		{op(node(Call, "min", acc, pairs), ">", i(1)), "never: e.rm.accuracy lies in [0, 1] and v.q.pairs is a whole number never below 0, so min(e.rm.accuracy, v.q.pairs) > 1 can never hold"},
		{op(node(Call, "round", acc), "==", f(0.5)), "never: e.rm.accuracy lies in [0, 1], so round(e.rm.accuracy) == 0.5 can never hold"},
		{op(i(1), ">", i(2)), "never: 1 > 2 can never hold"},
		{op(acc, "==", number1("high")), "unknown: "},
		{op(acc, ">", i(math.MaxInt64)), "never: e.rm.accuracy lies in [0, 1], so e.rm.accuracy > 9223372036854775807 can never hold"},
		{op(acc, "=>", i(1)), "unknown: "},
	} {
		verdict, reason := Prove(c.n, boundsOf)
		if got := verdict.String() + ": " + reason; got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.n, got, c.want)
		}
	}
}

// drawNode draws an expression of numbers or booleans over the bounded metrics.
func drawNode(t *rapid.T, boolean bool, depth int) *Node {
	pick := func(names ...string) string { return rapid.SampledFrom(names).Draw(t, "pick") }
	sub := func(boolean bool) *Node { return drawNode(t, boolean, depth-1) }
	if depth == 0 && !boolean {
		switch pick("metric", "metric", "int", "float", "odd") {
		case "int":
			return number1(rapid.Int64Range(-3, 10).Draw(t, "i"))
		case "float":
			return number1(rapid.Float64Range(-2, 2).Draw(t, "f"))
		case "odd":
			return number1(rapid.SampledFrom([]any{
				int64(math.MaxInt64), int64(math.MinInt64), int64(1<<53 + 1), 1e308, -1e308, 5e-324, 0.0, int64(1), 1.0, 0.5,
			}).Draw(t, "odd"))
		}
		return metricNode(pick("e.rm.accuracy", "e.rm.train", "v.q.pairs", "v.q.groups", "e.rm.kl", "e.rm.gap", "e.rm.gain"))
	}
	if depth == 0 {
		return node(Binary, pick("<", "<=", ">", ">=", "==", "!="), drawNode(t, false, 0), drawNode(t, false, 0))
	}
	if boolean {
		switch pick("compare", "compare", "&&", "||", "!", "if", "equal") {
		case "&&":
			return node(Binary, "&&", sub(true), sub(true))
		case "||":
			return node(Binary, "||", sub(true), sub(true))
		case "!":
			return node(Unary, "!", sub(true))
		case "if":
			return node(If, "", sub(true), sub(true), sub(true))
		case "equal":
			return node(Binary, pick("==", "!="), sub(true), sub(rapid.Bool().Draw(t, "kind")))
		}
		return node(Binary, pick("<", "<=", ">", ">=", "==", "!="), sub(false), sub(false))
	}
	switch pick("+", "-", "*", "/", "%", "neg", "if", "call", "twice", "leaf") {
	case "neg":
		return node(Unary, "-", sub(false))
	case "if":
		return node(If, "", sub(true), sub(false), sub(false))
	case "call":
		if name := pick("abs", "floor", "ceil", "round", "min", "max", "sum"); name == "min" || name == "max" {
			return node(Call, name, sub(false), sub(false))
		} else if name == "sum" {
			return node(Call, name, node(ListOf, "", sub(false), sub(false)))
		} else {
			return node(Call, name, sub(false))
		}
	case "twice":
		x := sub(false)
		return node(Binary, pick("+", "-", "*", "/", "%"), x, x)
	case "leaf":
		return drawNode(t, false, 0)
	}
	return node(Binary, pick("+", "-", "*", "/", "%"), sub(false), sub(false))
}

// drawExpression draws a condition or a number, of any size that the analysis should bear.
func drawExpression(t *rapid.T) *Node {
	return drawNode(t, rapid.Bool().Draw(t, "boolean"), rapid.IntRange(0, 4).Draw(t, "depth"))
}

// drawMetric draws a value within the bounds, their ends often among them.
func drawMetric(t *rapid.T, s span) float64 {
	lo, hi := max(s.lo, -largest), min(s.hi, largest)
	f := rapid.OneOf(
		rapid.SampledFrom([]float64{lo, hi, 0, 1, 0.5}), rapid.Float64Range(max(lo, -100), min(hi, 100)), rapid.Float64Range(lo, hi),
	).Draw(t, "metric")
	f = min(max(f, lo), hi)
	if s.whole {
		f = math.Floor(f)
	}
	return f
}

// TestProofsHold checks the whole claim of the analysis on random expressions: whatever the metrics are, no value is
// outside its span, no evaluation fails that cannot, and no verdict is wrong.
func TestProofsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawExpression(t)
		p := prover{bounds: boundsOf, constant: map[*Node]bool{}}
		s := p.span(n, nil)
		verdict, reason := Prove(n, boundsOf)
		if (verdict == Unknown) != (reason == "") {
			t.Fatalf("%s is %s because %q", n, verdict, reason)
		}
		program, err := Compile(n)
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			values := map[string]float64{}
			env := Env{Metric: func(addr string, path []string) MetricValue {
				name := addr + "." + strings.Join(path, ".")
				if _, ok := values[name]; !ok {
					values[name] = drawMetric(t, bounded[name])
				}
				return MetricValue{Value: values[name], OK: true}
			}}
			v, err := program.Eval(&env)
			switch {
			case err != nil && !s.mayFail:
				t.Fatalf("%s fails at %v: %v", n, values, err)
			case err != nil && verdict == Always:
				t.Fatalf("%s was to hold always and fails at %v: %v", n, values, err)
			case err != nil:
			case verdict == Always && !v.Bool() || verdict == Never && v.Bool():
				t.Fatalf("%s is %s at %v: %s", n, v, values, reason)
			case v.IsNumber() && s.kind == numbers && !s.holds(v):
				t.Fatalf("%s is %s at %v, outside %+v", n, v, values, s)
			case v.kind == Bool && s.kind == booleans && (v.Bool() && !s.canTrue || !v.Bool() && !s.canFalse):
				t.Fatalf("%s is %s at %v, outside %+v", n, v, values, s)
			case v.IsNumber() && s.kind == booleans || v.kind == Bool && s.kind == numbers:
				t.Fatalf("%s is %s, not of the kind of %+v", n, v, s)
			}
		}
	})
}

// TestDrawnVerdicts counts what the random expressions come to, over fixed seeds: TestProofsHold would hold of
// expressions that prove nothing, too.
func TestDrawnVerdicts(t *testing.T) {
	proven := map[Verdict]int{}
	expressions := rapid.Custom(drawExpression)
	for seed := range 300 {
		verdict, _ := Prove(expressions.Example(seed), boundsOf)
		proven[verdict]++
	}
	if proven[Always] < 10 || proven[Never] < 10 || proven[Unknown] < 10 {
		t.Errorf("the random expressions try too little: %v", proven)
	}
}

// holds reports whether the span has the number.
func (s span) holds(v Value) bool {
	if s.empty() || v.kind == Int && !s.isInt {
		return false
	}
	if s.whole && v.kind == Float && v.Float() != math.Trunc(v.Float()) {
		return false
	}
	return compareNumbers(v, FloatOf(max(s.lo, -largest))) >= 0 && compareNumbers(v, FloatOf(min(s.hi, largest))) <= 0
}
