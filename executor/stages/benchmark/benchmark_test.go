package benchmark_test

import (
	"testing"

	"github.com/prefab-build/prefab/executor/stage/stagetest"
	"github.com/prefab-build/prefab/executor/stages/benchmark"
)

func TestKind(t *testing.T) { stagetest.Run(t, benchmark.Kind) }
