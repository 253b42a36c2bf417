package examples_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestQuickstart compares what was planted with what was found, and reads what was exported.
func TestQuickstart(t *testing.T) {
	p := example(t, "quickstart")
	o := p.apply(0)
	want := map[string]string{}
	for _, check := range []string{"gap", "pairs", "decontamination", "format", "splits"} {
		want["gate.data "+check] = "pass"
	}
	for _, check := range []string{"accuracy", "overfitting", "saved", "baselines"} {
		want["gate.model "+check] = "pass"
	}
	o.verdicts(t, want)
	rows, _ := o.Outputs["planted_and_found"].([]any)
	if len(rows) != 8 {
		t.Fatalf("planted_and_found has %d rows", len(rows))
	}
	exact, estimated := 0, 0
	for _, r := range rows[1:] {
		row := r.([]any)
		defect, planted, found, interval := row[0], row[1], row[2], row[3].(string)
		if interval == "exact" {
			exact++
			if planted != found || planted == 0.0 {
				t.Errorf("%v: planted %v, found %v", defect, planted, found)
			}
			continue
		}
		estimated++
		var low, high, x float64
		if _, err := fmt.Sscanf(interval+" "+planted.(string), "%f to %f %f", &low, &high, &x); err != nil {
			t.Fatalf("%v: %v", row, err)
		}
		if x < low || x > high || high-low > 0.1 {
			t.Errorf("%v: planted %v, found %v (%s)", defect, planted, found, interval)
		}
	}
	if exact != 5 || estimated != 2 {
		t.Errorf("%d defects were found exactly and %d estimated", exact, estimated)
	}
	p.clean()
	for _, file := range []string{"out/train.jsonl", "out/validation.jsonl"} {
		for line := range bytes.Lines(p.read(file)) {
			var pair struct{ Prompt, Chosen, Rejected string }
			if err := json.Unmarshal(line, &pair); err != nil || pair.Prompt == "" || pair.Chosen == "" || pair.Rejected == "" {
				t.Fatalf("%s: %v in %s", file, err, line)
			}
		}
	}
	p.done(0)
}

// clean checks, row by row, that what goes on after decontamination holds no planted copy: of a pair and its copies one
// is left or, where they contradict each other, none, and nothing is left of the benchmark.
func (p pipeline) clean() {
	p.t.Helper()
	stdout, stderr, code := p.run("cat", "decontaminate.clean")
	if code != 0 {
		p.t.Fatal(stderr)
	}
	origins := map[string]bool{}
	n := 0
	for line := range strings.Lines(stdout) {
		var row struct {
			Extra struct {
				UID         string `json:"uid"`
				Planted     string `json:"planted"`
				PlantedFrom string `json:"planted_from"`
			}
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			p.t.Fatalf("%v in %s", err, line)
		}
		n++
		e := row.Extra
		if e.Planted == "re-labelled copy" || strings.HasSuffix(e.Planted, "benchmark item") || e.Planted == "malformed" {
			p.t.Errorf("%s is left: %s", e.UID, e.Planted)
		}
		origin := e.UID
		if e.PlantedFrom != "" {
			origin = e.PlantedFrom
		}
		if origins[origin] {
			p.t.Errorf("%s is left twice", origin)
		}
		origins[origin] = true
	}
	if n != 2165 {
		p.t.Errorf("%d rows are left", n)
	}
}

