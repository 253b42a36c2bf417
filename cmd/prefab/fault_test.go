//go:build unix

package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The trials of a fault are few where every change is tested; the reliability table of the README is of more:
//
//	go test ./cmd/prefab -run Fault -kills 1000 -flips 500 -timeout 2h
var (
	kills = flag.Int("kills", 50, "how many runs TestFaultKill kills")
	flips = flag.Int("flips", 60, "how many files TestFaultFlip damages")
	first = flag.Uint64("fault-seed", 1, "the seed of the first trial")
)

const faultSpec = `
cache { path = ".cache" }

dataset "mine" {
  source "synthetic" { rows = 900 }
}

benchmark "puzzles" {
  source "synthetic" { rows = 900 }
}

dataset "lines" {
  source "jsonl" { path = "pairs.jsonl" }
}

dataset "packed" {
  source "jsonl" { path = "packed.jsonl.gz" }
}

deduplicate "unique" { pairs = [dataset.mine.pairs, dataset.lines.pairs, dataset.packed.pairs] }

decontaminate "clean" {
  pairs   = deduplicate.unique.pairs
  against = [benchmark.puzzles.items]
}

split "main" {
  pairs  = decontaminate.clean.pairs
  ratios = { train = 0.8, validation = 0.2 }
}

reward_model "rm" {
  train     = split.main.train
  cross_fit = 3
  architecture "linear" { ngrams = [1] }
}

evaluate "rm" {
  model = reward_model.rm.model
  on    = { validation = split.main.validation }
}

filter "confident" {
  pairs           = split.main.train
  scores          = reward_model.rm.out_of_fold
  min_probability = 0.5
  action          = "drop"
}

export "train" {
  pairs = filter.confident.pairs
  path  = "out/train.jsonl.gz"
}
`

// A site is a project with a cache of its own.
type site struct {
	t   *testing.T
	dir string
}

func newSite(t *testing.T) site {
	t.Helper()
	s := site{t, t.TempDir()}
	s.write("main.prefab.hcl", []byte(faultSpec))
	s.inputs()
	return s
}

// inputs writes the files that the pipeline reads.
func (s site) inputs() {
	s.t.Helper()
	var rows bytes.Buffer
	for i := range 200 {
		fmt.Fprintf(&rows, `{"prompt": "Question %d of %d?", "chosen": "The answer is %d, I believe.", "rejected": "No idea, %d."}`+"\n", i, i*i, i*7, i)
	}
	s.write("pairs.jsonl", rows.Bytes())
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write(bytes.ReplaceAll(rows.Bytes(), []byte("Question"), []byte("Another question")))
	if err = errors.Join(err, z.Close()); err != nil {
		s.t.Fatal(err)
	}
	s.write("packed.jsonl.gz", packed.Bytes())
}

func (s site) write(name string, content []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), content, 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func (s site) command(args ...string) *exec.Cmd {
	c := exec.CommandContext(s.t.Context(), "prefab", append([]string{"-C", s.dir}, args...)...)
	c.Env = append(os.Environ(), "PREFAB_CACHE=", "HOME="+s.dir)
	return c
}

// run runs a command to its end. A panic that reaches the user is a failure whatever the command was to do.
func (s site) run(args ...string) (text string, code int) {
	s.t.Helper()
	return s.end(s.command(args...))
}

func (s site) end(c *exec.Cmd) (text string, code int) {
	s.t.Helper()
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	if bytes.Contains(out, []byte("panic")) || bytes.Contains(out, []byte("goroutine ")) {
		s.t.Errorf("%v panics:\n%s", c.Args, out)
	}
	if exit != nil {
		code = exit.ExitCode()
	}
	return string(out), code
}

// A result is all that a finished run leaves: the key of every node, which holds the digests of what it read, and the
// exported bytes.
type result struct {
	keys   string
	export string
}

// result finishes the pipeline, without anybody's help, and says what it came to.
func (s site) result() result {
	s.t.Helper()
	if text, code := s.run("apply", "--yes"); code != 0 {
		s.t.Fatalf("apply ends with %d:\n%s", code, text)
	}
	return s.look()
}

// look says what lies there. Everything must be cached.
func (s site) look() result {
	s.t.Helper()
	out, err := s.command("plan", "--json").Output()
	if err != nil {
		s.t.Fatal(err)
	}
	var plan struct {
		Nodes []struct {
			Addr  string          `json:"addr"`
			State string          `json:"state"`
			Base  string          `json:"base_digest"`
			Key   json.RawMessage `json:"key"`
		} `json:"nodes"`
	}
	if err := json.Unmarshal(out, &plan); err != nil {
		s.t.Fatal(err)
	}
	var keys []string
	for _, n := range plan.Nodes {
		if n.State != "cached" {
			s.t.Errorf("%s is %s after a whole run", n.Addr, n.State)
		}
		keys = append(keys, n.Addr+" "+n.Base+" "+string(n.Key))
	}
	slices.Sort(keys)
	export, err := os.ReadFile(filepath.Join(s.dir, "out", "train.jsonl.gz"))
	if err != nil {
		s.t.Error(err)
	}
	return result{strings.Join(keys, "\n"), string(export)}
}

func (s site) same(got, want result, after string) {
	s.t.Helper()
	if got.keys != want.keys {
		s.t.Errorf("%s: other digests\n%s\nwant\n%s", after, got.keys, want.keys)
	}
	if got.export != want.export {
		s.t.Errorf("%s: another export", after)
	}
}

// TestFaultKill kills runs at random moments, some of them several times. What continues must come to what an
// undisturbed run comes to, without a manual step.
func TestFaultKill(t *testing.T) {
	if testing.Short() {
		t.Skip("runs are killed by the dozen")
	}
	whole := newSite(t)
	began := time.Now()
	want := whole.result()
	takes := time.Since(began)
	for i := range *kills {
		s := newSite(t)
		draw := rand.New(rand.NewPCG(*first, uint64(i)))
		for range 1 + draw.IntN(3) {
			c := s.command("apply", "--yes")
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(draw.Float64() * 1.1 * float64(takes)))
			_ = c.Process.Kill() // it may have ended
			_ = c.Wait()
		}
		s.same(s.result(), want, fmt.Sprintf("trial %d", i))
		if _, code := s.run("log"); code != 0 {
			t.Errorf("trial %d: the history cannot be read", i)
		}
		if t.Failed() {
			return
		}
		_ = os.RemoveAll(s.dir)
	}
}
