//go:build linux

package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

var full = flag.Int("full", 24, "TestFaultFull lets disks be full after every `N`th page; 1 leaves out none")

// A disk is a small file system, on which a part of a project lies.
type disk struct {
	t    *testing.T
	path string
}

const (
	page  = 4096
	ample = 16 << 10 // pages
)

// mountDisk makes one. Only the superuser may, and not in every container.
func mountDisk(t *testing.T, path string) disk {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, ""); err != nil {
		t.Skipf("no small file system can be mounted here, as root may: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(path, syscall.MNT_DETACH) })
	return disk{t, path}
}

// used returns how many pages are taken.
func (d disk) used() int {
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.path, &s); err != nil {
		d.t.Fatal(err)
	}
	return int(s.Blocks - s.Bfree)
}

func (d disk) resize(pages int) {
	d.t.Helper()
	size := fmt.Sprintf("size=%d", max(pages, 1)*page) // 0 is without a limit
	if err := syscall.Mount("tmpfs", d.path, "tmpfs", syscall.MS_REMOUNT, size); err != nil {
		d.t.Fatal(err)
	}
}

// fullSpec is faultSpec with less to do, and with one thing more that is written: the lock file.
var fullSpec = strings.NewReplacer(
	"rows = 900", "rows = 120",
	`source "jsonl" { path = "pairs.jsonl" }`, "source \"jsonl\" {\n    path = \"pairs.jsonl\"\n    pin  = true\n  }",
).Replace(faultSpec)

// TestFaultFull lets the disk be full at one write after the other: that of the whole project, that of the cache, of the
// history or of the exports alone; and has the system refuse files beyond a length. What cannot be written is said, with a
// remedy and the exit code 1, and the cache can be collected. With space again, the next run comes to what an undisturbed
// one comes to.
func TestFaultFull(t *testing.T) {
	if testing.Short() {
		t.Skip("disks are filled by the dozen")
	}
	whole := newSite(t)
	whole.write("main.prefab.hcl", []byte(fullSpec))
	want := whole.result()
	t.Run("project", func(t *testing.T) { fillDisk(t, ".", *full, want) })
	t.Run("cache", func(t *testing.T) { fillDisk(t, ".cache", *full, want) })
	t.Run("history", func(t *testing.T) { fillDisk(t, ".prefab", *full, want) })
	t.Run("exports", func(t *testing.T) { fillDisk(t, "out", max(*full/8, 1), want) })
	t.Run("long files", func(t *testing.T) { refuseLong(t, *full*page/8, want) })
}

// fillDisk has a part of the project lie on a disk that takes some pages more every time, until all fits.
func fillDisk(t *testing.T, part string, more int, want result) {
	s := newSite(t)
	d := mountDisk(t, filepath.Join(s.dir, part))
	for space := 0; ; space += more {
		s.empty()
		d.resize(ample)
		s.write("main.prefab.hcl", []byte(fullSpec))
		s.inputs()
		d.resize(d.used() + space)
		failed := s.squeezed(s.run)
		if text, code := s.run("cache", "gc"); code != 0 {
			t.Errorf("what frees space ends with %d:\n%s", code, text)
		}
		d.resize(ample)
		s.recovers(want)
		if t.Failed() {
			t.Fatalf("with space for %d pages", space)
		}
		if !failed {
			t.Logf("%d pages are enough", space)
			return
		}
	}
}

// refuseLong has the system refuse to write files beyond a length, which is greater every time.
func refuseLong(t *testing.T, more int, want result) {
	limited, err := exec.LookPath("limited")
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	s.write("main.prefab.hcl", []byte(fullSpec))
	for most := 0; ; most += more {
		s.empty()
		failed := s.squeezed(func(args ...string) (string, int) {
			c := s.command(args...)
			c.Path, c.Args = limited, append([]string{"limited", strconv.Itoa(most)}, c.Args...)
			return s.end(c)
		})
		s.recovers(want)
		if t.Failed() {
			t.Fatalf("with files of at most %d bytes", most)
		}
		if !failed {
			t.Logf("%d bytes are enough", most)
			return
		}
	}
}

// empty removes what runs leave; a disk stays.
func (s site) empty() {
	for _, name := range []string{".cache", ".prefab", "out", "saved.plan", "prefab.lock.hcl"} {
		below, _ := filepath.Glob(filepath.Join(s.dir, name, "*"))
		for _, path := range append(below, filepath.Join(s.dir, name)) {
			_ = os.RemoveAll(path)
		}
	}
}

var noSpace = regexp.MustCompile(`(?s)(no\s+space\s+left\s+on\s+device|disk\s+is\s+full|file\s+too\s+large).*free\s+some\s+space`)

// squeezed runs what writes, where space is short, and reports whether something could not be done for that.
func (s site) squeezed(run func(args ...string) (string, int)) (failed bool) {
	s.t.Helper()
	saved := filepath.Join(s.dir, "saved.plan")
	for _, args := range [][]string{
		{"plan", "--out", saved}, {"apply", "--ignore-space", saved}, {"apply", "--ignore-space", "--yes"}, {"apply", "--ignore-space", "--yes"}, {"plan"}, {"lock"},
	} {
		if _, err := os.Stat(saved); err != nil && args[len(args)-1] == saved && args[0] == "apply" {
			continue // it could not be saved
		}
		text, code := run(args...)
		if failed = failed || code != 0; code != 0 && (code != 1 || !noSpace.MatchString(text)) {
			s.t.Errorf("%v ends with %d, and does not say what is wrong and what to do:\n%s", args, code, text)
		}
	}
	return failed
}

// recovers finishes with space again. Nothing of what was cut short may be left.
func (s site) recovers(want result) {
	s.t.Helper()
	s.unfinished("stopped")
	s.same(s.result(), want, "with space again")
	for _, args := range [][]string{{"log"}, {"cache", "verify"}} {
		if text, code := s.run(args...); code != 0 {
			s.t.Errorf("%v ends with %d afterwards:\n%s", args, code, text)
		}
	}
}
