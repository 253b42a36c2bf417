package validate

import (
	"context"

	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stage/prompts"
)

// promptShingle is the length of the runs of characters that prompts are compared by: prompts are short.
const promptShingle = 5

// groupsOf groups the prompts of the rows that go on.
func groupsOf(ctx context.Context, t *stage.Task, all *stage.Mapped, chunks []chunkResult, similarity float64) (*prompts.Groups, error) {
	table := t.Table("pairs")
	src := prompts.Source{
		Keys: make([][]prompts.Key, len(chunks)),
		Load: func(chunk int) (func(k int) string, error) {
			c, err := table.Chunk(chunk, "prompt")
			if err != nil {
				return nil, err
			}
			texts, rows := c.Messages("prompt"), all.Deltas[chunk].Out["pairs"].Keep.Rows()
			return func(k int) string { return texts.Text(int(rows[k])) }, nil
		},
	}
	for i := range chunks {
		list := chunks[i].records
		src.Keys[i] = make([]prompts.Key, 0, len(list))
		for k := range list {
			src.Keys[i] = append(src.Keys[i], prompts.Key(list[k].prompt))
		}
	}
	return prompts.Group(ctx, t, prompts.Method{Similarity: similarity, Shingle: promptShingle}, src)
}
