package expr_test

import (
	"testing"

	"github.com/prefab-build/prefab/spec/expr"
)

const sampleRow = `{
	"prompt": "Why?", "chosen": "Because.", "n": 3, "x": 0.5, "big": 9223372036854775807, "flag": true, "none": null,
	"votes": ["a", 2, 3.5], "tags": ["b", "a", "b"], "scores": {"help": 4, "style": {"tone": 1.5}},
	"turns": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hé"}]
}`

func sample(t testing.TB) expr.Value {
	t.Helper()
	v, err := expr.FromJSON([]byte(sampleRow))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// check evaluates n over the sample row and compares the canonical JSON of the value, or the error.
func check(t *testing.T, n *expr.Node, want string) {
	t.Helper()
	p, err := expr.Compile(n)
	if err != nil {
		t.Errorf("%s does not compile: %v", n, err)
		return
	}
	env := expr.Env{Row: sample(t)}
	got := ""
	if v, err := p.Eval(&env); err != nil {
		got = err.Error()
	} else {
		got = v.String()
	}
	if got != want {
		t.Errorf("%s\n got %s\nwant %s", n, got, want)
	}
}

func TestReferences(t *testing.T) {
	for _, c := range []struct {
		n    *expr.Node
		want string
	}{
		{row("prompt"), `"Why?"`},
		{row("absent"), `null`},
		{row("absent", "deeper"), `null`},
		{row("scores", "style", "tone"), `1.5`},
		{row("votes", "1"), `2`},
		{row("votes", "3"), `row.votes[3]: row.votes has 3 elements, so no [3]`},
		{row("votes", "x"), `row.votes.x: row.votes is a list: it has no field "x"`},
		{row("prompt", "x"), `row.prompt.x: row.prompt is a string, which has no fields`},
		{row("scores", "help", "x", "y"), `row.scores.help.x.y: row.scores.help is an integer, which has no fields`},
		{index(row("votes"), lit(0)), `"a"`},
		{index(row("votes"), lit(2.0)), `3.5`},
		{index(row("votes"), lit(-1)), `row.votes[-1]: row.votes has 3 elements, so no [-1]`},
		{index(row("votes"), lit("a")), `row.votes["a"]: "a" is a string: a place in a list is a whole number`},
		{index(row("scores"), lit("help")), `4`},
		{index(row("scores"), lit("no")), `null`},
		{index(row("absent"), lit(0)), `null`},
		{index(row("n"), lit(0)), `row.n[0]: row.n is an integer, neither a list nor an object`},
		{attr(index(row("turns"), lit(1)), "content"), `"Hé"`},
		{metric("evaluate.rm", "accuracy"), `evaluate.rm.accuracy: the metric is unavailable: no metrics are known here`},
	} {
		check(t, c.n, c.want)
	}
}

func TestOperators(t *testing.T) {
	big := row("big")
	for _, c := range []struct {
		n    *expr.Node
		want string
	}{
		{bin(row("n"), "+", lit(4)), `7`},
		{bin(row("n"), "+", lit(0.5)), `3.5`},
		{bin(row("n"), "/", lit(2)), `1.5`},
		{bin(lit(4), "/", lit(2)), `2.0`},
		{bin(lit(-7), "%", lit(3)), `-1`},
		{bin(lit(7.5), "%", lit(2)), `1.5`},
		{bin(lit(1), "/", lit(0)), `1 / 0: division by zero`},
		{bin(lit(1), "%", lit(0)), `1 % 0: division by zero`},
		{bin(big, "+", lit(1)), `row.big + 1: the result is beyond 64 bits`},
		{bin(un("-", big), "-", lit(2)), `-row.big - 2: the result is beyond 64 bits`},
		{bin(un("-", big), "-", lit(1)), `-9223372036854775808`},
		{bin(bin(un("-", big), "-", lit(1)), "*", lit(-1)), `(-row.big - 1) * -1: the result is beyond 64 bits`},
		{un("-", bin(un("-", big), "-", lit(1))), `-(-row.big - 1): the result is beyond 64 bits`},
		{bin(lit(1e308), "*", lit(10)), `1e+308 * 10: the result is out of range`},
		{bin(index(row("votes"), lit(0)), "+", lit(1)), `row.votes[0] + 1: row.votes[0] is a string, not a number`},
		{bin(lit(1), "+", row("none")), `1 + row.none: row.none is null, not a number`},
		{un("-", row("x")), `-0.5`},
		{un("!", row("flag")), `false`},
		{un("!", row("n")), `!row.n: row.n is an integer, not a boolean`},
		{bin(row("n"), "==", lit(3.0)), `true`},
		{bin(row("n"), "==", lit("3")), `false`},
		{bin(row("absent"), "==", lit(nil)), `true`},
		{bin(row("none"), "!=", lit(nil)), `false`},
		{bin(row("tags"), "==", list(lit("b"), lit("a"), lit("b"))), `true`},
		{bin(big, "<", lit(9223372036854775807.0)), `true`},
		{bin(row("prompt"), ">=", lit("Why")), `true`},
		{bin(row("prompt"), "<", lit(1)), `row.prompt < 1: row.prompt is a string and 1 is an integer: only two numbers or two strings compare`},
		{bin(row("none"), "<", lit(1)), `row.none < 1: row.none is null, which has no order`},
		{bin(lit(1), "<", row("tags")), `1 < row.tags: row.tags is a list, which has no order`},
		{bin(row("flag"), "||", row("n")), `true`},
		{bin(row("flag"), "&&", row("n")), `row.flag && row.n: row.n is an integer, not a boolean`},
		{bin(lit(false), "&&", row("n")), `false`},
		{bin(row("none"), "&&", lit(true)), `row.none && true: row.none is null, not a boolean`},
		{cond(row("flag"), row("n"), row("prompt")), `3`},
		{cond(bin(row("n"), ">", lit(5)), row("n"), row("prompt")), `"Why?"`},
		{cond(row("n"), lit(1), lit(2)), `row.n ? 1 : 2: row.n is an integer, not a boolean`},
		{tmpl(lit("n="), row("n"), lit(" x="), row("x"), lit(" "), row("flag")), `"n=3 x=0.5 true"`},
		{tmpl(row("none")), `"${row.none}": row.none is null, which has no text: coalesce gives it one`},
		{tmpl(row("tags")), `"${row.tags}": row.tags is a list, which has no text: join or jsonencode makes it one`},
	} {
		check(t, c.n, c.want)
	}
}

func TestCollections(t *testing.T) {
	group := each("i", "v", row("tags"), loopVar("i"))
	group.Keys = []*expr.Node{loopVar("v")}
	group.Name = "..."
	plain := *group
	plain.Name = ""
	for _, c := range []struct {
		n    *expr.Node
		want string
	}{
		{list(row("n"), lit(nil), lit("x")), `[3,null,"x"]`},
		{object(lit("b"), row("n"), lit("a"), lit(true)), `{"a":true,"b":3}`},
		{object(row("n"), lit(1)), `{"3":1}`},
		{object(row("none"), lit(1)), `{ (row.none) = 1 }: row.none is null: no name of a field`},
		{object(lit("b"), lit(1), lit("a"), lit(2), lit("b"), lit(3)), `{ b = 1, a = 2, b = 3 }: two values have the name "b"`},
		{each("", "t", row("turns"), loopVar("t", "content")), `["Hi","Hé"]`},
		{each("i", "t", row("turns"), loopVar("i"), bin(loopVar("t", "role"), "==", lit("assistant"))), `[1]`},
		{each("k", "v", row("scores"), loopVar("k")), `["help","style"]`},
		{each("", "a", list(lit(1), lit(2)), each("", "b", list(lit(3), lit(4)), bin(loopVar("a"), "*", loopVar("b")))), `[[3,4],[6,8]]`},
		{each("", "a", list(lit(1)), each("", "a", list(lit(5)), loopVar("a"))), `[[5]]`},
		{group, `{"a":[1],"b":[0,2]}`},
		{&plain, `{for i, v in row.tags : v => i}: two values have the name "b"`},
		{each("", "v", row("none"), loopVar("v")), `[for v in row.none : v]: row.none is null, neither a list nor an object`},
		{each("", "v", row("tags"), loopVar("v"), loopVar("v")), `[for v in row.tags : v if v]: v is a string, not a boolean`},
		{each("", "v", row("votes"), bin(loopVar("v"), "+", lit(1))), `v + 1: v is a string, not a number`},
	} {
		check(t, c.n, c.want)
	}
}
