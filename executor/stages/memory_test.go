package stages_test

import (
	"testing"

	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stages"
)

// Estimates are held against the measurements that package stage names: what a stage came to, beside what its process has
// anyway, over 50,000 and 150,000 pairs. One that is too low by much may cost a run, and one too high by much its time.
func TestEstimatesAreAsMeasured(t *testing.T) {
	pairs := func(rows int64) stage.Volume { return stage.Volume{Rows: rows, Bytes: rows * 1120} }
	items := stage.Volume{Rows: 20_000, Bytes: 4_500_000}
	for _, c := range []struct {
		kind     string
		load     stage.Load
		measured int64 // MB
	}{
		{"benchmark", stage.Load{Mapped: stage.Volume{Rows: 20_000, Bytes: 6_200_000}, AtOnce: 2}, 46},
		{"dataset", stage.Load{Mapped: pairs(50_000), AtOnce: 2}, 56},
		{"dataset", stage.Load{Mapped: pairs(150_000), AtOnce: 2}, 63},
		{"deduplicate", stage.Load{Mapped: pairs(50_000), AtOnce: 2}, 88},
		{"deduplicate", stage.Load{Mapped: pairs(150_000), AtOnce: 2}, 191},
		{"decontaminate", stage.Load{Mapped: pairs(50_000), Read: items, AtOnce: 2}, 109},
		{"decontaminate", stage.Load{Mapped: pairs(150_000), Read: items, AtOnce: 2}, 101},
		{"validate", stage.Load{Mapped: pairs(50_000), AtOnce: 2}, 87},
		{"validate", stage.Load{Mapped: pairs(150_000), AtOnce: 2}, 173},
		{"split", stage.Load{Mapped: pairs(50_000), AtOnce: 2}, 56},
		{"split", stage.Load{Mapped: pairs(150_000), AtOnce: 2}, 128},
		{"reward_model", stage.Load{Read: pairs(50_000)}, 336},
		{"reward_model", stage.Load{Read: pairs(150_000)}, 1096},
		{"evaluate", stage.Load{Read: pairs(50_000)}, 297},
		{"evaluate", stage.Load{Read: pairs(150_000)}, 558},
		{"export", stage.Load{Read: pairs(32_000)}, 161},
		{"export", stage.Load{Read: pairs(96_000)}, 499},
	} {
		for _, k := range stages.All() {
			if k.Name != c.kind {
				continue
			}
			if got := k.Estimate(c.load) / 1e6; float64(got) < 0.9*float64(c.measured) || float64(got) > 2*float64(c.measured) {
				t.Errorf("%s over %d rows: estimated are %d MB, and measured %d", c.kind, max(c.load.Mapped.Rows, c.load.Read.Rows), got, c.measured)
			}
		}
	}
}
