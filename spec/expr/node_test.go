package expr_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/spec/expr"
)

func TestNodeJSON(t *testing.T) {
	n := cond(
		bin(metric("evaluate.rm", "validation", "accuracy"), ">=", lit(2.0)),
		list(lit(2), lit("<&>"), lit(nil), lit(true), lit(0.1), lit(-1e300)),
		&expr.Node{
			Op: expr.For, Name: "...", Path: []string{"", "v"}, Keys: []*expr.Node{loopVar("v", "k")},
			Args: []*expr.Node{row("x", "y"), loopVar("v")},
		})
	const want = `{"op":"if","args":[` +
		`{"op":"binary","name":">=","args":[{"op":"metric","name":"evaluate.rm","path":["validation","accuracy"]},{"op":"literal","value":2.0}]},` +
		`{"op":"list","args":[{"op":"literal","value":2},{"op":"literal","value":"<&>"},{"op":"literal"},{"op":"literal","value":true},` +
		`{"op":"literal","value":0.1},{"op":"literal","value":-1e+300}]},` +
		`{"op":"for","name":"...","path":["","v"],"args":[{"op":"row","name":"x","path":["y"]},{"op":"loop","name":"v"}],"keys":[{"op":"loop","name":"v","path":["k"]}]}]}`
	b, err := n.MarshalJSON()
	if err != nil || string(b) != want {
		t.Fatalf("%v\n got %s\nwant %s", err, b, want)
	}
	var back expr.Node
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(&back, n) {
		t.Errorf("%v: %s came back", err, &back)
	}
	// A node within other JSON keeps its numbers too.
	var in struct{ N *expr.Node }
	if err := json.Unmarshal([]byte(`{"N":`+want+`}`), &in); err != nil || !reflect.DeepEqual(in.N, n) {
		t.Errorf("%v: %s came back", err, in.N)
	}
	for _, bad := range []string{`{"op":"literal","value":[1]}`, `{"op":"literal","value":99999999999999999999}`, `{"op":1}`, `[]`} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
	if _, err := lit(math.NaN()).MarshalJSON(); err == nil {
		t.Error("NaN was written")
	}
}

