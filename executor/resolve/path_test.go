package resolve

import (
	"os"
	"path/filepath"
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
