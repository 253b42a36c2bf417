package lang

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/prefab-build/prefab/spec"
)

// TestOrderAndFormatDoNotCount spreads the blocks of the design's example over files in another order, with other white
// space and comments: the pipeline is the same, byte for byte.
func TestOrderAndFormatDoNotCount(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("testdata", "design", "main.prefab.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	opts := Options{Given: []Given{{Name: "pairs_file", Value: "x"}}}
	want := string(indented(t, mustLoad(t, map[string]string{"main.prefab.hcl": string(src)}, opts)))
	f, ds := hclsyntax.ParseConfig(src, "", hcl.InitialPos)
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	files := map[string]string{}
	blocks := f.Body.(*hclsyntax.Body).Blocks
	for i, b := range blocks {
		text := string(src[b.TypeRange.Start.Byte:b.CloseBraceRange.End.Byte])
		text = strings.ReplaceAll(text, ">= 0.70", ">=   0.70 /* seventy */ ")
		text = strings.ReplaceAll(text, "\n", "\n\n   ")
		name := string(rune('a'+(len(blocks)-i)%3)) + ".prefab.hcl"
		files[name] = text + "\n# a comment\n" + files[name]
	}
	if got := string(indented(t, mustLoad(t, files, opts))); got != want {
		t.Errorf("the order of blocks and files counts: %s", firstDifference(got, want))
	}
}

// TestJSONForm says the same in both forms.
func TestJSONForm(t *testing.T) {
	native := map[string]string{"main.prefab.hcl": `
project { seed = 3 }
variable "rows" {
  type    = number
  default = 5
}
locals { floor = 0.5 }
backend "xla" { device = "cuda" }
dataset "hh" {
  for_each = toset(["a", "b"])
  key      = "${each.key}-${row.uid}"
  source "jsonl" {
    path = "${each.key}.jsonl"
    map  = { prompt = row.q, "two words" = [row.a, 1] }
  }
  source "synthetic" { rows = var.rows }
  threshold "rows" { min = local.floor }
}
validate "v" {
  pairs    = [for d in dataset.hh : d.pairs]
  requires = [gate.g]
}
gate "g" {
  check "rows" {
    condition     = dataset.hh["a"].rows > 0.5
    error_message = "Only ${dataset.hh["a"].rows}."
  }
}
output "rows" { value = dataset.hh["b"].rows }
`}
	json := map[string]string{"main.prefab.hcl.json": `{
  "//": "a comment",
  "project": {"seed": 3},
  "variable": {"rows": {"type": "number", "default": 5}},
  "locals": {"floor": 0.5},
  "backend": {"xla": {"device": "cuda"}},
  "dataset": {"hh": {
    "//": "another",
    "for_each": "${toset([\"a\", \"b\"])}",
    "key": "${each.key}-${row.uid}",
    "source": [
      {"jsonl": {"path": "${each.key}.jsonl", "map": {"prompt": "${row.q}", "two words": ["${row.a}", 1]}}},
      {"synthetic": {"rows": "${var.rows}"}}
    ],
    "threshold": {"rows": {"min": "${local.floor}"}}
  }},
  "validate": {"v": {"pairs": "${[for d in dataset.hh : d.pairs]}", "requires": ["${gate.g}"]}},
  "gate": {"g": {"check": {"rows": {
    "condition": "${dataset.hh[\"a\"].rows > 0.5}",
    "error_message": "Only ${dataset.hh[\"a\"].rows}."
  }}}},
  "output": {"rows": {"value": "${dataset.hh[\"b\"].rows}"}}
}`}
	want, got := string(indented(t, mustLoad(t, native, Options{}))), string(indented(t, mustLoad(t, json, Options{})))
	if got != want {
		t.Errorf("the JSON form differs: %s", firstDifference(got, want))
	}
}

// TestJSONProblems has places inside of strings.
func TestJSONProblems(t *testing.T) {
	_, diags := loadFiles(t, map[string]string{"a.prefab.hcl.json": `{
  "datset": {},
  "dataset": {"hh": {"source": {"jsonl": {"path": "${var.pth}", "colour": 1}}}},
  "validate": {"v": {"pairs": "dataset.hh.pairs"}}
}`}, Options{})
	var got []string
	for _, d := range diags {
		got = append(got, d.Subject.String()+" "+d.Code)
	}
	want := "a.prefab.hcl.json:2,3 unknown-block\n" +
		"a.prefab.hcl.json:3,58 unknown-variable\n" +
		"a.prefab.hcl.json:3,65 unknown-attribute\n" +
		"a.prefab.hcl.json:4,31 reference-expected"
	if strings.Join(got, "\n") != want {
		t.Errorf("problems\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

// TestConfig looks at the canonical form of one block: defaults, shortest numbers, unkeyed attributes apart.
func TestConfig(t *testing.T) {
	p := mustLoad(t, map[string]string{"main.prefab.hcl": `
dataset "a" {
  source "synthetic" {}
}
dataset "b" {
  source "jsonl" {
    pin  = true
    path = "x"
  }
  source "synthetic" { rows = "7" }
}
command "c" {
  inputs      = { z = dataset.a.pairs, y = [dataset.b.pairs, dataset.a.pairs] }
  program     = ["echo", 1, true]
  offset      = 0.150
  weights     = [1e0, 15e-2, 123456789012345678, 1e30, -0.0]
  api_key_env = "KEY"
  timeout     = "30m"
  seed        = 9
  description = "d"
}
`}, Options{})
	for i, want := range []struct{ addr, config, unkeyed string }{
		{
			"command.c",
			`{"inputs":["y","z"],"offset":0.15,"program":["echo","1","true"],"weights":[1,0.15,123456789012345678,1e+30,0]}`,
			`{"api_key_env":"KEY"}`,
		},
		{"dataset.a", `{"max_record_bytes":67108864,"source":[{"label":"synthetic","rows":100}]}`, ``},
		{
			"dataset.b",
			`{"max_record_bytes":67108864,"source":[{"comma":",","label":"jsonl"},{"label":"synthetic","rows":7}]}`,
			`{"source":[{"label":"jsonl","path":"x","pin":true},{"label":"synthetic"}]}`,
		},
	} {
		b := p.Blocks[i]
		if b.Addr.String() != want.addr || string(b.Config) != want.config || string(b.Unkeyed) != want.unkeyed {
			t.Errorf("block %s has\n%s\n%s\nwant\n%s\n%s", b.Addr, b.Config, b.Unkeyed, want.config, want.unkeyed)
		}
	}
	c := p.Blocks[0]
	if c.Seed != 9 || c.Description != "d" || c.Timeout != 30*time.Minute {
		t.Errorf("seed %d, description %q and timeout %s", c.Seed, c.Description, c.Timeout)
	}
	if len(c.Inputs) != 2 || c.Inputs[0].Member != "y" || len(c.Inputs[0].Refs) != 2 || c.Inputs[0].Refs[0].String() != "dataset.b.pairs" {
		t.Errorf("inputs %+v", c.Inputs)
	}
	if r := p.Blocks[2].Source["source.0.path"]; r.Start.Line != 8 {
		t.Errorf("source.0.path stands at %v, want line 8", r)
	}
	full := p.Blocks[2].Full()
	if want := `{"max_record_bytes":67108864,"source":[{"comma":",","label":"jsonl","path":"x","pin":true},{"label":"synthetic","rows":7}]}`; string(full) != want {
		t.Errorf("the full config is %s, want %s", full, want)
	}
}

// TestRecordedValues notes what functions read from outside, in the blocks whose keyed attributes rest on it.
func TestRecordedValues(t *testing.T) {
	p := mustLoad(t, map[string]string{
		"main.prefab.hcl": `
locals {
  words = split(" ", file("words.txt"))
  where = env("CORPUS")
}
command "keyed" {
  program = concat(["echo"], local.words, sort(fileset("data", "**/*.txt")), [templatefile("t.tmpl", { n = 2 })])
}
command "unkeyed" {
  program     = ["echo", filesha256("words.txt")]
  api_key_env = local.where
}
`,
		"words.txt": "a b", "data/x.txt": "", "data/deep/y.txt": "", "data/z.csv": "", "t.tmpl": "%{ for i in range(n) }${i};%{ endfor }",
	}, Options{Environ: testEnviron})
	if want := `{"program":["echo","a","b","deep/y.txt","x.txt","0;1;"]}`; string(p.Blocks[0].Config) != want {
		t.Errorf("config %s, want %s", p.Blocks[0].Config, want)
	}
	want := map[string]string{
		`file("words.txt")`:           "sha256:" + spec.HashBytes([]byte("a b")).String(),
		`fileset("data", "**/*.txt")`: `["deep/y.txt","x.txt"]`,
		`templatefile("t.tmpl")`:      "sha256:" + spec.HashBytes([]byte("%{ for i in range(n) }${i};%{ endfor }")).String(),
	}
	if got := p.Blocks[0].Values; len(got) != len(want) || got[`file("words.txt")`] != want[`file("words.txt")`] ||
		got[`fileset("data", "**/*.txt")`] != want[`fileset("data", "**/*.txt")`] || got[`templatefile("t.tmpl")`] != want[`templatefile("t.tmpl")`] {
		t.Errorf("values %v, want %v", got, want)
	}
	if got := p.Blocks[1].Values; len(got) != 1 || got[`filesha256("words.txt")`] == "" {
		t.Errorf("values %v, want those of keyed attributes only", got)
	}
}

// firstDifference shows the first lines that differ.
func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "line " + strconv.Itoa(i+1) + " is " + a[i] + ", want " + b[i]
		}
	}
	return "one is longer"
}