// TestShortcut checks that an accuracy over 70 % does not pass where counting characters reaches it too.
func TestShortcut(t *testing.T) {
	p := example(t, "shortcut")
	o := p.apply(3)
	o.verdicts(t, map[string]string{
		"validate.quality pair_count":                    "pass",
		"validate.quality prompt_groups":                 "pass",
		"validate.quality gap":                           "pass",
		"validate.quality style_separability":            "warn",
		"split.main train_rows":                          "pass",
		"split.main validation_rows":                     "pass",
		"split.main leaked":                              "pass",
		"evaluate.rm validation.accuracy":                "pass",
		"evaluate.rm overfit":                            "pass",
		"evaluate.rm validation.improvement":             "fail",
		"evaluate.rm validation.length_matched_accuracy": "fail",
		"gate.ship accuracy":                             "pass",
		"gate.ship better_than_counting":                 "fail",
		"gate.ship without_length":                       "fail",
	})
	accuracy := o.number(t, "accuracy", 0.7, 0.9)
	o.number(t, "longer_answer", accuracy, 0.9)
	says(t, o.message(t, "gate.ship", "better_than_counting"), "%", "longer answer", "95 % interval", "means nothing")
	says(t, o.message(t, "gate.ship", "without_length"), "about as long", "95 % interval", "learnt length")
	if o.Summary["blocked"] != 1 {
		t.Errorf("the export is not blocked: %v", o.Summary)
	}
	if stdout, _, _ := p.run("apply", "--yes"); !strings.Contains(stdout, "blocked  export.train") {
		t.Errorf("nobody is told that the export is blocked:\n%s", stdout)
	}
	p.done(3)
}

// TestNeural trains a small network on the backend that is always there.
func TestNeural(t *testing.T) {
	p := example(t, "neural")
	o := p.apply(0)
	o.verdicts(t, map[string]string{"gate.learnt accuracy": "pass", "gate.learnt baselines": "pass", "gate.learnt saved": "pass"})
	p.done(0)
	first := p.model("reward_model.bag")
	again := pipeline{t, p.dir, t.TempDir()}
	again.apply(0)
	if second := again.model("reward_model.bag"); first != second {
		t.Errorf("the model has other bytes the second time:\n%s\n%s", first, second)
	}
}

// TestNeuralXLA trains the same network on XLA, where it is installed.
func TestNeuralXLA(t *testing.T) {
	p := example(t, "neural")
	if stdout, _, _ := p.run("backend", "list"); !strings.Contains(stdout, "yes xla:cpu") {
		if os.Getenv("PREFAB_REQUIRE_XLA") != "" {
			t.Fatal("xla:cpu is not here, and PREFAB_REQUIRE_XLA wants it")
		}
		t.Skip("xla:cpu is not here: prefab backend install xla:cpu")
	}
	p.apply(0)
	o := p.apply(0, "--var", "xla=true")
	if o.Summary["ran"] == 0 {
		t.Errorf("another backend is not in the key: %v", o.Summary)
	}
	o.verdicts(t, map[string]string{"gate.learnt accuracy": "pass", "gate.learnt baselines": "pass", "gate.learnt saved": "pass"})
}

// model returns the files of a model with their digests.
func (p pipeline) model(addr string) string {
	p.t.Helper()
	stdout, stderr, code := p.run("show", addr)
	if code != 0 {
		p.t.Fatal(stderr)
	}
	var files []string
	for line := range strings.Lines(stdout) {
		if strings.Contains(line, "sha256 ") {
			files = append(files, strings.TrimSpace(line))
		}
	}
	if len(files) < 2 {
		p.t.Fatalf("%s shows no model:\n%s", addr, stdout)
	}
	return strings.Join(files, "\n")
}

// TestCommand trains and scores with programs of its own, in Python.
func TestCommand(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("the programs of examples/command are written in Python, and there is no python3 along PATH")
	}
	p := example(t, "command")
	for _, name := range []string{"features.py", "train.py", "score.py"} {
		src, err := os.ReadFile(filepath.Join("command", name))
		if err != nil {
			t.Fatal(err)
		}
		p.write(name, src)
	}
	o := p.apply(0)
	accuracy, ok := o.Outputs["accuracy"].(float64)
	if !ok || accuracy < 0.75 || accuracy > 0.85 {
		t.Errorf("the accuracy is %v, and the README says about 80 %%", o.Outputs["accuracy"])
	}
	if out, stderr, code := p.run("log", "command.train"); code != 0 || !strings.Contains(out, "pass 8 of 8: log-loss 0.") {
		t.Errorf("the log of the program is lost:\n%s%s", out, stderr)
	}
	if out, stderr, code := p.run("verify"); code != 0 || !strings.Contains(out, "Verified: 6 stages as stored.") {
		t.Errorf("the programs do not give the same bytes again:\n%s%s", out, stderr)
	}
}
