package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/executor"
)

// TestAnInterruptBeforeAnythingRan: reading large inputs is part of planning, and Ctrl-C there is no error of a file's.
func TestAnInterruptBeforeAnythingRan(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PREFAB_CACHE", t.TempDir())
	for name, content := range map[string]string{
		"main.prefab.hcl": `dataset "mine" {
  source "jsonl" { path = "a.jsonl" }
}`,
		"a.jsonl": strings.Repeat(`{"prompt":"p","chosen":"a","rejected":"b"}`+"\n", 100),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(executor.ErrInterrupted)
	for _, args := range [][]string{{"plan"}, {"apply", "--yes"}, {"show", "dataset.mine"}} {
		var out, log bytes.Buffer
		code := Main(ctx, append([]string{"-C", dir}, args...), Streams{In: strings.NewReader(""), Out: &out, Err: &log})
		if code != exitInterrupted || !strings.Contains(log.String(), "interrupted before anything ran") {
			t.Errorf("%v ends with %d: %s%s", args, code, out.String(), log.String())
		}
	}
}
