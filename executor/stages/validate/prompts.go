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
	builder.Watch(func(done, total int) { t.Progress(int64(done), int64(total), "prompts compared") })
	chunk, done := 0, int64(0)
	for sets, err := range stage.Ahead(ctx, len(records), func(i int) (*simjoin.Sets, error) {
		return promptSets(table, i, all.Deltas[i], len(records[i]))
	}) {
		if err != nil {
			return nil, err
		}
		for k := range sets.Len() {
			prompt := records[chunk][k].prompt
			if _, known := number[prompt]; known {
				continue
			}
			number[prompt] = len(prompts)
			prompts = append(prompts, prompt)
			builder.Add(sets.At(k))
		}
		done += int64(sets.Len())
		chunk++
		t.Progress(done, table.Rows, "prompts read")
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

// promptSets returns the shingles of the prompts of the rows of a chunk that go on.
func promptSets(table *stage.Table, chunk int, d *stage.Delta, rows int) (*simjoin.Sets, error) {
	sets := &simjoin.Sets{}
	if rows == 0 {
		return sets, nil
	}
	c, err := table.Chunk(chunk, "prompt")
	if err != nil {
		return nil, err
	}
	texts := c.Messages("prompt")
	for _, row := range d.Out["pairs"].Keep.Rows() {
		sets.Append(func(dst []uint64) []uint64 {
			return text.N1.AppendCharShingles(dst, texts.Text(int(row)), promptShingle)
		})
	}
	return sets, nil
}
