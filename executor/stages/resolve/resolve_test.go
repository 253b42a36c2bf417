package resolve_test

import (
	"testing"

	"github.com/prefab-build/prefab/executor/stage/stagetest"
	"github.com/prefab-build/prefab/executor/stages/resolve"
)

func TestKind(t *testing.T) { stagetest.Run(t, resolve.Kind) }
