package validate

import (
	"fmt"

	"github.com/prefab-build/prefab/spec"
)

func ports(raw spec.Config) spec.Ports {
	var c config
	_ = raw.Decode(&c) // a broken config still has ports
	p := spec.Ports{
		In: []spec.InPort{{
			Name: "pairs", Artifact: spec.Pairs, Shape: spec.One, Mapped: true, Doc: "the pairs",
			Columns: []string{
				"prompt", "chosen", "rejected", "chosen_score", "rejected_score", "margin",
				"votes_chosen", "votes_rejected", "votes_tie", "category",
			},
		}},
		Out:     []spec.OutPort{{Name: "pairs", Artifact: spec.Pairs, From: "pairs", Doc: "the pairs that can be used"}},
		Metrics: metrics,
	}
	p.In = append(p.In, spec.InPort{
		Name: "calibration", Artifact: spec.Pairs, Shape: spec.One, Optional: true, Prepared: true,
		Columns: []string{"chosen_score", "rejected_score"}, Doc: "the rewards that rm_cdf_gap compares with",
	})
	return p
}

// What people are told to do when a metric fails.
const (
	adviceGap    = "The preference signal is weak. Generate more diverse responses (higher temperature, other models for chosen and rejected), clarify the annotation guidelines, and add clearer examples."
	advicePairs  = "Collect more prompts and annotations; an AI annotator can do the first pass."
	adviceFormat = "Fix the rows that the ledger lists and validate again."
	adviceVotes  = "Annotators do not agree on these pairs. Improve the guidelines, calibrate annotators, collect more votes, or drop the pairs with min_agreement = 0.6."
	adviceStyle  = "The pairs can be told apart without reading them. A model that is accurate on them may have learnt length or layout: vary the style of both responses, and look at the baselines of evaluate."
)

// advisePrompts tells prompts that are alike from prompts that are few.
func advisePrompts(measured func(string) (float64, bool)) string {
	const alike = 0.9 // where the groups are fewer than this share of the prompts, it is worth saying that they are alike
	groups, ok := measured("prompt_groups")
	unique, known := measured("unique_prompts")
	if !ok || !known || groups > alike*unique {
		return ""
	}
	return fmt.Sprintf("Many prompts are alike: %.0f different ones make %.0f groups. "+
		"A thousand diverse prompts are worth more than ten thousand similar ones.", unique, groups)
}

