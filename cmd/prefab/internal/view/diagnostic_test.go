package view

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"github.com/prefab-build/prefab/spec/diag"
)

const specFile = "main.prefab.hcl"

const specText = `split "main" {
	pairs   = validate.quality.pairs
	ratioss = { train = 0.8 }
}

gate "ship" {
  check "gap" {
    condition     = validate.quality.gap >= var.min_gap
    error_message = "差距太小 é́x: too small."
  }
}
`

// at returns the range of the n-th occurrence (from 0) of part in src.
func at(t testing.TB, src, part string, n int) diag.Range {
	t.Helper()
	start := 0
	for {
		i := strings.Index(src[start:], part)
		if i < 0 {
			t.Fatalf("%q is not in the source", part)
		}
		if start += i; n == 0 {
			break
		}
		start++
		n--
	}
	return between(src, start, start+len(part))
}

func between(src string, start, end int) diag.Range {
	pos := func(at int) diag.Pos {
		line := strings.LastIndex(src[:at], "\n") + 1
		return diag.Pos{Line: strings.Count(src[:at], "\n") + 1, Column: len([]rune(src[line:at])) + 1, Byte: at}
	}
	return diag.Range{File: specFile, Start: pos(start), End: pos(end)}
}

func TestDiagnostics(t *testing.T) {
	long := `x = "` + strings.Repeat("long ", 40) + `" + nothing + "` + strings.Repeat(" tail", 40) + `"`
	many := "list = [\n  1,\n\n  2,\n  3,\n  4,\n  5,\n  6,\n]\n"
	for _, c := range []struct {
		name, src string
		d         diag.Diagnostic
		opts      DiagnosticOptions
		want      string
	}{
		{
			name: "a tab before the span, a suggestion", src: specText,
			d: diag.Diagnostic{
				Severity: diag.Error, Summary: "Unknown attribute", Block: "split.main", Subject: at(t, specText, "ratioss", 0),
				Detail: `A split has no attribute "ratioss". Did you mean "ratios"?`,
			},
			want: `
╷
│ Error: Unknown attribute
│
│   on main.prefab.hcl line 3, in split.main:
│     3 │     ratioss = { train = 0.8 }
│       │     ^^^^^^^
│
│ A split has no attribute "ratioss". Did you mean "ratios"?
╵
`,
		},
		{
			name: "values and wrapped detail", src: specText,
			d: diag.Diagnostic{
				Severity: diag.Warning, Summary: "Condition can never hold", Block: "gate.ship",
				Subject: at(t, specText, "validate.quality.gap >= var.min_gap", 0),
				Values:  []diag.Operand{{Traversal: "validate.quality.gap", Value: "a number in [-1, 1]"}, {Traversal: "var.min_gap", Value: "1.2"}},
				Detail: "validate.quality.gap lies in [-1, 1], so validate.quality.gap >= 1.2 can never hold. Lower the limit, or measure " +
					"the gap on another scale.\n\n  gap = mean(chosen - rejected)",
			},
			want: `
╷
│ Warning: Condition can never hold
│
│   on main.prefab.hcl line 8, in gate.ship:
│     8 │     condition     = validate.quality.gap >= var.min_gap
│       │                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
│       ├─ validate.quality.gap is a number in [-1, 1]
│       └─ var.min_gap is 1.2
│
│ validate.quality.gap lies in [-1, 1], so validate.quality.gap >= 1.2 can never
│ hold. Lower the limit, or measure the gap on another scale.
│
│   gap = mean(chosen - rejected)
╵
`,
		},
		{
			name: "wide and combining characters before and in the span", src: specText,
			d: diag.Diagnostic{Severity: diag.Error, Summary: "Odd text", Subject: at(t, specText, "小 é́x", 0)},
			want: `
╷
│ Error: Odd text
│
│   on main.prefab.hcl line 9:
│     9 │     error_message = "差距太小 é́x: too small."
│       │                            ^^^^^
╵
`,
		},
		{
			name: "several lines within a context", src: specText,
			d: diag.Diagnostic{
				Severity: diag.Error, Summary: "Bad check", Subject: at(t, specText, "min_gap\n    error_message", 0),
				Context: between(specText, strings.Index(specText, "check"), strings.LastIndex(specText, "}\n}")),
			},
			want: `
╷
│ Error: Bad check
│
│   on main.prefab.hcl line 8:
│      7 │   check "gap" {
│      8 │     condition     = validate.quality.gap >= var.min_gap
│        │                                                 ^^^^^^^
│      9 │     error_message = "差距太小 é́x: too small."
│        │     ^^^^^^^^^^^^^
│     10 │   }
╵
`,
		},
		{
			name: "a long range is cut in the middle", src: many,
			d: diag.Diagnostic{Severity: diag.Error, Summary: "Wrong type", Subject: between(many, 7, len(many)-1)},
			want: `
╷
│ Error: Wrong type
│
│   on main.prefab.hcl line 1:
│     1 │ list = [
│       │        ^
│     2 │   1,
│       │   ^^
│     3 │
│       ⋮
│     7 │   5,
│       │   ^^
│     8 │   6,
│       │   ^^
│     9 │ ]
│       │ ^
╵
`,
		},
		{
			name: "a long line shows the span and what is before it", src: long,
			d:    diag.Diagnostic{Severity: diag.Error, Summary: "Unknown name", Subject: at(t, long, "nothing", 0)},
			opts: DiagnosticOptions{Width: 60},
			want: `
╷
│ Error: Unknown name
│
│   on main.prefab.hcl line 1:
│     1 │ …ng long " + nothing + " tail tail tail tail tail…
│       │              ^^^^^^^
╵
`,
		},
		{
			name: "a place between characters, at the end of a line", src: "a = [1\nb = 2\n",
			d: diag.Diagnostic{Severity: diag.Error, Summary: "Missing bracket", Subject: between("a = [1\nb = 2\n", 6, 6)},
			want: `
╷
│ Error: Missing bracket
│
│   on main.prefab.hcl line 1:
│     1 │ a = [1
│       │       ^
╵
`,
		},
		{
			name: "the end of the file", src: "a {\n",
			d: diag.Diagnostic{Severity: diag.Error, Summary: "Unclosed block", Subject: between("a {\n", 4, 4), Context: between("a {\n", 0, 4)},
			want: `
╷
│ Error: Unclosed block
│
│   on main.prefab.hcl line 2:
│     1 │ a {
│     2 │
│       │ ^
╵
`,
		},
		{
			name: "carriage returns and characters that would act on the terminal", src: "a = \"\x1b[31m\u202e\xff\" + b\r\nc = 1\r\n",
			d: diag.Diagnostic{
				Severity: diag.Error, Summary: "Unknown \x1b[2Jname", Detail: "No\u0007thing.",
				Subject: at(t, "a = \"\x1b[31m\u202e\xff\" + b\r\nc = 1\r\n", "b", 0),
			},
			want: "\n╷\n│ Error: Unknown ␛[2Jname\n│\n│   on main.prefab.hcl line 1:\n" +
				"│     1 │ a = \"␛[31m\ufffd\ufffd\" + b\n" +
				"│       │                 ^\n│\n│ No␇thing.\n╵\n",
		},
		{
			name: "no source", src: "",
			d: diag.Diagnostic{
				Severity: diag.Error, Summary: "Unknown name", Subject: at(t, long, "nothing", 0), Block: "split.main",
				Values: []diag.Operand{{Traversal: "var.x", Value: "1"}},
			},
			want: `
╷
│ Error: Unknown name
│
│   on main.prefab.hcl line 1, in split.main:
│     (the source is not at hand)
│     └─ var.x is 1
╵
`,
		},
		{
			name: "a sensitive value", src: specText,
			d: diag.Diagnostic{Severity: diag.Error, Summary: "Wrong type", Subject: at(t, specText, "ratioss", 0), Secret: true, Detail: "No."},
			want: `
╷
│ Error: Wrong type
│
│   on main.prefab.hcl line 3:
│     (the source is not shown: a sensitive value stands there)
│
│ No.
╵
`,
		},
		{
			name: "no place",
			d:    diag.Diagnostic{Severity: diag.Error, Summary: "Missing variable", Detail: "Give it with --var pairs_file=PATH."},
			want: `
╷
│ Error: Missing variable
│
│ Give it with --var pairs_file=PATH.
╵
`,
		},
		{
			name: "another file than the one that was read", src: "short",
			d: diag.Diagnostic{Severity: diag.Error, Summary: "Stale", Subject: diag.Range{
				File: specFile, Start: diag.Pos{Line: 3, Column: 1, Byte: 2}, End: diag.Pos{Line: 3, Column: 2, Byte: 3},
			}},
			want: `
╷
│ Error: Stale
│
│   on main.prefab.hcl line 3:
│     (the source is not at hand)
╵
`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			files := map[string][]byte{specFile: []byte(c.src)}
			if err := Diagnostics(&b, diag.List{c.d}, files, c.opts); err != nil {
				t.Fatal(err)
			}
			if got := "\n" + b.String(); got != c.want {
				t.Errorf("got%s\nwant%s", got, c.want)
			}
		})
	}
}

