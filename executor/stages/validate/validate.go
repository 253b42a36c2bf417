// Package validate is the stage kind of that name: it drops pairs that cannot be used and measures the rest. Its
// documentation for users is doc.md, which `prefab stages validate` prints. It decides no gate, and it repairs nothing.
package validate

import (
	_ "embed" // the documentation
	"fmt"

	"github.com/prefab-build/prefab/executor/methods/exact"
	"github.com/prefab-build/prefab/executor/methods/interval"
	"github.com/prefab-build/prefab/executor/methods/quality"
	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/stream"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

//go:embed doc.md
var doc string

// Kind is the stage kind.
var Kind = &stage.Kind{
	KindSpec: spec.KindSpec{
		Name:        "validate",
		Title:       "drops pairs that cannot be used and measures the rest",
		Doc:         doc,
		Version:     3,
		Methods:     []string{exact.Version, interval.Version, quality.Version, simjoin.Version, stream.Version, text.Version},
		Determinism: "bitwise per numerics class", // sigma and the entropy need exp and log
		Random:      true,                         // the bootstrap
		Schema:      schema,
		Ports:       ports,
		Check:       check,
	},
	Mapper:  mapper{sampleWords},
	Account: stage.Account{Why: why},
	Memory:  func(l stage.Load) int64 { return l.MapperMemory(600) }, // the join of the prompts
}

const logit = "logit"

var schema = spec.Schema{Attrs: []spec.Attr{
	{Name: "pairs", Type: spec.TypeReference, Artifact: spec.Pairs, Shape: spec.One, Required: true, Doc: "the pairs"},
	{Name: "gap", Type: spec.TypeString, Values: []string{quality.GapJudge, quality.GapVotes, quality.GapProbability, quality.GapCDF}, Doc: "the gap that the metric gap and its threshold speak of"},
	{Name: "scale", Type: spec.TypeNumberList, Unit: "rating", Doc: "[min, max] of the ratings in chosen_score and rejected_score; needed for judge_gap, and ratings outside it are dropped"},
	{Name: "margin_unit", Type: spec.TypeString, Values: []string{logit}, Doc: "says that the column margin holds log-odds that chosen is preferred; needed for rm_prob_gap"},
	{Name: "temperature", Type: spec.TypeNumber, Default: 1.0, Min: spec.F(1e-9), Max: spec.F(1e9), Unit: "logits", Doc: "what margins are divided by, as fitted on held-out pairs"},
	{Name: "calibration", Type: spec.TypeReference, Artifact: spec.Pairs, Shape: spec.One, Doc: "a fixed set of scored pairs whose rewards make the distribution that rm_cdf_gap compares with"},
	{Name: "min_agreement", Type: spec.TypeNumber, Min: spec.F(0), Max: spec.F(1), Unit: "share", Doc: "rows on which a smaller share of the votes agrees are dropped; the documented profile would have 0.6"},
	{Name: "prompt_similarity", Type: spec.TypeNumber, Default: 0.7, Min: spec.F(0.1), Max: spec.F(1), Unit: "Jaccard index", Doc: "similarity from which two prompts are one group"},
}}

// config is the block as decoded.
type config struct {
	Gap              string
	Scale            []float64
	MarginUnit       string `json:"margin_unit"`
	Temperature      float64
	Calibration      bool
	MinAgreement     *float64 `json:"min_agreement"`
	PromptSimilarity float64  `json:"prompt_similarity"`
}

func (c *config) scale() (s quality.Scale, declared bool) {
	if len(c.Scale) != 2 {
		return s, false
	}
	return quality.Scale{Min: c.Scale[0], Max: c.Scale[1]}, true
}

// agreement is the majority share below which a pair is of low agreement.
func (c *config) agreement() float64 {
	if c.MinAgreement != nil {
		return *c.MinAgreement
	}
	return quality.DefaultLimits().MinAgreement
}

func check(raw spec.Config) []spec.Problem {
	c := config{PromptSimilarity: 1}
	if raw.Decode(&c) != nil {
		return nil // the schema has reported it
	}
	var list []spec.Problem
	problem := func(attr, summary, detail string) {
		list = append(list, spec.Problem{Path: []string{attr}, Summary: summary, Detail: detail})
	}
	if c.Scale != nil && (len(c.Scale) != 2 || c.Scale[0] >= c.Scale[1]) {
		problem("scale", "The scale is no range", "Write the lowest and the highest rating there can be: scale = [1, 10].")
	}
	if _, err := simjoin.Decimal(c.PromptSimilarity); err != nil {
		problem("prompt_similarity", "The similarity cannot be used", fmt.Sprintf("%v. Write a number such as 0.7, with at most nine decimals.", err))
	}
	switch {
	case c.Gap == quality.GapJudge && c.Scale == nil:
		problem("gap", "judge_gap needs a scale", "A difference of ratings has no size until the range of the ratings is declared: scale = [1, 10].")
	case c.Gap == quality.GapProbability && c.MarginUnit == "":
		problem("gap", "rm_prob_gap needs a unit", "Margins become probabilities only if they are log-odds. If they are, say so: margin_unit = \"logit\". If they are ratings, use judge_gap.")
	case c.Gap == quality.GapCDF && !c.Calibration:
		problem("gap", "rm_cdf_gap needs a calibration set", "Rewards of no unit are compared by their place in a fixed set of rewards: calibration = dataset.reference.pairs.")
	}
	return list
}
