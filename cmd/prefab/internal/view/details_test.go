package view

import (
	"bytes"
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"

	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

func detailsOf(t any, members map[string]string) string {
	var out bytes.Buffer
	New(&out, &out, Options{NoColor: true}).details(t, members, 2)
	return out.String()
}

func TestDetails(t *testing.T) {
	type record = map[string]any
	for _, c := range []struct {
		name    string
		table   any
		members map[string]string
		want    string
	}{
		{"nothing", nil, nil, ""},
		{"empty", record{}, nil, ""},
		{"an object of numbers", record{"ties": 3, "agreement": 0.73}, nil, "" +
			"  agreement  0.73\n" +
			"  ties          3\n"},
		{"a list of flat objects, texts first, a value missing", []any{
			record{"n": 1200, "category": "code", "p": 0.5}, record{"n": 7, "category": ""},
		}, nil, "" +
			"  category      n    p\n" +
			"  code      1,200  0.5\n" +
			"                7\n"},
		{"members of an input by their addresses, ten after two", record{
			"10": record{"items": 3}, "2": record{"items": 40},
		}, map[string]string{"10": "benchmark.mmlu", "2": "benchmark.gsm8k"}, "" +
			"                   items\n" +
			"  benchmark.gsm8k     40\n" +
			"  benchmark.mmlu       3\n"},
		{"what is deeper, under its name", record{
			"equal": 2, "parts": record{"test": 1, "validation": 1}, "rows": []any{strings.Repeat("ab", 32), "x"}, "none": []any{},
		}, nil, "" +
			"  equal  2\n" +
			"  rows\n" +
			"    abababababab, x\n" +
			"  parts\n" +
			"    test        1\n" +
			"    validation  1\n"},
		{"columns in the order in which they are read", []any{
			record{"high": 0.6, "low": 0.4, "accuracy": 0.5, "n": 9, "category": "code", "p": 0.5, "own": 1},
		}, nil, "" +
			"  category  n  accuracy  low  high    p  own\n" +
			"  code      9       0.5  0.4   0.6  0.5    1\n"},
		{"quantiles from the least to the greatest", record{"max": 9, "p95": 8, "p05": 2, "min": 1}, nil, "" +
			"  min  1\n" +
			"  p05  2\n" +
			"  p95  8\n" +
			"  max  9\n"},
	} {
		if got := detailsOf(c.table, c.members); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// Wide rows are printed one value after another, long tables are cut, and nothing is wider than the page.
func TestDetailsFitThePage(t *testing.T) {
	wide := map[string]any{}
	for i := range 9 {
		wide[strings.Repeat(string(rune('a'+i)), 12)] = i
	}
	got := detailsOf([]any{wide, wide}, nil)
	if !strings.HasPrefix(got, "  aaaaaaaaaaaa 0, bbbbbbbbbbbb 1,") {
		t.Errorf("a wide row is\n%s", got)
	}
	long := make([]any, 40)
	for i := range long {
		long[i] = map[string]any{"n": i}
	}
	more := detailsOf(long, nil)
	if !strings.HasSuffix(more, "  and 24 more: --json has them all\n") {
		t.Errorf("40 rows are\n%s", more)
	}
	for line := range strings.Lines(got + more) {
		if lipgloss.Width(strings.TrimRight(line, "\n")) > 80 {
			t.Errorf("%q is wider than the page", line)
		}
	}
}

func TestMembersOf(t *testing.T) {
	ref := func(kind, name string) []spec.Ref { return []spec.Ref{{Addr: spec.Addr{Kind: kind, Name: name}}} }
	n := &planner.Node{Block: &spec.Block{Inputs: []spec.Input{
		{Port: "pairs", Refs: ref("dataset", "raw")},
		{Port: "against", Member: "0", Refs: ref("benchmark", "a")},
		{Port: "against", Member: "1", Refs: ref("benchmark", "b")},
	}}}
	if m := Members(n); len(m) != 2 || m["0"] != "benchmark.a" || m["1"] != "benchmark.b" {
		t.Errorf("the members are %v", m)
	}
	n.Block.Inputs = append(n.Block.Inputs, spec.Input{Port: "other", Member: "0", Refs: ref("benchmark", "c")})
	if m := Members(n); m != nil {
		t.Errorf("0 is a member of two inputs, and stands for %v", m)
	}
}