var metrics = []spec.MetricDef{
	{Name: "rows_out", Unit: "rows", Min: spec.F(0), Integer: true, Doc: "rows that go out"},
	{
		Name: "pair_count", Unit: "pairs", Min: spec.F(0), Integer: true, Advice: advicePairs,
		Limits: limits(spec.Limit{Min: spec.F(1000)}, spec.Limit{Min: spec.F(1000)}),
		Doc:    "unique pairs that go out",
	},
	{
		Name: "prompt_groups", Unit: "groups", Min: spec.F(0), Integer: true,
		Advice: "Few different prompts: collect more. A thousand diverse prompts are worth more than ten thousand similar ones.",
		Advise: advisePrompts,
		Limits: limits(spec.Limit{Min: spec.F(1000), Warn: true}, spec.Limit{Min: spec.F(1000)}),
		Doc:    "prompts, those that are alike counted once; the table has the sizes of the largest groups",
	},
	{Name: "unique_prompts", Unit: "prompts", Min: spec.F(0), Integer: true, Doc: "prompts of different words"},
	{
		Name: "exact_duplicates", Unit: "rows", Min: spec.F(0), Integer: true, Advice: "Drop them with a deduplicate stage.",
		Doc: "rows that go out and repeat another, in the same words and the same order of preference",
	},
	{
		Name: "relabelled_copies", Unit: "pairs", Min: spec.F(0), Integer: true,
		Advice: "The same two responses are preferred both ways. Collect more votes on them, or drop them with deduplicate.",
		Doc:    "unique pairs that stand in the data both ways",
	},
	{
		Name: "format_errors", Unit: "rows", Min: spec.F(0), Integer: true, Advice: adviceFormat,
		Limits: limits(spec.Limit{Max: spec.F(0)}, spec.Limit{Max: spec.F(0)}),
		Doc:    "rows that go out and fail a second check of their format",
	},
	{
		Name: "rejected_share", Unit: "share", Min: spec.F(0), Max: spec.F(1), Advice: adviceFormat,
		Limits: map[string]spec.Limit{"documented": {Max: spec.F(0.01), Warn: true}, "strict": {Max: spec.F(0.01)}},
		Doc:    "share of the rows that came in whose format is wrong; its table has the rows by reason",
	},
	{
		Name: "gap", Unit: "gap", Min: spec.F(-1), Max: spec.F(1), Interval: true, Advice: adviceGap,
		Limits: limits(spec.Limit{Min: spec.F(0.15), End: "point"}, spec.Limit{Min: spec.F(0.15), End: "low"}),
		Doc:    "mean of the gap that the spec names; its table has quantiles",
	},
	{
		Name: "gap_share_negative", Unit: "share", Min: spec.F(0), Max: spec.F(1), Interval: true,
		Advice: "The scores of these pairs contradict their labels: look for exchanged sides and re-annotate.",
		Limits: limits(spec.Limit{Max: spec.F(0.05), Warn: true}, spec.Limit{Max: spec.F(0.05)}),
		Doc:    "share of the pairs whose gap is below 0",
	},
	{Name: "gap_share_small", Unit: "share", Min: spec.F(0), Max: spec.F(1), Advice: adviceGap, Doc: "share of the pairs whose gap is within 0.10 of 0"},
	{Name: "gap_coverage", Unit: "share", Min: spec.F(0), Max: spec.F(1), Advice: "Score the pairs that have none: a gap of a part of the data speaks of that part alone.", Doc: "share of the rows that go out that have the named gap"},
	{Name: "judge_gap", Unit: "share of the scale", Min: spec.F(-1), Max: spec.F(1), Doc: "mean gap of ratings"},
	{Name: "vote_gap", Unit: "share of votes", Min: spec.F(-1), Max: spec.F(1), Doc: "mean gap of votes"},
	{Name: "rm_prob_gap", Unit: "probability", Min: spec.F(-1), Max: spec.F(1), Doc: "mean gap of log-odds, as an excess of probability"},
	{Name: "rm_cdf_gap", Unit: "share of the calibration set", Min: spec.F(-1), Max: spec.F(1), Doc: "mean gap of rewards by their places in the calibration set"},
	{
		Name: "quality_score", Unit: "score", Min: spec.F(0), Max: spec.F(1), Advice: adviceGap,
		Doc: "mean quality of the rated pairs; its table has the pairs by tier, the inverted ones, and those of low agreement",
	},
	{Name: "agreement", Unit: "share of votes", Min: spec.F(0), Max: spec.F(1), Interval: true, Advice: adviceVotes, Doc: "mean share of the votes that the response with more votes has, ties in the denominator"},
	{
		Name: "low_agreement", Unit: "share", Min: spec.F(0), Max: spec.F(1), Advice: adviceVotes,
		Limits: limits(spec.Limit{Max: spec.F(0)}, spec.Limit{Max: spec.F(0)}),
		Doc:    "share of the pairs with votes that go out and on which fewer than min_agreement (0.6 without it) of the votes agree",
	},
	{Name: "discarded", Unit: "rows", Min: spec.F(0), Integer: true, Advice: adviceVotes, Doc: "rows dropped because of min_agreement"},
	{Name: "prompt_words", Unit: "words", Min: spec.F(0), Doc: "mean length of prompts; the table has quantiles"},
	{Name: "chosen_words", Unit: "words", Min: spec.F(0), Doc: "mean length of chosen responses; the table has quantiles"},
	{Name: "rejected_words", Unit: "words", Min: spec.F(0), Doc: "mean length of rejected responses; the table has quantiles"},
	{Name: "longer_share", Unit: "share", Min: spec.F(0), Max: spec.F(1), Interval: true, Advice: adviceStyle, Doc: "share of the pairs whose chosen response has more characters, equal ones counted half"},
	{
		Name: "style_separability", Unit: "share", Min: spec.F(0.5), Max: spec.F(1), Advice: adviceStyle,
		Limits: limits(spec.Limit{Max: spec.F(0.7), Warn: true}, spec.Limit{Max: spec.F(0.7), Warn: true}),
		Doc:    "share of the pairs that the best single mark of style decides; its table has every mark",
	},
	{
		Name: "word_separability", Unit: "share", Min: spec.F(0), Max: spec.F(1), Interval: true,
		Advice: "A count of words tells chosen from rejected without reading a prompt: the responses differ in style, as those of a strong and a weak model do. Let both come from the same models and instructions.",
		Limits: limits(spec.Limit{Max: spec.F(0.8), Warn: true}, spec.Limit{Max: spec.F(0.8), Warn: true}),
		Doc:    "share of the pairs that a model of the responses' words alone decides, each by a fit on other prompts",
	},
	{Name: "categories", Unit: "categories", Min: spec.F(0), Integer: true, Doc: "different categories; the table has the rows of the largest"},
	{Name: "category_entropy", Unit: "nats", Min: spec.F(0), Advice: "Most pairs are of one category: collect prompts of others.", Doc: "entropy of the categories; its exponential is how many equal ones would be as diverse"},
}

func limits(documented, strict spec.Limit) map[string]spec.Limit {
	return map[string]spec.Limit{"documented": documented, "strict": strict}
}
