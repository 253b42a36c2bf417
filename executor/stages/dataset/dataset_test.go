package dataset_test

import (
	"testing"

	"github.com/prefab-build/prefab/executor/stage/stagetest"
	"github.com/prefab-build/prefab/executor/stages/dataset"
)

func TestKind(t *testing.T) { stagetest.Run(t, dataset.Kind) }
