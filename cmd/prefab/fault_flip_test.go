//go:build unix

package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// places are where damage is done, by patterns below the project's folder; each is as likely as the others.
var places = [][]string{
	{".cache/v1/cas/*/*"},
	{".cache/v1/ac/*/*", ".cache/v1/ac/*"},
	{".cache/v1/ix/*/*", ".cache/v1/ix/*"},
	{".prefab/history.db*"},
	{".prefab/*"},
	{"saved.plan"},
	{"prefab.lock.hcl"},
	{"out/train.jsonl.gz"},
	{"out/*.provenance.json"},
}

// TestFaultFlip flips a bit of one file, or cuts it, anywhere in the cache, the project's state, the saved plan, the lock
// file or what was exported. The next run comes to the same result, or refuses, names the file and says what to do; a
// wrong byte is never served.
func TestFaultFlip(t *testing.T) {
	if testing.Short() {
		t.Skip("files are damaged by the dozen")
	}
	whole := newSite(t)
	want := whole.result()
	if text, code := whole.run("plan", "--replace", "filter.confident", "--out", filepath.Join(whole.dir, "saved.plan")); code != 0 {
		t.Fatal(text)
	}
	ends := map[string]int{}
	for i := range *flips {
		draw := rand.New(rand.NewPCG(*first, uint64(i)))
		s := site{t, t.TempDir()}
		if err := os.CopyFS(s.dir, os.DirFS(whole.dir)); err != nil {
			t.Fatal(err)
		}
		where, how := s.harm(draw)
		ends[s.survive(where, want, draw)]++
		if t.Failed() {
			t.Fatalf("trial %d: %s of %s", i, how, where)
		}
		_ = os.RemoveAll(s.dir)
	}
	t.Logf("%d files damaged: %v", *flips, ends)
}

// harm damages one file, and says which and how.
func (s site) harm(draw *rand.Rand) (where, how string) {
	s.t.Helper()
	var files []string
	for len(files) == 0 {
		for _, pattern := range places[draw.IntN(len(places))] {
			found, err := filepath.Glob(filepath.Join(s.dir, pattern))
			if err != nil {
				s.t.Fatal(err)
			}
			for _, f := range found {
				if info, err := os.Stat(f); err == nil && info.Mode().IsRegular() && info.Size() > 0 {
					files = append(files, f)
				}
			}
		}
	}
	path := files[draw.IntN(len(files))]
	b, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	at := draw.IntN(len(b))
	if how = fmt.Sprintf("cut at byte %d", at); draw.IntN(3) > 0 {
		bit := byte(1) << draw.IntN(8)
		how = fmt.Sprintf("bit %#x of byte %d", bit, at)
		b[at] ^= bit
	} else {
		b = b[:at]
	}
	if err := os.Chmod(path, 0o644); err != nil { // the cache's files are read-only
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, b, fs.FileMode(0o644)); err != nil {
		s.t.Fatal(err)
	}
	where, err = filepath.Rel(s.dir, path)
	if err != nil {
		s.t.Fatal(err)
	}
	return where, how
}

// survive applies what was harmed in one of several ways, so that what is damaged is read, and says what it came to.
func (s site) survive(where string, want result, draw *rand.Rand) string {
	s.t.Helper()
	args := []string{"apply", "--yes"}
	switch draw.IntN(3) {
	case 1: // the exported bytes come from the cache
		if !strings.HasPrefix(where, "out") {
			_ = os.RemoveAll(filepath.Join(s.dir, "out"))
		}
	case 2: // stages in the middle read what those before them made
		args = append(args, "--replace", "filter.confident", "--replace", "evaluate.rm", "--replace", "decontaminate.clean")
	}
	if where == "saved.plan" {
		args = []string{"apply", filepath.Join(s.dir, where)}
	}
	text, code := s.run(args...)
	if code == 0 {
		s.same(s.look(), want, where)
		return "made good"
	}
	if name := filepath.Base(where); code != 1 || (!strings.Contains(text, name) && !strings.Contains(text, strings.TrimSuffix(name, ".provenance.json"))) {
		s.t.Errorf("it ends with %d and does not name %s:\n%s", code, name, text)
	}
	switch {
	case where == "saved.plan":
	case where == "prefab.lock.hcl":
		_ = os.Remove(filepath.Join(s.dir, where)) // as a person would who cannot read it either
	case !strings.Contains(text, "--force"):
		s.t.Errorf("it names no remedy:\n%s", text)
	}
	if text, code := s.run("apply", "--yes", "--force"); code != 0 {
		s.t.Errorf("the remedy ends with %d:\n%s", code, text)
	}
	s.same(s.look(), want, where)
	return "refused"
}
