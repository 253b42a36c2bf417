package lang

import (
	"strings"
	"testing"

	"github.com/prefab-build/prefab/spec"
)

const oneVariable = `
variable "x" {
  type    = string
  default = "default"
}
output "x" { value = var.x }
`

// TestPrecedence gives one variable from ever more places: each holds over those before it.
func TestPrecedence(t *testing.T) {
	files := map[string]string{"main.prefab.hcl": oneVariable}
	opts := Options{}
	check := func(want string) {
		t.Helper()
		p := mustLoad(t, files, opts)
		if got := p.Outputs[0].Value.Value; got != want {
			t.Errorf("var.x is %v, want %q", got, want)
		}
	}
	check("default")
	opts.Environ = func(name string) (string, bool) {
		return "environment", name == "PREFAB_VAR_x" || name == "PREFAB_VAR_unknown"
	}
	check("environment")
	files["b.auto.prefabvars"] = `x = "auto b"`
	check("auto b")
	files["c.auto.prefabvars.json"] = `{"x": "auto c"}`
	check("auto c")
	files["a.auto.prefabvars"] = `x = "auto a"`
	check("auto c") // the order is that of the names
	files["given.prefabvars"] = `x = "file"`
	check("auto c") // not an auto file
	recorded := func(by spec.Giver) []spec.Variable {
		return []spec.Variable{{Name: "x", Value: []byte(`"recorded"`), From: by}, {Name: "gone", Value: []byte(`1`), From: by}, {Name: "secret"}}
	}
	opts.Recorded = recorded(spec.FromSpec)
	check("auto c") // it is read anew
	opts.Recorded = recorded(spec.FromEnvironment)
	check("auto c") // files hold over the environment, then as now
	opts.Recorded = recorded(spec.FromCommandLine)
	check("recorded")
	opts.Given = append(opts.Given, Given{Name: "x", Value: "first"})
	check("first")
	opts.Given = append(opts.Given, Given{File: "given.prefabvars"})
	check("file") // of the command line the later holds
	opts.Given = append(opts.Given, Given{Name: "x", Value: "last"})
	check("last")
}

// TestGivenTypes reads texts by the type of their variable.
func TestGivenTypes(t *testing.T) {
	for _, c := range []struct{ typ, given, want string }{
		{"string", "1", `"1"`},
		{"string", `a "b"`, `"a \"b\""`},
		{"any", "0.50", `"0.50"`},
		{"number", "0.50", `0.5`},
		{"number", "1e3", `1000`},
		{"bool", "true", `true`},
		{"list(string)", `["a", "b"]`, `["a","b"]`},
		{"set(string)", `["b", "a", "b"]`, `["a","b"]`},
		{"map(number)", `{ a = 1 }`, `{"a":1}`},
		{"object({ a = string, b = optional(number, 2) })", `{ a = 1 }`, `{"a":"1","b":2}`},
		{"list(object({ p = optional(string) }))", `[{}]`, `[{"p":null}]`},
		{"tuple([string, number])", `[1, "2"]`, `["1",2]`},
		{"string", "${template} %{if}", `"${template} %{if}"`},
	} {
		files := map[string]string{"main.prefab.hcl": `variable "x" { type = ` + c.typ + ` }`}
		p := mustLoad(t, files, Options{Given: []Given{{Name: "x", Value: c.given}}})
		if got := string(p.Variables[0].Value); got != c.want {
			t.Errorf("%s given %s is %s, want %s", c.typ, c.given, got, c.want)
		}
		again := mustLoad(t, files, Options{Recorded: p.Variables})
		if got := string(again.Variables[0].Value); got != c.want {
			t.Errorf("%s as a saved plan recorded it, %s, is %s", c.typ, c.want, got)
		}
	}
}

