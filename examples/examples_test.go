// Package examples_test runs every example with the real binary and compares what it comes to with what its README
// promises. Examples on real data are skipped where the data are not there.
package examples_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	// The program is built in another process, which the cache of go test does not see. What it is made of is named here, so
	// that a result is of the code as it is.
	_ "github.com/prefab-build/prefab/executor"
	_ "github.com/prefab-build/prefab/executor/stages"
	_ "github.com/prefab-build/prefab/lang"
	_ "github.com/prefab-build/prefab/planner"
)

// binary is prefab, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "prefab-examples")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "prefab")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if out, err := exec.CommandContext(context.Background(), "go", "build", "-o", binary, "../cmd/prefab").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// A pipeline is a copy of an example, with a cache of its own.
type pipeline struct {
	t          *testing.T
	dir, cache string
}

func example(t *testing.T, name string) pipeline {
	t.Helper()
	short(t)
	t.Parallel()
	p := pipeline{t, t.TempDir(), t.TempDir()}
	specs, err := filepath.Glob(filepath.Join(name, "*.prefab.hcl"))
	if err != nil || len(specs) == 0 {
		t.Fatalf("no spec in %s: %v", name, err)
	}
	for _, path := range specs {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		p.write(filepath.Base(path), src)
	}
	return p
}

// short skips a test that runs the binary: what -short is for, the race detector, does not look into it.
func short(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("examples are not run in short mode")
	}
}

func (p pipeline) write(name string, content []byte) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), content, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func (p pipeline) read(name string) []byte {
	p.t.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		p.t.Fatal(err)
	}
	return b
}

// run runs a command in the pipeline's folder and returns what it printed and its exit code.
func (p pipeline) run(args ...string) (stdout, stderr string, code int) {
	p.t.Helper()
	c := exec.CommandContext(p.t.Context(), binary, append([]string{"-C", p.dir}, args...)...)
	c.Env = append(os.Environ(), "PREFAB_CACHE="+p.cache)
	var out, log bytes.Buffer
	c.Stdout, c.Stderr = &out, &log
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return out.String(), log.String(), c.ProcessState.ExitCode()
}

// An outcome is the last event of `apply --json`.
type outcome struct {
	Code     int
	Text     string // all that was printed
	Summary  map[string]int
	Outputs  map[string]any
	Verdicts []struct {
		Subject, Check, Outcome, Severity, Message string
		Metrics                                    []metric
	}
}

type metric struct {
	Name             string
	Value, Low, High *float64
}

// apply runs the pipeline, which must end with the exit code.
func (p pipeline) apply(code int, args ...string) outcome {
	p.t.Helper()
	stdout, stderr, got := p.run(append([]string{"apply", "--yes", "--json"}, args...)...)
	if got != code {
		p.t.Fatalf("apply ended with %d, not %d:\n%s%s", got, code, stdout, stderr)
	}
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	o := outcome{Code: got, Text: stdout}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &o); err != nil {
		p.t.Fatalf("%v in the last line of:\n%s", err, stdout)
	}
	return o
}

// verdicts fails the test unless the judgements, named "gate.ship accuracy" or "evaluate.rm validation.accuracy", came
// to what is wanted: pass, fail, not_evaluated. A warning that fired is "warn".
func (o outcome) verdicts(t *testing.T, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for _, v := range o.Verdicts {
		word := v.Outcome
		if word == "fail" && v.Severity == "warn" {
			word = "warn"
		}
		got[v.Subject+" "+v.Check] = word
	}
	for name, word := range want {
		if got[name] != word {
			t.Errorf("%s: %q, want %q", name, got[name], word)
		}
	}
	for name, word := range got {
		if want[name] == "" {
			t.Errorf("%s: %q, and nothing was expected of it", name, word)
		}
	}
}

// message returns what a check that did not pass says.
func (o outcome) message(t *testing.T, subject, check string) string {
	t.Helper()
	for _, v := range o.Verdicts {
		if v.Subject == subject && v.Check == check {
			return v.Message
		}
	}
	t.Fatalf("there is no verdict %s %s", subject, check)
	return ""
}

// says fails the test unless the text has all the words, in this order.
func says(t *testing.T, text string, words ...string) {
	t.Helper()
	rest := strings.Join(strings.Fields(text), " ") // messages are wrapped, and may be within a phrase
	for _, w := range words {
		i := strings.Index(rest, w)
		if i < 0 {
			t.Errorf("%q is not said, or too early, in: %s", w, text)
			return
		}
		rest = rest[i+len(w):]
	}
}

// number fails the test unless an output lies in a range, and returns it.
func (o outcome) number(t *testing.T, name string, low, high float64) float64 {
	t.Helper()
	x, ok := o.Outputs[name].(float64)
	if !ok || !(x >= low && x <= high) {
		t.Errorf("output %s is %v, and should lie between %v and %v", name, o.Outputs[name], low, high)
	}
	return x
}

// done fails the test unless a second apply has nothing to do and judges as the first did.
func (p pipeline) done(code int, args ...string) {
	p.t.Helper()
	o := p.apply(code, args...)
	if o.Summary["ran"]+o.Summary["same"] != 0 {
		p.t.Errorf("a second apply ran something: %v", o.Summary)
	}
}

// data returns the folder of the real data, or skips the test.
func data(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("PREFAB_TEST_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	path, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the real data are not here: set PREFAB_TEST_DATA to the folder that holds %s", name)
	}
	return path
}

// TestFormat checks that every example stands in the one layout, is valid and has a README.
func TestFormat(t *testing.T) {
	specs, err := filepath.Glob("*/*.prefab.hcl")
	if err != nil || len(specs) < 7 {
		t.Fatalf("%d specs: %v", len(specs), err)
	}
	for _, spec := range specs {
		dir := filepath.Dir(spec)
		if out, err := exec.CommandContext(t.Context(), binary, "-C", dir, "fmt", "--diff").CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: fmt: %v\n%s", spec, err, out)
		}
		text, err := os.ReadFile(filepath.Join(dir, "README.md"))
		if err != nil {
			t.Error(err)
		}
		if !strings.Contains(string(text), "-C examples/"+dir+" ") {
			t.Errorf("%s/README.md does not say how to run it", dir)
		}
	}
}
