package validate

import (
	"bytes"
	"context"
	"slices"

	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
)

// promptShingle is the length of the runs of characters that prompts are compared by: prompts are short.
const promptShingle = 5

// groupsOf returns the group of every prompt: the smallest hash among prompts that are alike, so that its name does not
// depend on the order of rows. The texts are read chunk by chunk; what is kept is four bytes a character of the distinct
// prompts.
func groupsOf(ctx context.Context, t *stage.Task, all *stage.Mapped, records [][]record, similarity float64) (map[half]half, error) {
	tau, err := simjoin.Decimal(similarity)
	if err != nil {
		return nil, err
	}
	table := t.Table("pairs")
	number := map[half]int{}
	var prompts []half
	builder := simjoin.NewBuilder()
	var set []uint64
	var done int64
	for i, list := range records {
		if len(list) == 0 {
			continue
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		c, err := table.Chunk(i, "prompt")
		if err != nil {
			return nil, err
		}
		texts := c.Messages("prompt")
		for k, row := range all.Deltas[i].Out["pairs"].Keep.Rows() {
			if _, known := number[list[k].prompt]; known {
				continue
			}
			number[list[k].prompt] = len(prompts)
			prompts = append(prompts, list[k].prompt)
			set = text.N1.AppendCharShingles(set[:0], texts.Text(int(row)), promptShingle)
			builder.Add(set)
		}
		done += int64(len(list))
		t.Progress(done, table.Rows, "prompts compared")
	}
	labels, err := builder.Collection().Clusters(ctx, tau, 0)
	if err != nil {
		return nil, err
	}
	smallest := slices.Clone(prompts)
	for i, label := range labels {
		if bytes.Compare(prompts[i][:], smallest[label][:]) < 0 {
			smallest[label] = prompts[i]
		}
	}
	groups := make(map[half]half, len(prompts))
	for i, label := range labels {
		groups[prompts[i]] = smallest[label]
	}
	return groups, nil
}
