package intake

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prefab-build/prefab/executor/dataset/read"
	"github.com/prefab-build/prefab/executor/methods/synthetic"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// measure records the metrics that Metrics declares.
func (g *gathering) measure(t *stage.Task) {
	left := g.reasons[read.NotSelected]
	rejected := g.records - g.made - g.repeated - left
	delete(g.reasons, RepeatedKey)
	delete(g.reasons, read.NotSelected)
	t.Metric(spec.Value("rows", float64(g.made), g.records))
	t.Metric(spec.Value("records", float64(g.records), g.records))
	m := spec.Value("rejected", float64(rejected), g.records)
	m.Table = g.reasons
	t.Metric(m)
	t.Metric(spec.Value("rejected_share", float64(rejected)/float64(g.records-left), g.records-left))
	t.Metric(spec.Value("not_selected", float64(left), g.records))
	t.Metric(spec.Value("repeated_rows", float64(g.equal+g.repeated), g.records))
	t.Metric(spec.Value("crlf_records", float64(g.crlf), g.records))
	for _, s := range g.config.Source {
		if s.Label == Synthetic {
			for _, m := range g.planted(t.Ports().Out[0].Artifact) {
				t.Metric(m)
			}
			break
		}
	}
}

// planted counts the defects that the generator was told to plant, all together and by the setting that asks for them.
// With --limit only some of its records were made.
func (g *gathering) planted(a spec.Artifact) []spec.Metric {
	counts, settings := map[string]int{}, map[string]int{}
	total, expected, alone := 0, 0, true
	for _, s := range g.config.Source {
		if s.Label != Synthetic {
			alone = false
			continue
		}
		for _, p := range s.of(a).Parts() {
			expected += p.Rows
		}
		for _, d := range synthetic.Planted(s.of(a)) {
			counts[d.Defect] += d.Rows
			settings["planted_"+d.Setting] += d.Rows
			total += d.Rows
		}
	}
	var list []spec.Metric
	for _, name := range append([]string{"planted"}, slices.Sorted(maps.Keys(settings))...) {
		if alone && int64(expected) != g.records {
			list = append(list, spec.Unavailable(name, fmt.Sprintf("only %d of %d records were made", g.records, expected)))
			continue
		}
		m := spec.Value(name, float64(settings[name]), g.records)
		if name == "planted" {
			m = spec.Value(name, float64(total), g.records)
			m.Table = counts
		}
		list = append(list, m)
	}
	return list
}

// Metrics declares what the Mapper measures when it makes that table.
func (c Config) Metrics(a spec.Artifact) []spec.MetricDef {
	count := func(name, unit, doc, advice string) spec.MetricDef {
		return spec.MetricDef{Name: name, Unit: unit, Min: spec.F(0), Integer: true, Doc: doc, Advice: advice}
	}
	const broken = "Look at the ledger: each rejected record is listed with its place and what is wrong with it."
	share := spec.MetricDef{
		Name: "rejected_share", Unit: "share", Min: spec.F(0), Max: spec.F(1), Advice: broken,
		Doc:    "share of the selected records that make no row",
		Limits: map[string]spec.Limit{"strict": {Max: spec.F(0.01)}, "documented": {Max: spec.F(0.01), Warn: true}},
	}
	list := []spec.MetricDef{
		count("rows", "rows", "rows that go out", "Collect more data."),
		count("records", "records", "records in the files", ""),
		count("rejected", "records", "records that make no row; the table counts them by reason", broken),
		share,
		count("not_selected", "records", "records that where leaves out", ""),
		count("repeated_rows", "rows", "rows that equal an earlier one in everything; with a key they go, without they stay apart by occurrence", "The same rows were collected twice: look at the globs and at how the files were joined."),
		count("crlf_records", "records", "records that end in a carriage return and a line feed", ""),
	}
	for _, s := range c.Source {
		if s.Label == Synthetic {
			list = append(list, count("planted", "records", "defects that the generator was told to plant; the table counts them", ""))
			for _, d := range synthetic.Planted(s.of(a)) {
				if n := len(list); list[n-1].Name != "planted_"+d.Setting {
					list = append(list, count("planted_"+d.Setting, "records", "those that the setting "+d.Setting+" asked for", ""))
				}
			}
			return list
		}
	}
	return list
}