func TestNodeString(t *testing.T) {
	key := each("k", "v", row("m"), loopVar("v"), bin(loopVar("v"), ">", lit(1)))
	key.Keys = []*expr.Node{tmpl(loopVar("k"), lit("-${x}"))}
	for _, c := range []struct {
		n    *expr.Node
		want string
	}{
		{bin(bin(lit(1), "+", lit(2)), "*", lit(-3)), `(1 + 2) * -3`},
		{bin(lit(1), "-", bin(lit(2), "-", lit(3))), `1 - (2 - 3)`},
		{bin(bin(lit(1), "-", lit(2)), "-", lit(3)), `1 - 2 - 3`},
		{un("!", bin(row("a"), "&&", row("b"))), `!(row.a && row.b)`},
		{un("-", un("-", row("a"))), `-(-row.a)`},
		{bin(un("!", row("a")), "||", bin(row("b"), "&&", row("c"))), `!row.a || row.b && row.c`},
		{cond(cond(row("a"), row("b"), row("c")), lit("x"), cond(row("d"), lit(1), lit(2))), `(row.a ? row.b : row.c) ? "x" : row.d ? 1 : 2`},
		{index(attr(call("first", row("")), "x"), lit("a b")), `first(row).x["a b"]`},
		{row("odd name", "0", "01", "ok"), `row["odd name"][0]["01"].ok`},
		{metric(`evaluate.rm["a"]`, "validation", "accuracy"), `evaluate.rm["a"].validation.accuracy`},
		{tmpl(lit("a\"\n${"), row("b"), lit("\u200b%{")), `"a\"\n$${${row.b}\u200b%%{"`},
		{object(lit("a"), lit(1), lit("b c"), lit(2), row("k"), lit(3)), `{ a = 1, "b c" = 2, (row.k) = 3 }`},
		{object(), `{}`},
		{key, `{for k, v in row.m : "${k}-$${x}" => v if v > 1}`},
		{lit(1e21), `1e+21`},
		{&expr.Node{Op: expr.Binary}, `?  ?`},
		{nil, `?`},
	} {
		if got := c.n.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestReferencesOfANode(t *testing.T) {
	m := metric("evaluate.rm", "accuracy")
	n := cond(bin(m, ">", metric("a.b", "c")), each("", "v", row("list"), row("scores", "help")), list(row(""), row("list"), m))
	if got := fmt.Sprint(expr.Metrics(n)); got != "[a.b.c evaluate.rm.accuracy]" {
		t.Error(got)
	}
	if got := fmt.Sprintf("%q", expr.Fields(n)); got != `[[] ["list"] ["scores" "help"]]` {
		t.Error(got)
	}
}

func TestValidate(t *testing.T) {
	m := metric("evaluate.rm", "accuracy")
	deep := lit(true)
	for range expr.MaxDepth + 1 {
		deep = un("!", deep)
	}
	wide := list(make([]*expr.Node, expr.MaxNodes)...)
	for i := range wide.Args {
		wide.Args[i] = lit(1)
	}
	twoKeys := each("", "v", row("x"), loopVar("v"))
	twoKeys.Keys = []*expr.Node{lit(1), lit(2)}
	grouped := each("", "v", row("x"), loopVar("v"))
	grouped.Name = "..."
	for _, c := range []struct {
		n    *expr.Node
		want string
	}{
		{nil, "a part of the expression is missing"},
		{list(nil), "a part of the expression is missing"},
		{&expr.Node{Op: "let"}, `"let" is no op of the expression language expr/1`},
		{&expr.Node{Op: expr.Literal, Name: "x"}, "literal has a name, which it may not have"},
		{&expr.Node{Op: expr.Metric, Name: "a.b"}, "metric lacks a path"},
		{&expr.Node{Op: expr.Row, Path: []string{"a"}}, "row has a path but no field"},
		{lit([]any{}), "a literal is of type []interface {}: it must be nil, bool, int64, float64 or string"},
		{lit(math.Inf(1)), "a literal is +Inf, which is not a finite number"},
		{&expr.Node{Op: expr.If, Args: []*expr.Node{lit(true)}}, "if  has 1 arguments"},
		{un("+", lit(1)), `"+" is no operator on one operand`},
		{bin(lit(1), "**", lit(2)), `"**" is no operator on two operands`},
		{&expr.Node{Op: expr.Object, Args: []*expr.Node{lit(1)}}, "an object has 0 keys and 1 values"},
		{call("try", lit(1)), `"try" is no function of expressions that are evaluated later`},
		{call("lower"), "lower has 0 arguments: it is lower(string string) string"},
		{call("regex", row("p"), lit("x")), "the pattern of regex must be a constant string"},
		{call("regex", lit("("), lit("x")), "the pattern of regex: \"(\" is no regular expression as RE2 knows it: error parsing regexp: missing closing ): `(`"},
		{call("coalesce", bin(m, "+", lit(1)), lit(0)), "coalesce accepts no metric such as evaluate.rm.accuracy: nothing may stand in for a missing measurement"},
		{call("lookup", row("x"), lit("a"), m), "lookup accepts no metric such as evaluate.rm.accuracy: nothing may stand in for a missing measurement"},
		{bin(lit(nil), "!=", m), "null != evaluate.rm.accuracy compares a metric with null: a metric that is unavailable is never null, and the condition is then not evaluated at all; leave the comparison out"},
		{loopVar("v"), `no for binds the variable "v"`},
		{each("", "v", loopVar("v"), loopVar("v")), `no for binds the variable "v"`},
		{list(each("", "v", row("x"), loopVar("v")), loopVar("v")), `no for binds the variable "v"`},
		{each("k", "", row("x"), lit(1)), "a for names its variables as {key or nothing, value}"},
		{twoKeys, "a for has more than one key"},
		{grouped, "a for that makes a list cannot group its values, as one that makes an object can"},
		{deep, "the expression is nested deeper than 1000"},
		{wide, "the expression has more than 100000 parts"},
	} {
		err := expr.Validate(c.n)
		if err == nil || err.Error() != c.want {
			t.Errorf("%.80s\n got %v\nwant %s", c.n, err, c.want)
		}
		if _, err := expr.Compile(c.n); err == nil {
			t.Errorf("%.80s compiles", c.n)
		}
	}
	if s := deep.String(); !strings.Contains(s, "…") {
		t.Error("a node that is too deep must print cut")
	}
}
