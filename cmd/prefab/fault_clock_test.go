//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestFaultClock sets the clock back by three days after a run: all that the run left is of the future, and so are the times
// of the inputs. What comes after compares no such times with the clock to decide what is fresh, what is needed, or which
// run is the last.
func TestFaultClock(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes minutes under the race detector")
	}
	s := newSite(t)
	ahead := func(args ...string) {
		t.Helper()
		c := s.command(args...)
		c.Env = append(c.Env, "PREFAB_TEST_LATER=72h")
		if text, code := s.end(c); code != 0 {
			t.Fatalf("%v ends with %d:\n%s", args, code, text)
		}
	}
	ahead("apply", "--yes")
	ahead("apply", "--yes")
	then := time.Now().Add(72 * time.Hour)
	s.date(then)

	// Nothing runs, and nothing that is needed goes.
	for _, args := range [][]string{{"plan", "--detailed-exitcode"}, {"cache", "gc", "--max-gb", "0", "--max-days", "0"}, {"plan", "--detailed-exitcode"}} {
		if text, code := s.run(args...); code != 0 {
			t.Errorf("%v ends with %d:\n%s", args, code, text)
		}
	}

	// An edit of the same size, at the same time of the future, is seen.
	input := filepath.Join(s.dir, "pairs.jsonl")
	old, err := os.ReadFile(input)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		now := bytes.Replace(old, []byte("No idea"), fmt.Appendf(nil, "No %d...", i), 1)
		if len(now) != len(old) || bytes.Equal(now, old) {
			t.Fatal("the edit is none of the same size")
		}
		s.write("pairs.jsonl", now)
		if err := os.Chtimes(input, then, then); err != nil {
			t.Fatal(err)
		}
		fresh := newSite(t)
		fresh.write("pairs.jsonl", now)
		s.same(s.result(), fresh.result(), fmt.Sprintf("edit %d", i))
	}

	// The last run is the last that was made, and no run took less than no time.
	out, code := s.run("log")
	if code != 0 || !bytes.Contains([]byte(out), []byte("5  ")) || bytes.Contains([]byte(out), []byte(" -")) {
		t.Errorf("the log is:\n%s", out)
	}
}

// date gives all files of a project, with its cache, a time.
func (s site) date(then time.Time) {
	s.t.Helper()
	err := filepath.WalkDir(s.dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, then, then)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}
