package split

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// leakTable is what stands beside the metric leaked.
type leakTable struct {
	Equal   int            `json:"equal"`   // rows whose prompt has the very shingles of a prompt below
	Similar int            `json:"similar"` // rows whose prompt is near to one below
	Parts   map[string]int `json:"parts"`
	Rows    []string       `json:"rows"` // a few of them, the least ids
}

// leakage counts the rows of a held-out part whose prompts are near-duplicates of prompts in a less protected part. It
// goes through the rows again and shares nothing with the grouping but the method, so that an error there shows here.
// Rows are counted and not pairs: where prompts come from one template, pairs are quadratic in them.
func leakage(ctx context.Context, t *stage.Task, cfg *config, parts, ids []string, part []int) error {
	table := leakTable{Parts: map[string]int{}}
	sets, lowest, err := reread(ctx, t, cfg.Shingle, part)
	if err != nil {
		return err
	}
	for border := 1; border < len(parts); border++ {
		watched := sets.Watched(func(done, total int) {
			t.Progress(int64(done), int64(total), "prompts compared with "+parts[border])
		})
		touched, err := watched.Touched(ctx, ratioOf(cfg),
			func(row int) bool { return part[row] >= 0 && part[row] < border },
			func(row int) bool { return part[row] == border }, 0)
		if err != nil {
			return err
		}
		table.Parts[parts[border]] = len(touched)
		for _, row := range touched {
			if lowest[sets.First(row)] < border {
				table.Equal++
			} else {
				table.Similar++
			}
			table.Rows = append(table.Rows, hex.EncodeToString([]byte(ids[row])))
		}
	}
	m := spec.Value("leaked", float64(table.Equal+table.Similar), int64(len(part)))
	m.Method = fmt.Sprintf("exact join of the prompts' %d-character shingles at Jaccard >= %g", cfg.Shingle, cfg.Threshold)
	if len(table.Rows) > 0 {
		const few = 5
		slices.Sort(table.Rows)
		table.Rows = table.Rows[:min(few, len(table.Rows))]
		m.Table = table
	}
	t.Metric(m)
	return nil
}

// reread collects the prompts once more, and finds the least protected part that each set is in, by the first row that has
// it.
func reread(ctx context.Context, t *stage.Task, shingle int, part []int) (*simjoin.Collection, map[int]int, error) {
	builder := simjoin.NewBuilder()
	builder.Watch(func(done, total int) { t.Progress(int64(done), int64(total), "prompts compared again") })
	in := t.Table("pairs")
	done := 0
	for sets, err := range stage.Ahead(ctx, in.Chunks, func(i int) (*simjoin.Sets, error) { return shingled(in, i, shingle) }) {
		if err != nil {
			return nil, nil, err
		}
		for r := range sets.Len() {
			builder.Add(sets.At(r))
		}
		done += sets.Len()
		t.Progress(int64(done), in.Rows, "rows read again")
	}
	sets, lowest := builder.Collection(), map[int]int{}
	for row, p := range part {
		first := sets.First(row)
		if was, ok := lowest[first]; p >= 0 && (!ok || p < was) {
			lowest[first] = p
		}
	}
	return sets, lowest, nil
}

// shingled returns the sets of the prompts of a chunk.
func shingled(in *stage.Table, chunk, shingle int) (*simjoin.Sets, error) {
	c, err := in.Chunk(chunk, "prompt")
	if err != nil {
		return nil, err
	}
	sets, prompts := &simjoin.Sets{}, c.Messages("prompt")
	for r := range c.Rows {
		sets.Append(func(dst []uint64) []uint64 { return text.N1.AppendCharShingles(dst, prompts.Text(r), shingle) })
	}
	return sets, nil
}

func ratioOf(cfg *config) simjoin.Ratio {
	r, err := simjoin.Decimal(cfg.Threshold)
	if err != nil {
		panic("split: the schema lets a similarity of " + fmt.Sprint(cfg.Threshold) + " through")
	}
	return r
}
