package command

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A folder whose owner is gone is removed, also when its program closed parts of it; one in use and one that was just made stay.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	used, err := newFolder()
	if err != nil {
		t.Fatal(err)
	}
	left, err := newFolder()
	if err != nil {
		t.Fatal(err)
	}
	if err := left.owner.Unlock(); err != nil { // as the end of a process does
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(left.out(), "closed", "more"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(left.out(), "closed"), 0); err != nil {
		t.Fatal(err)
	}
	there := func(f *folder) bool {
		_, err := os.Stat(f.base)
		return err == nil
	}
	sweep(dir, time.Now())
	if !there(used) || !there(left) {
		t.Error("a folder that may be about to be used is gone")
	}
	sweep(dir, time.Now().Add(2*settled))
	if !there(used) || there(left) {
		t.Errorf("in use %v, left behind %v", there(used), there(left))
	}
	if err := used.remove(); err != nil || there(used) {
		t.Error("it is not removed", err)
	}
}
