package expr_test

import (
	"testing"

	"github.com/prefab-build/prefab/spec/expr"
)

func BenchmarkEval(b *testing.B) {
	for name, n := range map[string]*expr.Node{
		"field":     row("prompt"),
		"path":      row("scores", "style", "tone"),
		"compare":   bin(row("n"), ">=", lit(3)),
		"condition": bin(bin(row("n"), ">=", lit(3)), "&&", bin(bin(row("x"), "*", lit(2)), "<", lit(1.5))),
		"call":      call("length", row("prompt")),
		"coalesce":  call("coalesce", row("absent"), row("prompt")),
		"template":  tmpl(lit("hh/"), row("prompt")),
		"loop":      each("", "t", row("turns"), loopVar("t", "content")),
	} {
		b.Run(name, func(b *testing.B) {
			p, err := expr.Compile(n)
			if err != nil {
				b.Fatal(err)
			}
			env := expr.Env{Row: sample(b)}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Eval(&env); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFromJSON(b *testing.B) {
	text := []byte(sampleRow)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := expr.FromJSON(text); err != nil {
			b.Fatal(err)
		}
	}
}

// TestPlainAccessAllocatesNothing guards what makes a row cost nanoseconds.
func TestPlainAccessAllocatesNothing(t *testing.T) {
	for _, n := range []*expr.Node{
		row("prompt"), row("scores", "style", "tone"), bin(row("n"), ">=", lit(3)), index(row("votes"), lit(1)),
		cond(row("flag"), row("n"), row("x")), call("coalesce", row("absent"), row("prompt")),
	} {
		p, err := expr.Compile(n)
		if err != nil {
			t.Fatal(err)
		}
		env := expr.Env{Row: sample(t)}
		if got := testing.AllocsPerRun(100, func() { _, _ = p.Eval(&env) }); got != 0 {
			t.Errorf("%s allocates %v times", n, got)
		}
	}
}
