package examples_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/examples"
	"github.com/prefab-build/prefab/executor/methods/synthetic"
)

// empty is a folder without a spec.
func empty(t *testing.T) pipeline {
	t.Helper()
	short(t)
	t.Parallel()
	return pipeline{t, t.TempDir(), t.TempDir()}
}

// TestInit starts a project with generated data, once.
func TestInit(t *testing.T) {
	p := empty(t)
	if _, stderr, code := p.run("init"); code != 0 {
		t.Fatal(stderr)
	}
	if got := string(p.read("main.prefab.hcl")); got != examples.Quickstart {
		t.Errorf("the spec is not the quickstart:\n%s", got)
	}
	p.write("main.prefab.hcl", []byte("# mine\n"))
	if _, stderr, code := p.run("init"); code != 1 || !strings.Contains(stderr, "--force") {
		t.Errorf("a second init ended with %d: %s", code, stderr)
	}
	if got := string(p.read("main.prefab.hcl")); got != "# mine\n" {
		t.Errorf("a spec was overwritten: %s", got)
	}
	if _, stderr, code := p.run("init", "--force"); code != 0 {
		t.Error(stderr)
	}
	p.write("other.prefab.hcl", nil)
	if _, stderr, code := p.run("init", "--force"); code != 1 || !strings.Contains(stderr, "one pipeline") {
		t.Errorf("init beside another spec ended with %d: %s", code, stderr)
	}
}

// generate writes generated pairs to a file.
func (p pipeline) generate(name string, rows int) string {
	p.t.Helper()
	c := synthetic.Defaults()
	c.Rows, c.Seed = rows, 5
	var all []byte
	for _, part := range c.Parts() {
		spec, err := json.Marshal(part)
		if err != nil {
			p.t.Fatal(err)
		}
		b, err := synthetic.Generate(spec)
		if err != nil {
			p.t.Fatal(err)
		}
		all = append(all, b...)
	}
	p.write(name, all)
	return filepath.Join(p.dir, name)
}

// TestInitFrom looks at a file of one's own, and runs what was written: enough pairs pass, too few fail with advice.
func TestInitFrom(t *testing.T) {
	p := empty(t)
	file := p.generate("pairs.jsonl", 2000)
	stdout, stderr, code := p.run("init", "--from", file)
	if code != 0 {
		t.Fatal(stderr)
	}
	says(t, stdout, "pairs as jsonl", "chosen_score", "next: prefab plan, prefab apply")
	if !strings.Contains(string(p.read("main.prefab.hcl")), `path = "pairs.jsonl"`) {
		t.Error("the path is not relative to the spec")
	}
	if stdout, stderr, code := p.run("fmt", "--check"); code != 0 {
		t.Errorf("the spec is not in the one layout: %s%s", stdout, stderr)
	}
	o := p.apply(0)
	for _, v := range o.Verdicts {
		if v.Outcome != "pass" && v.Severity != "warn" {
			t.Errorf("%s %s: %s %s", v.Subject, v.Check, v.Outcome, v.Message)
		}
	}
	p.read("out/train.jsonl")
	p.done(0)
}

func TestInitTooFew(t *testing.T) {
	p := empty(t)
	if _, stderr, code := p.run("init", "--from", p.generate("pairs.jsonl", 300)); code != 0 {
		t.Fatal(stderr)
	}
	o := p.apply(3)
	o.message(t, "validate.quality", "pair_count")
	o.message(t, "split.main", "train_rows")
	if o.Summary["blocked"] != 2 {
		t.Errorf("the exports are not blocked: %v", o.Summary)
	}
}

// TestInitUnclear checks that what cannot be told ends with the fields that were seen, and that nothing is written.
func TestInitUnclear(t *testing.T) {
	p := empty(t)
	p.write("a.jsonl", []byte(`{"story": "Once.", "grade": 3}`+"\n"))
	_, stderr, code := p.run("init", "--from", filepath.Join(p.dir, "a.jsonl"))
	if code != 1 {
		t.Fatalf("exit code %d", code)
	}
	says(t, stderr, "cannot be told", "grade", "story", "row.FIELD")
	if _, err := os.Stat(filepath.Join(p.dir, "main.prefab.hcl")); err == nil {
		t.Error("a spec was written")
	}
}

// TestInitHH runs what is written for transcripts.
func TestInitHH(t *testing.T) {
	file := data(t, "pairs/hh_harmless.jsonl.gz")
	p := empty(t)
	stdout, stderr, code := p.run("init", "--from", file)
	if code != 0 {
		t.Fatal(stderr)
	}
	says(t, stdout, "pairs as hh-rlhf")
	o := p.apply(3)
	o.number(t, "cross_validated_accuracy", 0.59, 0.66)
	o.message(t, "evaluate.rm", "validation.accuracy")
}
