package validate

import (
	"testing"

	"github.com/prefab-build/prefab/executor/stage/stagetest"
)

func TestCases(t *testing.T) { stagetest.Run(t, Kind) }
