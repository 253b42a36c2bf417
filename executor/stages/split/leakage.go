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
	for border := 1; border < len(parts); border++ {
		sets, above, err := sides(ctx, t, cfg.Shingle, part, border)
		if err != nil {
			return err
		}
		below := sets.Rows() - len(above)
		touched, err := sets.Touched(ctx, ratioOf(cfg), below, 0)
		if err != nil {
			return err
		}
		table.Parts[parts[border]] = len(touched)
		for _, at := range touched {
			if sets.First(at) < below {
				table.Equal++
			} else {
				table.Similar++
			}
			table.Rows = append(table.Rows, hex.EncodeToString([]byte(ids[above[at-below]])))
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

// sides collects the prompts of the parts below a border, then those of the part at it, and lists the rows of the latter.
func sides(ctx context.Context, t *stage.Task, shingle int, part []int, border int) (*simjoin.Collection, []int, error) {
	sets := simjoin.NewBuilder()
	var rows []int
	var shingles []uint64
	for _, above := range []bool{false, true} {
		row := 0
		for c, err := range t.Table("pairs").All(ctx, "prompt") {
			if err != nil {
				return nil, nil, err
			}
			prompts := c.Messages("prompt")
			for r := range c.Rows {
				p := part[row]
				row++
				if p < 0 || above != (p == border) || p > border {
					continue
				}
				shingles = text.Form{}.AppendCharShingles(shingles[:0], prompts.Text(r), shingle)
				sets.Add(shingles)
				if above {
					rows = append(rows, row-1)
				}
			}
		}
	}
	return sets.Collection(), rows, nil
}

func ratioOf(cfg *config) simjoin.Ratio {
	r, err := simjoin.Decimal(cfg.Threshold)
	if err != nil {
		panic("split: the schema lets a similarity of " + fmt.Sprint(cfg.Threshold) + " through")
	}
	return r
}
