package lang

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/zclconf/go-cty/cty"
)

const canary = "hunter2secret"

// TestFunctionsKeepSecrets calls every function with a sensitive value in each place, among values of all types: no
// problem quotes it, and what comes of it is sensitive again.
func TestFunctionsKeepSecrets(t *testing.T) {
	plain := []string{`"x"`, `"a.txt"`, `1`, `-1`, `["x"]`, `{ a = "x" }`, `"["`, `toset(["a"])`, `true`, `null`}
	secrets := []string{`var.text`, `var.list`, `var.map`, `var.number`, `"${var.text}("`, `"(${var.text}"`, `"%z${var.text}"`, `"/(${var.text}/"`, `[var.text]`, `{ a = var.text }`}
	src := ""
	for _, name := range []string{"text", "list", "map", "number"} {
		src += fmt.Sprintf("variable %q {\n  sensitive = true\n}\n", name)
	}
	l := newLoader(t.Context(), "", Options{
		Given:   []Given{{Name: "text", Value: canary}},
		Environ: testEnviron, FS: fstest.MapFS{"a.txt": {Data: []byte("${nothing}")}, "x": {Data: []byte("text")}},
	})
	l.declare([]source{{"main.prefab.hcl", l.parse("main.prefab.hcl", []byte(src))}})
	l.assignVariables()
	l.diags = nil
	vars := l.base.Variables["var"].AsValueMap()
	vars["list"] = cty.ListVal([]cty.Value{cty.StringVal(canary), cty.StringVal(canary)}).Mark(sensitive)
	vars["map"] = cty.MapVal(map[string]cty.Value{canary: cty.StringVal(canary)}).Mark(sensitive)
	vars["number"] = cty.NumberFloatVal(123456789.5).Mark(sensitive)
	l.base.Variables["var"] = cty.ObjectVal(vars)
	l.secrets = nil // what functions say is under test, not what is left out of it
	fails, works := 0, 0
	for _, name := range slices.Sorted(maps.Keys(l.base.Functions)) {
		for arity := 1; arity <= 3; arity++ {
			for at := range arity {
				for _, secret := range secrets {
					for _, other := range plain {
						args := slices.Repeat([]string{other}, arity)
						args[at] = secret
						call := name + "(" + strings.Join(args, ", ") + ")"
						l.diags, l.seen = nil, map[seenKey]bool{}
						rec := &recorder{}
						v, ok := l.eval(l.compileExpr(mustParse(t, call), place{}), &scope{rec: rec})
						if text := l.diags.Error() + fmt.Sprint(l.diags, rec.calls); strings.Contains(text, canary) || strings.Contains(text, "123456789") {
							t.Fatalf("%s tells the secret: %s", call, text)
						}
						if !ok {
							fails++
							continue
						}
						works++
						if !v.ContainsMarked() && strings.Contains(show(v), "unter2") {
							t.Errorf("%s gives %s, which is not sensitive", call, show(v))
						}
					}
				}
			}
		}
	}
	if fails < 1000 || works < 1000 {
		t.Errorf("%d calls fail and %d work: this tests too little", fails, works)
	}
}

