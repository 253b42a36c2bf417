package split

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/cluster"
	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/splitting"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
)

// table is what the split knows of its rows, in source order. It holds no text: a million rows take about 200 MB, most
// of it the join's.
type table struct {
	ids     []string
	groups  []int // by the column group; -1 without a value
	sets    *simjoin.Collection
	strata  [][]string // by feature, for text features
	numbers [][]float64
}

// read goes through the rows once.
func read(ctx context.Context, t *stage.Task, cfg *config) (*table, error) {
	in := t.Table("pairs")
	rows := &table{strata: make([][]string, len(cfg.Stratify)), numbers: make([][]float64, len(cfg.Stratify))}
	sets := simjoin.NewBuilder()
	byName := map[string]int{}
	intern := map[string]string{}
	var shingles []uint64
	for c, err := range in.All(ctx) {
		if err != nil {
			return nil, err
		}
		ids, prompts, groups := c.IDs(), c.Messages("prompt"), c.Strings("group")
		for r := range c.Rows {
			prompt := prompts.Text(r)
			rows.ids = append(rows.ids, string(ids.At(r)))
			group := -1
			if !groups.Null(r) {
				name := groups.At(r)
				if _, ok := byName[name]; !ok {
					byName[strings.Clone(name)] = len(byName)
				}
				group = byName[name]
			}
			rows.groups = append(rows.groups, group)
			shingles = shingle(shingles[:0], prompt, cfg)
			sets.Add(shingles)
			for f, feature := range cfg.Stratify {
				rows.feature(f, feature, c, r, prompt, intern)
			}
		}
		t.Progress(int64(len(rows.ids)), in.Rows, "rows")
	}
	rows.sets = sets.Collection()
	return rows, nil
}

// shingle is the set by which prompts are compared: the prompt as one token where only equal ones belong together.
func shingle(dst []uint64, prompt string, cfg *config) []uint64 {
	if cfg.GroupBy == similarPrompts {
		return text.Form{}.AppendCharShingles(dst, prompt, cfg.Shingle)
	}
	return append(dst, text.HashToken(text.Normalize(prompt)))
}

func (rows *table) feature(f int, feature string, c dataset.Chunk, r int, prompt string, intern map[string]string) {
	word := func(column string) {
		s := ""
		if v := c.Strings(column); !v.Null(r) {
			s = v.At(r)
		}
		if _, ok := intern[s]; !ok {
			intern[strings.Clone(s)] = strings.Clone(s)
		}
		rows.strata[f] = append(rows.strata[f], intern[s])
	}
	switch feature {
	case "category", "source":
		word(feature)
	case "difficulty":
		x := -1.0
		if v := c.Floats(feature); !v.Null(r) {
			x = v.At(r)
		}
		rows.numbers[f] = append(rows.numbers[f], x)
	case "turns":
		rows.numbers[f] = append(rows.numbers[f], float64(c.Messages("prompt").Len(r)))
	case "length":
		rows.numbers[f] = append(rows.numbers[f], float64(len(strings.Fields(prompt))))
	}
}

// grouped returns the group of each row: connected by similar prompts or by an equal value of the column group.
func (rows *table) grouped(ctx context.Context, cfg *config) ([]int, error) {
	forest := cluster.New(len(rows.ids))
	if cfg.GroupBy != noGroup {
		labels, err := rows.sets.Clusters(ctx, ratioOf(cfg), 0)
		if err != nil {
			return nil, err
		}
		for r, first := range labels {
			forest.Union(r, first)
		}
	}
	first := map[int]int{}
	for r, g := range rows.groups {
		if g < 0 {
			continue
		}
		if at, ok := first[g]; ok {
			forest.Union(r, at)
		} else {
			first[g] = r
		}
	}
	return cluster.Dense(forest.Labels()), nil
}

// stratum names what each row is stratified by: numbers count by terciles, turns as they are.
func (rows *table) stratum(cfg *config) (numbers []int, names []string) {
	parts := make([][]string, len(rows.ids))
	for f, feature := range cfg.Stratify {
		var cuts [2]float64
		if feature == "difficulty" || feature == "length" {
			cuts = terciles(rows.numbers[f])
		}
		for r := range rows.ids {
			parts[r] = append(parts[r], rows.value(f, feature, r, cuts))
		}
	}
	joined := make([]string, len(parts))
	for r, p := range parts {
		joined[r] = strings.Join(p, " / ")
	}
	return splitting.Strata(joined, leastStratum)
}

// leastStratum is the number of rows under which strata are put together.
const leastStratum = 10

func (rows *table) value(f int, feature string, r int, cuts [2]float64) string {
	switch feature {
	case "category", "source":
		return rows.strata[f][r]
	case "turns":
		return fmt.Sprintf("turns %d", min(int(rows.numbers[f][r]), 9))
	}
	third := 0
	for _, cut := range cuts {
		if rows.numbers[f][r] > cut {
			third++
		}
	}
	return fmt.Sprintf("%s %d/3", feature, third+1)
}

// terciles returns the values at one and two thirds; equal values fall into one tercile, whatever their order.
func terciles(values []float64) [2]float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return [2]float64{}
	}
	return [2]float64{sorted[(len(sorted)-1)/3], sorted[2*(len(sorted)-1)/3]}
}
