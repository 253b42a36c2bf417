package export_test

import (
	"testing"

	"github.com/prefab-build/prefab/executor/stage/stagetest"
	"github.com/prefab-build/prefab/executor/stages/export"
	"github.com/prefab-build/prefab/spec"
)

func TestKind(t *testing.T) { stagetest.Run(t, export.Kind) }

func TestPathWithoutFile(t *testing.T) {
	for _, path := range []string{"", "out/", ".", "..", "out/..", "/"} {
		config := spec.Config(spec.Canonical(map[string]any{"path": path, "container": "jsonl"}))
		if problems := export.Kind.Check(config); len(problems) != 1 || problems[0].Summary != "A path without a file" {
			t.Errorf("%q: %v", path, problems)
		}
	}
}
