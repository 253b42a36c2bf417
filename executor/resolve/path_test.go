package resolve

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestReal(t *testing.T) {
	dir := Real(t.TempDir())
	at := func(path string) string { return filepath.Join(dir, path) }
	if err := os.MkdirAll(at("real/deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"link": "real", "abs": at("real"), "nowhere": "real/new", "loop": "loop", "real/up": "../nowhere"} {
		if err := os.Symlink(to, at(link)); err != nil {
			t.Skip(err)
		}
	}
	for path, want := range map[string]string{
		"real/a":      "real/a",
		"link/a/b":    "real/a/b",
		"abs/deep/..": "real",
		"nowhere":     "real/new",
		"nowhere/x":   "real/new/x",
		"real/up/x":   "real/new/x",
		"gone/a":      "gone/a",
		"loop":        "loop",
	} {
		if got := Real(at(path)); got != at(want) {
			t.Errorf("%s leads to %s, not to %s", path, got, at(want))
		}
	}
}

// TestNamed: a file is named once, as the spec has it, and too many open files come with what helps.
func TestNamed(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New("data/a.jsonl: line 1: wrong"), "data/a.jsonl: line 1: wrong"},
		{errors.New("this is a folder"), "data/a.jsonl: this is a folder"},
		{&fs.PathError{Op: "open", Path: "/data/a.jsonl", Err: fs.ErrPermission}, "data/a.jsonl: permission denied"},
		{errors.New("data/a.jsonl"), "data/a.jsonl: data/a.jsonl"},
		{&fs.PathError{Op: "open", Path: "/x", Err: syscall.EMFILE}, "data/a.jsonl: " + syscall.EMFILE.Error() + ": raise the limit, as with ulimit -n 4096"},
	} {
		if got := Named("data/a.jsonl", c.err).Error(); got != c.want {
			t.Errorf("%v: %s, not %s", c.err, got, c.want)
		}
	}
}
