//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// A phase of a run, and what shows from outside that it has begun.
type phase struct {
	name  string
	began func(s site, said string) bool
	args  []string
}

// phases are those of the run of a site: before its lock, while its inputs are read, each stage, each file that is placed,
// and what comes after. A run before says which there are.
func phases(t *testing.T, s site) []phase {
	t.Helper()
	apply := []string{"apply", "--yes", "--json"}
	list := []phase{
		{"before anything", func(site, string) bool { return true }, apply},
		{"reading inputs", func(s site, _ string) bool {
			_, err := os.Stat(filepath.Join(s.dir, ".prefab", "lock"))
			return err == nil
		}, apply},
	}
	out, err := s.command(apply...).Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		var e struct{ Type, Addr, Text string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == "start" || e.Type == "placed" {
			what := fmt.Sprintf(`"type":%q`, e.Type)
			list = append(list, phase{strings.Join(strings.Fields(e.Type+" "+e.Addr+" "+e.Text), " "), func(_ site, said string) bool {
				return strings.Contains(said, what) && saidOf(said, what, e.Addr, e.Text)
			}, apply})
		}
	}
	if len(list) < 12 {
		t.Fatalf("a run has these phases alone: %v", list)
	}
	return append(list, phase{"waiting for another run", func(_ site, said string) bool {
		return strings.Contains(said, "Waiting for ")
	}, []string{"apply", "--yes", "--lock-timeout", "1m"}})
}

// saidOf looks for one event of a stage, and of a file where there is one.
func saidOf(said, what, addr, text string) bool {
	for line := range strings.Lines(said) {
		if strings.Contains(line, what) && strings.Contains(line, fmt.Sprintf(`"addr":%q`, addr)) && strings.Contains(line, text) {
			return true
		}
	}
	return false
}

// TestFaultInterruptPhases presses Ctrl-C once and twice in every phase of a run, as soon as it has begun. What is left is
// what TestFaultInterrupt asks for.
func TestFaultInterruptPhases(t *testing.T) {
	if testing.Short() {
		t.Skip("every phase is interrupted twice")
	}
	whole := newSite(t)
	list := phases(t, whole)
	want := whole.look()
	ends := map[string]int{}
	for _, p := range list {
		for _, twice := range []bool{false, true} {
			s := newSite(t)
			release := s.held(p)
			end := s.interrupt(p.args, func(said *spoken) { s.await(p, said) }, twice, 2*time.Millisecond)
			release()
			ends[end]++
			if end == "done" && !strings.HasPrefix(p.name, "placed") && p.name != "start export.train" {
				t.Errorf("%s: Ctrl-C changes nothing", p.name)
			}
			s.same(s.result(), want, p.name)
			s.unfinished("in the end")
			if t.Failed() {
				t.Fatalf("in phase %q, twice: %v", p.name, twice)
			}
		}
	}
	t.Logf("%d phases, each interrupted once and twice: %v", len(list), ends)
}

// held holds the project's lock where the phase is that of waiting for it.
func (s site) held(p phase) (release func()) {
	if p.name != "waiting for another run" {
		return func() {}
	}
	if err := os.MkdirAll(filepath.Join(s.dir, ".prefab"), 0o755); err != nil {
		s.t.Fatal(err)
	}
	lock := flock.New(filepath.Join(s.dir, ".prefab", "lock"))
	if err := lock.Lock(); err != nil {
		s.t.Fatal(err)
	}
	return func() { _ = lock.Unlock() }
}

// await returns when a phase has begun.
func (s site) await(p phase, said *spoken) {
	for began := time.Now(); !p.began(s, said.text()); time.Sleep(200 * time.Microsecond) {
		if time.Since(began) > patience {
			s.t.Errorf("%s has not begun:\n%s", p.name, said.text())
			return
		}
	}
}
