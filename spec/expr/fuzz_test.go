package expr_test

import (
	"encoding/json"
	"testing"

	"github.com/prefab-build/prefab/spec/expr"
)

// FuzzEval feeds any JSON as an expression and any JSON as a row: nothing panics, what compiles survives its own JSON
// unchanged, and evaluation is repeatable.
func FuzzEval(f *testing.F) {
	for _, n := range []*expr.Node{
		cond(bin(row("n"), ">", lit(1)), tmpl(lit("a"), row("x")), un("-", row("n"))),
		each("k", "v", row("scores"), object(loopVar("k"), loopVar("v"))),
		call("join", lit(","), call("distinct", row("tags"))),
		call("regexreplace", lit("(.)"), row("prompt"), lit("$1$1")),
		call("substr", row("prompt"), lit(-1), row("n")),
		call("format", lit("%5.2f %s"), row("x"), row("none")),
		bin(metric("evaluate.rm", "accuracy"), "/", bin(row("big"), "%", lit(-1))),
		index(row("votes"), lit(1.5)), attr(row(""), "scores", "help"),
	} {
		b, err := json.Marshal(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, []byte(sampleRow))
	}
	f.Fuzz(func(t *testing.T, text, data []byte) {
		var n expr.Node
		if json.Unmarshal(text, &n) != nil {
			return
		}
		_ = n.String()
		p, err := expr.Compile(&n)
		if err != nil {
			return
		}
		b, err := json.Marshal(&n)
		if err != nil {
			t.Fatalf("%s compiles and has no JSON: %v", &n, err)
		}
		var back expr.Node
		if err := json.Unmarshal(b, &back); err != nil || back.String() != n.String() {
			t.Fatalf("%s came back as %s: %v", &n, &back, err)
		}
		r, err := expr.FromJSON(data)
		if err != nil {
			return
		}
		env := expr.Env{Row: r, Metric: measured}
		v, err := p.Eval(&env)
		again, errAgain := p.Eval(&env)
		if (err == nil) != (errAgain == nil) || err == nil && !expr.Equal(v, again) {
			t.Fatalf("%s is %s %v and then %s %v", &n, v, err, again, errAgain)
		}
		if err == nil {
			if back, err := expr.FromJSON(v.AppendJSON(nil)); err != nil || back.String() != v.String() {
				t.Fatalf("%s has the value %s, which came back as %s: %v", &n, v, back, err)
			}
		}
		_, _, _ = expr.EvalCondition(&n, &env)
		_, _ = expr.Message(&n, &env)
		_, _ = expr.Prove(&n, func(string, []string) (float64, float64, bool, bool) { return 0, 1, false, true })
	})
}

// FuzzFromJSON holds FromJSON against encoding/json, which is laxer: what the one takes, the other takes too.
func FuzzFromJSON(f *testing.F) {
	f.Add([]byte(sampleRow))
	f.Add([]byte(`"\ud83d\ude00\u0000"`))
	f.Add([]byte(`[1e400, -0, 01]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := expr.FromJSON(text)
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("%q is no JSON and was read as %s", text, v)
		}
		canonical := v.AppendJSON(nil)
		back, err := expr.FromJSON(canonical)
		if err != nil || string(back.AppendJSON(nil)) != string(canonical) {
			t.Fatalf("%q became %s and then %s: %v", text, canonical, back, err)
		}
	})
}