func TestDiagnosticsInColour(t *testing.T) {
	d := diag.Diagnostic{Severity: diag.Error, Summary: "Unknown attribute", Subject: at(t, specText, "ratioss", 0), Detail: "No."}
	files := map[string][]byte{specFile: []byte(specText)}
	var plain, coloured bytes.Buffer
	if err := Diagnostics(&plain, diag.List{d}, files, DiagnosticOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := Diagnostics(&coloured, diag.List{d}, files, DiagnosticOptions{Color: true}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain.String(), "\x1b") {
		t.Error("there are escapes in text without colour")
	}
	if got := ansi.Strip(coloured.String()); got != plain.String() {
		t.Errorf("without its colours the text is\n%s\nand not\n%s", got, plain.String())
	}
	if !strings.Contains(coloured.String(), "\x1b[1;31mError:\x1b[0m") || !strings.Contains(coloured.String(), "\x1b[1;31m^^^^^^^\x1b[0m") {
		t.Errorf("the title or the marks are not red: %q", coloured.String())
	}
}

func TestDiagnosticsJSON(t *testing.T) {
	doc := DiagnosticsJSON(diag.List{
		{
			Severity: diag.Error, Code: "unknown-attribute", Summary: "Unknown attribute", Detail: "No.", Block: "split.main",
			Subject: at(t, specText, "ratioss", 0), Values: []diag.Operand{{Traversal: "var.x", Value: "1"}},
		},
		{Severity: diag.Warning, Code: "always", Summary: "Condition always holds", Subject: at(t, specText, "ratioss", 0), Secret: true},
	}, map[string][]byte{specFile: []byte(specText)})
	got, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"format_version":"1","valid":false,"error_count":1,"warning_count":1,"diagnostics":[` +
		`{"severity":"error","code":"unknown-attribute","summary":"Unknown attribute","detail":"No.","block":"split.main",` +
		`"range":{"file":"main.prefab.hcl","start":{"line":3,"column":2,"byte":50},"end":{"line":3,"column":9,"byte":57}},` +
		`"source":"\tratioss = { train = 0.8 }","values":[{"traversal":"var.x","value":"1"}]},` +
		`{"severity":"warning","code":"always","summary":"Condition always holds",` +
		`"range":{"file":"main.prefab.hcl","start":{"line":3,"column":2,"byte":50},"end":{"line":3,"column":9,"byte":57}}}]}`
	if string(got) != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if doc := DiagnosticsJSON(nil, nil); !doc.Valid || doc.Diagnostics == nil {
		t.Errorf("no problems are %+v", doc)
	}
}

// TestMarksStandBelowTheSpan checks any text and any range of it: nothing panics, no line is wider than the terminal
// unless a single word is, and the marks are as wide as what they mark.
func TestMarksStandBelowTheSpan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\t", "\n", "\r\n", "小", "é́", "👩‍👩‍👧", "\x1b[1m", "\xff", "abc "}))
		src := strings.Join(rapid.SliceOfN(part, 0, 30).Draw(t, "src"), "")
		start := rapid.IntRange(0, len(src)).Draw(t, "start")
		end := rapid.IntRange(start, len(src)).Draw(t, "end")
		width := rapid.IntRange(0, 100).Draw(t, "width")
		r := between(src, start, end)
		var b bytes.Buffer
		files := map[string][]byte{specFile: []byte(src)}
		if err := Diagnostics(&b, diag.List{{Severity: diag.Error, Summary: "S", Subject: r}}, files, DiagnosticOptions{Width: width}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if n := columns(newSourceLine(1, []byte(strings.TrimSuffix(line, "\n")), 0, 0).cells); n > max(width, 40) && width > 0 {
				t.Fatalf("%q takes %d columns of %d", line, n, width)
			}
		}
		if src != "" && !strings.Contains(b.String(), "^") && strings.TrimSpace(src[start:end]) != "" {
			t.Fatalf("nothing is marked in\n%s", b.String())
		}
	})
}
