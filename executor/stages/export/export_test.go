package export_test

import (
	"testing"

	"github.com/prefab-build/prefab/executor/stage/stagetest"
	"github.com/prefab-build/prefab/executor/stages/export"
)

func TestKind(t *testing.T) { stagetest.Run(t, export.Kind) }
