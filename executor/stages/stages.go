// Package stages is the list of stage kinds, and nothing else. A kind is in prefab because it stands here.
package stages

import (
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stages/benchmark"
	"github.com/prefab-build/prefab/executor/stages/command"
	"github.com/prefab-build/prefab/executor/stages/dataset"
	"github.com/prefab-build/prefab/executor/stages/decontaminate"
	"github.com/prefab-build/prefab/executor/stages/deduplicate"
	"github.com/prefab-build/prefab/executor/stages/evaluate"
	"github.com/prefab-build/prefab/executor/stages/export"
	"github.com/prefab-build/prefab/executor/stages/filter"
	"github.com/prefab-build/prefab/executor/stages/kl"
	"github.com/prefab-build/prefab/executor/stages/resolve"
	"github.com/prefab-build/prefab/executor/stages/rewardmodel"
	"github.com/prefab-build/prefab/executor/stages/split"
	"github.com/prefab-build/prefab/executor/stages/validate"
)

// All returns every stage kind, by name.
func All() []*stage.Kind {
	return []*stage.Kind{
		benchmark.Kind,
		command.Kind,
		dataset.Kind,
		decontaminate.Kind,
		deduplicate.Kind,
		evaluate.Kind,
		export.Kind,
		filter.Kind,
		kl.Kind,
		resolve.Kind,
		rewardmodel.Kind,
		split.Kind,
		validate.Kind,
	}
}
