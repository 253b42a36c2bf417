package split

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/grouping"
	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/splitting"
	"github.com/prefab-build/prefab/executor/stage"
)

// table is what the split knows of its rows, in source order. It holds no text: a million rows take about 200 MB, most
// of it the join's.
type table struct {
	ids     []string
	grouped *grouping.Rows
	strata  [][]string // by feature, for text features
	numbers [][]float64
}

// read goes through the rows once.
func read(ctx context.Context, t *stage.Task, cfg *config) (*table, error) {
	in := t.Table("pairs")
	rows := &table{strata: make([][]string, len(cfg.Stratify)), numbers: make([][]float64, len(cfg.Stratify))}
	groups := grouping.New(cfg.Shingle)
	if cfg.GroupBy != similarPrompts {
		groups = grouping.NewExact()
	}
	groups.Watch(func(done, total int) { t.Progress(int64(done), int64(total), "prompts compared") })
	intern := map[string]string{}
	for c, err := range shingled(ctx, in, groups.Set) {
		if err != nil {
			return nil, err
		}
		ids, prompts, named := c.IDs(), c.Messages("prompt"), c.Strings("group")
		for r := range c.Rows {
			name := ""
			if !named.Null(r) {
				name = named.At(r)
			}
			rows.ids = append(rows.ids, string(ids.At(r)))
			groups.AddSet(c.sets.At(r), name)
			for f, feature := range cfg.Stratify {
				rows.feature(f, feature, c.Chunk, r, prompts, intern)
			}
		}
		t.Progress(int64(len(rows.ids)), in.Rows, "rows")
	}
	rows.grouped = groups.Rows()
	return rows, nil
}

// A shingledChunk is a chunk with the sets of its prompts.
type shingledChunk struct {
	dataset.Chunk
	sets *simjoin.Sets
}

// shingled yields the chunks of a table with the sets that set makes of their prompts, several cores ahead.
func shingled(ctx context.Context, in *stage.Table, set func(dst []uint64, prompt string) []uint64, columns ...string) iter.Seq2[shingledChunk, error] {
	return stage.Ahead(ctx, in.Chunks, func(i int) (shingledChunk, error) {
		c, err := in.Chunk(i, columns...)
		if err != nil {
			return shingledChunk{}, err
		}
		out, prompts := shingledChunk{c, &simjoin.Sets{}}, c.Messages("prompt")
		for r := range c.Rows {
			out.sets.Append(func(dst []uint64) []uint64 { return set(dst, prompts.Text(r)) })
		}
		return out, nil
	})
}

func (rows *table) feature(f int, feature string, c dataset.Chunk, r int, prompts dataset.Messages, intern map[string]string) {
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
		rows.numbers[f] = append(rows.numbers[f], float64(prompts.Len(r)))
	case "length":
		rows.numbers[f] = append(rows.numbers[f], float64(len(strings.Fields(prompts.Text(r)))))
	}
}

// groups returns the group of each row.
func (rows *table) groups(ctx context.Context, cfg *config) ([]int, error) {
	similarity := cfg.Threshold
	if cfg.GroupBy == noGroup {
		similarity = 0
	}
	return rows.grouped.Groups(ctx, similarity)
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
