package export

import (
	"context"
	"iter"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// written gives the ids in the order of the file.
func written(ctx context.Context, t *stage.Task) iter.Seq2[dataset.Chunk, error] {
	var c config
	if err := t.Config(&c); err != nil {
		return func(yield func(dataset.Chunk, error) bool) { yield(dataset.Chunk{}, err) }
	}
	return c.chunks(ctx, t.Table("pairs"), spec.ID)
}