// TestProblemsKeepSecrets makes mistakes with sensitive values wherever one can be made.
func TestProblemsKeepSecrets(t *testing.T) {
	const declared = "variable \"sec\" {\n  type = TYPE\n  sensitive = true\n}\n"
	text := strings.ReplaceAll(declared, "TYPE", "string")
	dataset := "dataset \"d\" {\n  for_each = toset([\"a\"])\n  source \"synthetic\" {}\n}\n"
	value := func(e string) string { return text + dataset + "output \"o\" {\n  value = " + e + "\n}\n" }
	attr := func(e string) string {
		return text + "dataset \"d\" {\n  source \"jsonl\" {\n    path = \"x\"\n    comma = " + e + "\n  }\n}\n"
	}
	for name, src := range map[string]string{
		"file":               value(`file(var.sec)`),
		"templatefile":       value(`templatefile(var.sec, {})`),
		"template":           value(`templatefile("t", { x = var.sec })`),
		"regex":              value(`regex(var.sec, "a")`),
		"parseint":           value(`parseint(var.sec, 10)`),
		"try":                value(`try(parseint(var.sec, 10))`),
		"keys of a loop":     value(`{ for x in [var.sec, var.sec] : x => 1 }`),
		"keys in try":        value(`try({ for x in [var.sec, var.sec] : x => 1 })`),
		"keys of outputs":    value(`{ for x in [var.sec, var.sec] : x => dataset.d["a"].rows }`),
		"key of an object":   value(`{ (var.sec) = dataset.d["a"].rows }`),
		"name of a block":    value(`dataset.d[var.sec].rows`),
		"index":              value(`{ a = 1 }[var.sec]`),
		"operand":            value(`var.sec + 1`),
		"attribute":          value(`{ a = var.sec }.b`),
		"merged":             value(`values(merge({ a = var.sec }, { b = dataset.d["a"].rows }))`),
		"elements":           value(`[for x in [var.sec] : [x, dataset.d["a"].rows]]`),
		"of a list":          value(`[for x in split("r", var.sec) : "${x}${dataset.d["a"].rows}"]`),
		"of a known length":  attr(`can(file(var.sec)) ? "," : ";"`),
		"type of an operand": attr(`[var.sec]`),
		"value":              attr(`var.sec`),
		"path":               text + "dataset \"d\" {\n  source \"jsonl\" {\n    path = var.sec\n  }\n}\n",
		"number":             strings.ReplaceAll(declared, "TYPE", "number"),
		"list":               strings.ReplaceAll(declared, "TYPE", "list(number)"),
		"map":                strings.ReplaceAll(declared, "TYPE", "map(object({ a = number }))"),
		"validation":         strings.ReplaceAll(text, "\n}\n", "\n  validation {\n    condition = startswith(var.sec, \"x\")\n    error_message = \"${var.sec} is wrong\"\n  }\n}\n"),
		"condition":          strings.ReplaceAll(text, "\n}\n", "\n  validation {\n    condition = var.sec\n    error_message = \"${var.sec} is wrong\"\n  }\n}\n"),
		"default":            strings.ReplaceAll(strings.ReplaceAll(declared, "TYPE", "number"), "\n}\n", "\n  default = \""+canary+"\"\n}\n"),
	} {
		for _, how := range []string{"--var", "file", "object", "syntax"} {
			t.Run(name+" by "+how, func(t *testing.T) {
				files := fstest.MapFS{"main.prefab.hcl": {Data: []byte(src)}, "t": {Data: []byte("${parseint(x, 10)}")}}
				opts := Options{Kinds: testKinds(), Backends: testBackends(), FS: files}
				switch how {
				case "--var":
					opts.Given = []Given{{Name: "sec", Value: canary}}
				case "file":
					files["v.auto.prefabvars"] = &fstest.MapFile{Data: []byte("sec = \"" + canary + "\"\n")}
				case "object":
					files["v.auto.prefabvars"] = &fstest.MapFile{Data: []byte("sec = {\n  " + canary + " = \"" + canary + "\"\n}\n")}
				case "syntax":
					files["v.auto.prefabvars"] = &fstest.MapFile{Data: []byte("sec = \"" + canary + "\n")}
				}
				p, sources, diags := Load(t.Context(), ".", opts)
				b, err := json.Marshal(p)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(b), canary) {
					t.Errorf("the pipeline tells the secret: %s", b)
				}
				for _, d := range diags {
					if strings.Contains(fmt.Sprint(d), canary) {
						t.Errorf("a problem tells the secret: %v", d)
					}
					if !d.Secret && strings.Contains(strings.Join(lines(sources[d.Subject.File], d.Subject.Start.Line, d.Subject.End.Line), "\n"), canary) {
						t.Errorf("a problem shows a line with the secret: %v", d)
					}
				}
			})
		}
	}
}

func lines(src []byte, from, to int) []string {
	all := strings.Split(string(src), "\n")
	return all[max(0, min(from-1, len(all))):max(0, min(max(from, to), len(all)))]
}
