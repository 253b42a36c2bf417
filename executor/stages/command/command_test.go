package command

import (
	"testing"

	"github.com/prefab-build/prefab/executor/stage/stagetest"
)

func TestKind(t *testing.T) { stagetest.Run(t, Kind) }
