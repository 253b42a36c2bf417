// Package resolve is the stage kind of that name: it makes pairs of the votes of several people. Its documentation for
// users is doc.md, which `prefab stages resolve` prints. It weighs no rater against another, and it never lets the order
// of rows decide an even split.
package resolve

import (
	_ "embed" // the documentation

	"github.com/prefab-build/prefab/executor/methods/agreement"
	"github.com/prefab-build/prefab/executor/methods/exact"
	"github.com/prefab-build/prefab/executor/methods/interval"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

//go:embed doc.md
var doc string

// Kind is the stage kind.
var Kind = &stage.Kind{
	KindSpec: spec.KindSpec{
		Name:        "resolve",
		Title:       "makes pairs of votes, by majority",
		Doc:         doc,
		Version:     2,
		Methods:     []string{agreement.Version, exact.Version, interval.Version},
		Determinism: "bitwise per numerics class",
		Schema:      schema,
		Ports:       ports,
	},
	Mapper:  mapper{},
	Account: stage.Account{Why: why, Parents: parents},
}

var schema = spec.Schema{Attrs: []spec.Attr{
	{Name: "votes", Type: spec.TypeReference, Artifact: spec.Votes, Shape: spec.One, Required: true, Doc: "the votes"},
	{Name: "min_agreement", Type: spec.TypeNumber, Default: 0.6, Min: spec.F(0), Max: spec.F(1), Unit: "share", Doc: "share of an item's votes, ties among them, that its winner must have at least"},
	{Name: "min_votes", Type: spec.TypeInt, Default: 1.0, Min: spec.F(1), Unit: "votes", Doc: "votes that an item must have at least"},
	{Name: "one_per_worker", Type: spec.TypeBool, Default: true, Doc: "count one vote of a worker on an item, the one with the smallest row id; votes without a worker all count"},
	{Name: "tie_offered", Type: spec.TypeBool, Doc: "whether raters could say that they see no difference, which ac1 counts as a way to agree by chance; when absent, whether any did"},
}}

type config struct {
	MinAgreement float64 `json:"min_agreement"`
	MinVotes     int     `json:"min_votes"`
	OnePerWorker bool    `json:"one_per_worker"`
	TieOffered   *bool   `json:"tie_offered"`
}

// kept are the columns of a vote that go on with the pair.
var kept = []string{"prompt", "category", "source", "group"}

func ports(spec.Config) spec.Ports {
	columns := append([]string{spec.ID, "item", "response_a", "response_b", "label", "worker"}, kept...)
	count := func(name, unit, doc, advice string) spec.MetricDef {
		return spec.MetricDef{Name: name, Unit: unit, Min: spec.F(0), Integer: true, Doc: doc, Advice: advice}
	}
	share := func(name, doc, advice string) spec.MetricDef {
		return spec.MetricDef{Name: name, Unit: "share", Min: spec.F(0), Max: spec.F(1), Doc: doc, Advice: advice}
	}
	const more = "Collect tie-breaking votes on the items that the ledger lists, or make the guidelines clearer."
	firstShown := share("shown_first", "share of the votes, without ties, for the response that was shown as A; far from 0.5 people go by the position", "Show the responses in an order drawn anew for each vote.")
	firstShown.Interval = true
	coefficient := func(name, doc string) spec.MetricDef {
		return spec.MetricDef{
			Name: name, Min: spec.F(-1), Max: spec.F(1), Interval: true, Doc: doc,
			Advice: "Raters agree little beyond chance: make the guidelines clearer, and look at single raters.",
			Limits: map[string]spec.Limit{"documented": {Min: spec.F(0), Warn: true}, "strict": {Min: spec.F(0), End: "low"}},
		}
	}
	return spec.Ports{
		In: []spec.InPort{{Name: "votes", Artifact: spec.Votes, Shape: spec.One, Mapped: true, Columns: columns, Doc: "the votes"}},
		Out: []spec.OutPort{{
			Name: "pairs", Artifact: spec.Pairs, Doc: "a pair for each item with a winner; votes_chosen, votes_rejected and votes_tie count its votes, and extra has the item's id",
		}},
		Metrics: []spec.MetricDef{
			count("items", "items", "items that were voted on", "Collect more votes."),
			count("decided", "items", "items with a winner", more),
			count("undecided", "items", "items without one: an even split, too little agreement or too few votes; the table counts them by reason", more),
			share("undecided_share", "undecided items of all", more),
			share("agreement", "mean over items of the share of votes that the leading response has, ties in the denominator", more),
			share("tie_share", "share of the votes that saw no difference", "Many votes see no difference: compare responses that differ more."),
			firstShown,
			coefficient("alpha", "Krippendorff's alpha, ordinal over A, tie and B, with a jackknife interval over items"),
			coefficient("ac1", "Gwet's AC1 over A and B, and tie where it was offered; robust when one answer is common"),
		},
	}
}