func TestVariableProblems(t *testing.T) {
	const src = `
variable "ratio" {
  type     = number
  nullable = false
  validation {
    condition     = var.ratio > 0
    error_message = "The ratio ${var.ratio} must be above 0."
  }
  validation {
    condition     = var.ratio < 1
    error_message = "Too large."
  }
}
`
	give := func(name, value string) Options { return Options{Given: []Given{{Name: name, Value: value}}} }
	for _, c := range []struct {
		name, src string
		extra     map[string]string
		opts      Options
		want      []string // code and a part of the detail
	}{
		{"required", src, nil, Options{}, []string{"missing-variable", "--var 'ratio=...'"}},
		{"unknown flag", src, nil, Options{Given: []Given{{Name: "ratio", Value: "0.5"}, {Name: "ratoi", Value: "1"}}}, []string{"unknown-variable", "Did you mean ratio?"}},
		{"type", src, nil, give("ratio", "half"), []string{"variable-type", "--var gives of var.ratio is a string, and its type is number"}},
		{"null in a file", src, map[string]string{"a.auto.prefabvars": "ratio = null"}, Options{}, []string{"null-variable", "not nullable"}},
		{"first validation", src, nil, give("ratio", "-1"), []string{"invalid-variable", "var.ratio: The ratio -1 must be above 0."}},
		{"second validation", src, nil, give("ratio", "2"), []string{"invalid-variable", "Too large."}},
		{"unknown in a file", src, map[string]string{"a.auto.prefabvars": "ratio = 0.5\nratoi = 1"}, Options{}, []string{"unknown-variable", "Did you mean ratio?"}},
		{"missing file", src, nil, Options{Given: []Given{{Name: "ratio", Value: "0.5"}, {File: "none"}}}, []string{"unreadable-file", "none cannot be read"}},
		{"syntax", `variable "x" { type = list(string) }`, nil, give("x", "[a"), []string{"variable-syntax", "Lists are written"}},
		{"bad type", `variable "x" { type = strng }`, nil, give("x", "a"), []string{"invalid-type", "strng"}},
		{"quoted type", `variable "x" { type = "string" }`, nil, give("x", "a"), []string{"invalid-type", "without quotes"}},
		{"default of another type", "variable \"x\" {\n type = number\n default = \"a\"\n}", nil, Options{}, []string{"variable-type", "The default of var.x"}},
		{"reference in default", `variable "x" { default = local.y }`, nil, Options{}, []string{"default-reference", "plain value"}},
		{"validation reads a local", "variable \"x\" {\n default = 1\n validation {\n condition = local.y\n error_message = \"\"\n}\n}", nil, Options{}, []string{"validation-reference", "variables only"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{"main.prefab.hcl": c.src}
			for name, text := range c.extra {
				files[name] = text
			}
			_, diags := loadFiles(t, files, c.opts)
			if len(diags) != 1 {
				t.Fatalf("%d problems, want 1: %v", len(diags), diags)
			}
			if d := diags[0]; d.Code != c.want[0] || !strings.Contains(d.Detail, c.want[1]) {
				t.Errorf("problem %s %q, want %s %q", d.Code, d.Detail, c.want[0], c.want[1])
			}
		})
	}
}

// TestSensitiveRecorded keeps the value of a sensitive variable out of the pipeline's record of variables.
func TestSensitiveRecorded(t *testing.T) {
	p := mustLoad(t, map[string]string{"main.prefab.hcl": "variable \"k\" {\n type = string\n sensitive = true\n}"},
		Options{Given: []Given{{Name: "k", Value: "hush"}}})
	if b := indented(t, p); strings.Contains(string(b), "hush") {
		t.Errorf("the value of a sensitive variable is in the pipeline:\n%s", b)
	}
	if v := p.Variables[0]; !v.Sensitive || v.Value != nil {
		t.Errorf("recorded as %+v", v)
	}
	_, diags := loadFiles(t, map[string]string{"main.prefab.hcl": "variable \"k\" {\n type = number\n sensitive = true\n}"},
		Options{Given: []Given{{Name: "k", Value: "hush"}}})
	if len(diags) != 1 || strings.Contains(diags.Error(), "hush") {
		t.Errorf("problems %v, want one that does not show the value", diags)
	}
}
