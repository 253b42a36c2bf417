package decontaminate

import "github.com/prefab-build/prefab/spec"

// The columns that action = "mark" adds.
const (
	columnFlag     = "contaminated"
	columnEvidence = "contamination"
)

func ports(raw spec.Config) spec.Ports {
	var c config
	_ = raw.Decode(&c) // a broken config still has ports
	columns := []string{"prompt", "chosen", "rejected"}
	if c.allowsRows() {
		columns = append(columns, spec.ID)
	}
	out := spec.OutPort{Name: "pairs", Artifact: spec.Pairs, From: "pairs", Doc: "the pairs that are clean; all of them, marked, with action = \"mark\""}
	if c.Action == mark {
		out.Adds = []spec.Column{
			{Name: columnFlag, Type: spec.Bool, Doc: "whether the pair holds an item of a benchmark"},
			{Name: columnEvidence, Type: spec.JSON, Doc: "the hits of a contaminated pair"},
		}
	}
	return spec.Ports{
		In: []spec.InPort{
			{Name: "pairs", Artifact: spec.Pairs, Shape: spec.One, Columns: columns, Mapped: true, Doc: "the pairs to scan"},
			{
				Name: "against", Artifact: spec.Items, Shape: spec.List, Prepared: true,
				Columns: []string{spec.ID, "name", "question", "passage", "answer"}, Doc: "the benchmarks",
			},
		},
		Out:     []spec.OutPort{out},
		Metrics: metrics,
	}
}

const advice = "Remove the contaminated examples (action = \"remove\"), look at the sources they come from, and use original prompts where possible."

var metrics = []spec.MetricDef{
	{
		Name: "decontamination", Unit: "share", Min: spec.F(0), Max: spec.F(1), Advice: advice,
		Limits: limits(spec.Limit{Min: spec.F(0.9), End: "point"}, spec.Limit{Min: spec.F(0.9), End: "point"}),
		Doc:    "1 less the contaminated share of the rows that go out, by a second scan; exactly 1 with action = \"remove\". Its table has, by the place of each benchmark in `against`, its items, those that rows hold on the way in and out, and those that cannot be scored",
	},
	{
		Name: "contaminated_in", Unit: "share", Min: spec.F(0), Max: spec.F(1),
		Advice: "More than a tenth of the pairs came in with benchmark items in them: look at the source of these data before trusting the rest.",
		Limits: limits(spec.Limit{Max: spec.F(0.1), Warn: true}, spec.Limit{Max: spec.F(0.1), Warn: true}),
		Doc:    "contaminated share of the rows that came in; its table has the rows by the rule of their strongest hit",
	},
	{Name: "contaminated", Unit: "rows", Min: spec.F(0), Integer: true, Doc: "rows that came in contaminated"},
	{
		Name: "items_hit_max", Unit: "share", Min: spec.F(0), Max: spec.F(1), Advice: advice,
		Limits: limits(spec.Limit{Max: spec.F(0.02), Warn: true}, spec.Limit{Max: spec.F(0.02)}),
		Doc:    "largest share, over the benchmarks, of items that a row that goes out holds",
	},
	{
		Name: "items_hit_in_max", Unit: "share", Min: spec.F(0), Max: spec.F(1),
		Advice: "These data were mixed with a benchmark. Even what is left after removal may hold its items in other words.",
		Limits: limits(spec.Limit{Max: spec.F(0.02), Warn: true}, spec.Limit{Max: spec.F(0.02), Warn: true}),
		Doc:    "the same of the rows that came in",
	},
	{Name: "items", Unit: "items", Min: spec.F(0), Integer: true, Doc: "items of all benchmarks"},
	{Name: "unscorable", Unit: "items", Min: spec.F(0), Integer: true, Doc: "items too short to be told from common speech, or without text"},
	{
		Name: "unresolved", Unit: "rows", Min: spec.F(0), Integer: true,
		Advice: "A row that lacks a text can be neither clean nor contaminated: let validate drop such rows first.",
		Limits: map[string]spec.Limit{"strict": {Max: spec.F(0)}},
		Doc:    "rows that go out without a verdict, since one of their texts is missing",
	},
	{Name: "allowed", Unit: "rows", Min: spec.F(0), Integer: true, Doc: "rows that go on in spite of a hit, because of `allow`; the table counts rows by allowance"},
}

func limits(documented, strict spec.Limit) map[string]spec.Limit {
	return map[string]spec.Limit{"documented": documented, "strict": strict}
}
