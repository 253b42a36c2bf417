package disk_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/prefab-build/prefab/executor/disk"
)

// Both ways to write a file leave the old content where the new one does not come to its end, and nothing beside it.
func TestWholeOrNotAtAll(t *testing.T) {
	for name, write := range map[string]func(string, io.Reader) error{
		"replace": func(path string, r io.Reader) error { return disk.Replace(path, r, 0o644) },
		"place":   func(path string, r io.Reader) error { return disk.Place(path, r, 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			for _, content := range []string{"old", "new"} {
				if err := write(path, strings.NewReader(content)); err != nil {
					t.Fatal(err)
				}
			}
			broken := io.MultiReader(strings.NewReader("half of"), iotest.ErrReader(errors.New("no more")))
			if err := write(path, broken); err == nil {
				t.Error("a content that breaks off is no error")
			}
			if b, err := os.ReadFile(path); err != nil || string(b) != "new" {
				t.Errorf("the file holds %q: %v", b, err)
			}
			if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
				t.Errorf("the folder holds %v: %v", list, err)
			}
		})
	}
}

// Replace writes what a link leads to, with the permissions that are there; Place puts its own file in the place of a link.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	if err := os.WriteFile(real, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", link); err != nil {
		t.Skip(err)
	}
	if err := disk.Replace(link, strings.NewReader("new"), 0o644); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(real)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(real); err != nil || string(b) != "new" || info.Mode().Perm() != 0o600 {
		t.Errorf("the file holds %q with %v: %v", b, info.Mode(), err)
	}
	if err := disk.Place(link, strings.NewReader("placed"), 0o644); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || !info.Mode().IsRegular() {
		t.Errorf("the link is still one: %v, %v", info, err)
	}
	if b, err := os.ReadFile(real); err != nil || string(b) != "new" {
		t.Errorf("what the link led to holds %q: %v", b, err)
	}
}

// What a caller that was killed left behind is in nobody's way.
func TestPlaceAfterAKill(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".file.part"), []byte("hal"), 0o400); err != nil {
		t.Fatal(err)
	}
	if err := disk.Place(filepath.Join(dir, "file"), strings.NewReader("whole"), 0o644); err != nil {
		t.Fatal(err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 || list[0].Name() != "file" {
		t.Errorf("the folder holds %v: %v", list, err)
	}
}

func TestAdvised(t *testing.T) {
	err := disk.Advised(&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC})
	if !strings.Contains(err.Error(), disk.Remedy) || !disk.Full(err) {
		t.Error(err)
	}
	if again := disk.Advised(err); again.Error() != err.Error() {
		t.Error("the advice is given twice:", again)
	}
	if err := disk.Advised(io.EOF); err.Error() != io.EOF.Error() {
		t.Error(err)
	}
}
