package split

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/grouping"
	"github.com/prefab-build/prefab/executor/methods/splitting"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stage/prompts"
)

// table is what the split knows of its rows, in source order. It holds no text: a million rows take about 150 MB.
type table struct {
	ids     []string
	named   grouping.Names
	prompts prompts.Source
	strata  [][]string // by feature, for text features
	numbers [][]float64
}

// read goes through the rows once.
func read(ctx context.Context, t *stage.Task, cfg *config) (*table, error) {
	in := t.Table("pairs")
	rows := &table{strata: make([][]string, len(cfg.Stratify)), numbers: make([][]float64, len(cfg.Stratify))}
	rows.prompts.Load = prompts.Load(in)
	intern := map[string]string{}
	for c, err := range keyed(ctx, in) {
		if err != nil {
			return nil, err
		}
		ids, texts, named := c.IDs(), c.Messages("prompt"), c.Strings("group")
		for r := range c.Rows {
			name := ""
			if !named.Null(r) {
				name = named.At(r)
			}
			rows.ids = append(rows.ids, string(ids.At(r)))
			rows.named.Add(name)
			for f, feature := range cfg.Stratify {
				rows.feature(f, feature, c.Chunk, r, texts, intern)
			}
		}
		rows.prompts.Keys = append(rows.prompts.Keys, c.keys)
		t.Progress(int64(len(rows.ids)), in.Rows, "rows")
	}
	return rows, nil
}

// A keyedChunk is a chunk with the keys of its prompts.
type keyedChunk struct {
	dataset.Chunk
	keys []prompts.Key
}

// keyed yields the chunks of a table, several cores ahead.
func keyed(ctx context.Context, in *stage.Table) iter.Seq2[keyedChunk, error] {
	return stage.Ahead(ctx, in.Chunks, func(i int) (keyedChunk, error) {
		c, err := in.Chunk(i)
		if err != nil {
			return keyedChunk{}, err
		}
		return keyedChunk{c, prompts.KeysOf(c)}, nil
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
func (rows *table) groups(ctx context.Context, t *stage.Task, cfg *config) ([]int, error) {
	if cfg.GroupBy == noGroup {
		return grouping.Rows[prompts.Key](rows.named.Rows(), nil), nil
	}
	alike := slices.Concat(rows.prompts.Keys...)
	if cfg.GroupBy == similarPrompts {
		g, err := prompts.Group(ctx, t, prompts.Method{Similarity: cfg.Threshold, Shingle: cfg.Shingle}, rows.prompts)
		if err != nil {
			return nil, err
		}
		for i, k := range alike {
			alike[i] = g.Of(k)
		}
	}
	return grouping.Rows(rows.named.Rows(), alike), nil
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
