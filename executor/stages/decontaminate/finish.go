package decontaminate

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// A line is what is reported of one benchmark.
type line struct {
	Items      int64    `json:"items"`
	HitIn      int64    `json:"hit_in"`     // items that a row that came in holds
	HitOut     int64    `json:"hit_out"`    // items that a row that goes out holds
	Unscorable int64    `json:"unscorable"` // items that cannot be scored
	Some       []string `json:"unscorable_some,omitempty"`
}

const method = "verbatim copies by exact match and word n-grams, verified on the words; rephrasings were not looked for"

// Finish adds up the chunks. It decides nothing: every verdict was made row by row.
func (mapper) Finish(_ context.Context, t *stage.Task, all *stage.Mapped) error {
	var c config
	if err := t.Config(&c); err != nil {
		return err
	}
	members := t.Members("against")
	lines := make([]line, len(members))
	var total int64
	for i, m := range members {
		lines[i].Items = m.Table.Rows
		total += m.Table.Rows
	}
	if total == 0 {
		return fmt.Errorf("the benchmarks in against have no items, so nothing can be found: check their files and the fields that map names")
	}
	sum := partial{Rules: map[string]int64{}, Allowed: map[int]int64{}}
	in, left := newItems(len(members)), newItems(len(members))
	for i, d := range all.Deltas {
		if d.Partial == nil {
			continue // no rows
		}
		var p partial
		if err := json.Unmarshal(d.Partial, &p); err != nil {
			return fmt.Errorf("the result of chunk %d: %w", i, err)
		}
		sum.merge(p)
		in.merge(p.In)
		left.merge(p.Left)
	}
	var unscorable int64
	for b := range lines {
		lines[b].HitIn, lines[b].HitOut = int64(len(in[b])), int64(len(left[b]))
		if sum.Unscorable != nil {
			lines[b].Unscorable, lines[b].Some = sum.Unscorable[b].Count, sum.Unscorable[b].Some
			unscorable += lines[b].Unscorable
		}
	}
	report(t, &c, &sum, lines, total, unscorable)
	return nil
}

func (p *partial) merge(o partial) {
	p.Rows += o.Rows
	p.Contaminated += o.Contaminated
	p.AllowedRows += o.AllowedRows
	p.Out += o.Out
	p.ContaminatedOut += o.ContaminatedOut
	p.Unresolved += o.Unresolved
	p.Unscorable = o.Unscorable // the same in every chunk: it is the benchmarks'
	for rule, n := range o.Rules {
		p.Rules[rule] += n
	}
	for i, n := range o.Allowed {
		p.Allowed[i] += n
	}
}

func report(t *stage.Task, c *config, sum *partial, lines []line, total, unscorable int64) {
	const noRows, noneLeft = "no rows came in", "no rows go out"
	table := map[string]line{}
	for i, l := range lines {
		table[strconv.Itoa(i)] = l
	}
	put := func(m spec.Metric, table any) {
		m.Table = table
		t.Metric(m)
	}
	share := func(name string, k, n int64, reason string) spec.Metric {
		if n == 0 {
			return spec.Unavailable(name, reason)
		}
		m := spec.Value(name, float64(k)/float64(n), n)
		m.Method = method
		return m
	}
	put(share("decontamination", sum.Out-sum.ContaminatedOut, sum.Out, noneLeft), table)
	put(share("contaminated_in", sum.Contaminated, sum.Rows, noRows), sum.Rules)
	put(spec.Value("contaminated", float64(sum.Contaminated), sum.Rows), nil)
	if sum.Rows == 0 {
		for _, name := range []string{"items_hit_max", "items_hit_in_max", "unscorable"} {
			put(spec.Unavailable(name, noRows), nil)
		}
	} else {
		put(worst("items_hit_max", lines, func(l line) int64 { return l.HitOut }), nil)
		put(worst("items_hit_in_max", lines, func(l line) int64 { return l.HitIn }), nil)
		put(spec.Value("unscorable", float64(unscorable), total), nil)
	}
	put(spec.Value("items", float64(total), total), nil)
	put(spec.Value("unresolved", float64(sum.Unresolved), sum.Out), nil)
	used := map[string]int64{}
	for i, a := range c.Allow {
		used[a.ID] += sum.Allowed[i]
	}
	put(spec.Value("allowed", float64(sum.AllowedRows), sum.Rows), used)
}

// worst is the largest share of items hit among the benchmarks that have items.
func worst(name string, lines []line, hits func(line) int64) spec.Metric {
	var m spec.Metric
	for _, l := range lines {
		if l.Items == 0 {
			continue
		}
		if x := float64(hits(l)) / float64(l.Items); m.Value == nil || x > *m.Value {
			m = spec.Value(name, x, l.Items)
		}
	}
	m.Method = method
	return m
}
