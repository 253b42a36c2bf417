package split

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/cluster"
	"github.com/prefab-build/prefab/executor/methods/splitting"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// mapper does all its work in Finish: a split is a question about all rows.
type mapper struct{}

func (mapper) Prepare(context.Context, *stage.Task) (stage.State, error) { return nil, nil }

func (mapper) MapChunk(context.Context, *stage.Task, stage.State, stage.Chunk) (*stage.Delta, error) {
	return &stage.Delta{}, nil
}

// Finish groups the rows, assigns the groups, and measures what came of it.
func (mapper) Finish(ctx context.Context, t *stage.Task, all *stage.Mapped) error {
	var cfg config
	if err := t.Config(&cfg); err != nil {
		return err
	}
	parts := partsOf(&cfg)
	rows, err := read(ctx, t, &cfg)
	if err != nil {
		return err
	}
	groups, err := rows.groups(ctx, t, &cfg)
	if err != nil {
		return err
	}
	previous, err := earlier(ctx, t, parts)
	if err != nil {
		return err
	}
	strata, names := rows.stratum(&cfg)
	a, err := assign(t, &cfg, parts, rows.ids, groups, strata, previous)
	if err != nil {
		return err
	}
	emit(all, parts, a)
	l := &leakCheck{&cfg, t, t.Table("pairs"), parts, rows.ids, rows.prompts.Keys, a.Part, fewRows}
	if err := l.measure(ctx); err != nil {
		return err
	}
	report(t, &cfg, parts, rows, groups, names, a)
	return nil
}

// partsOf lists the parts that the ratios name, from the least to the most protected.
func partsOf(cfg *config) []string {
	var parts []string
	for _, name := range partNames {
		if cfg.Ratios[name] > 0 {
			parts = append(parts, name)
		}
	}
	return parts
}

// earlier reads which part each row of an earlier split had. It is nil without one.
func earlier(ctx context.Context, t *stage.Task, parts []string) (map[string]int, error) {
	var previous map[string]int
	for _, m := range t.Members("previous") {
		part := slices.Index(parts, m.Name)
		if part < 0 {
			return nil, fmt.Errorf("the earlier split has a part %q, and this one has not: name the same parts in ratios", m.Name)
		}
		if previous == nil {
			previous = map[string]int{}
		}
		for c, err := range m.Table.All(ctx) {
			if err != nil {
				return nil, err
			}
			ids := c.IDs()
			for r := range c.Rows {
				previous[string(ids.At(r))] = part
			}
		}
	}
	return previous, nil
}

func assign(t *stage.Task, cfg *config, parts, ids []string, groups, strata []int, previous map[string]int) (*splitting.Assignment, error) {
	shares := make([]float64, len(parts))
	for i, name := range parts {
		shares[i] = cfg.Ratios[name]
	}
	weights, err := splitting.Weights(shares...)
	if err != nil {
		return nil, fmt.Errorf("ratios: %w", err)
	}
	o := splitting.Options{Salt: fmt.Sprintf("%016x", t.Seed()), Previous: previous}
	for i, name := range parts {
		o.Parts = append(o.Parts, splitting.Part{Name: name, Weight: weights[i]})
	}
	list := make([]splitting.Row, len(ids))
	for i, id := range ids {
		list[i] = splitting.Row{ID: id, Group: groups[i], Stratum: strata[i]}
	}
	if cfg.Strategy == "stable" {
		return splitting.Stable(list, o)
	}
	return splitting.Balanced(list, o)
}

// emit turns the assignment into selections, chunk by chunk.
func emit(all *stage.Mapped, parts []string, a *splitting.Assignment) {
	from := 0
	for i, n := range all.Rows {
		d := all.Deltas[i]
		part := a.Part[from : from+n]
		for p, name := range parts {
			d.Out[name] = &stage.PortDelta{Keep: dataset.Select(n, func(r int) bool { return part[r] == p })}
		}
		for r, p := range part {
			if p == splitting.Evicted {
				d.Ledger = append(d.Ledger, stage.Entry{Row: r, Reason: "evicted", Detail: "its group was in a more protected part of the earlier split"})
			}
		}
		from += n
	}
}

func report(t *stage.Task, cfg *config, parts []string, rows *table, groups []int, names []string, a *splitting.Assignment) {
	total := int64(len(rows.ids))
	sizes := a.Sizes()
	worst := 0.0
	for _, name := range partNames {
		i := slices.Index(parts, name)
		if i < 0 {
			t.Metric(spec.Unavailable(name+"_rows", "the split has no part of that name"))
			continue
		}
		t.Metric(spec.Value(name+"_rows", float64(sizes[i]), total))
		if total > 0 {
			worst = max(worst, math.Abs(float64(sizes[i])/float64(total)-cfg.Ratios[name]))
		}
	}
	g := cluster.Collect(groups)
	largest := 0
	for i := range g.Len() {
		largest = max(largest, len(g.Of(i)))
	}
	t.Metric(spec.Value("groups", float64(g.Len()), total))
	t.Metric(spec.Value("largest_group", float64(largest)/math.Max(1, float64(total)), total))
	t.Metric(spec.Value("ratio_error", worst, total))
	t.Metric(spec.Value("evicted", float64(len(a.Evictions)), total))
	t.Metric(spec.Value("shared_groups", float64(sharedGroups(rows.named.Rows(), a.Part)), total))
	strata := map[string]map[string]int{}
	for s, name := range names {
		counts := map[string]int{}
		for p, part := range parts {
			counts[part] = a.Counts[p][s]
		}
		strata[name] = counts
	}
	if len(names) < 2 {
		t.Metric(spec.Unavailable("strata_p", "there is one stratum"))
		return
	}
	_, _, p := a.Balance()
	m := spec.Value("strata_p", p, total)
	m.Method, m.Table = "Pearson's chi-square", strata
	t.Metric(m)
}

// sharedGroups counts the values of the column group that stand in more than one part.
func sharedGroups(groups, parts []int) int {
	part, shared := map[int]int{}, map[int]bool{}
	for r, g := range groups {
		if g < 0 || parts[r] == splitting.Evicted {
			continue
		}
		if p, ok := part[g]; ok && p != parts[r] {
			shared[g] = true
		}
		part[g] = parts[r]
	}
	return len(shared)
}
