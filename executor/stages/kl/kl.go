// Package kl is the stage kind that measures how far a policy has moved from its reference model.
package kl

import (
	_ "embed" // the documentation

	"github.com/prefab-build/prefab/executor/methods/divergence"
	"github.com/prefab-build/prefab/executor/methods/exact"
	"github.com/prefab-build/prefab/executor/methods/grouping"
	"github.com/prefab-build/prefab/executor/methods/interval"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

//go:embed doc.md
var doc string

// Kind is the stage kind.
var Kind = &stage.Kind{
	KindSpec: spec.KindSpec{
		Name:        "kl",
		Title:       "measures the divergence of a policy from a reference model",
		Doc:         doc,
		Version:     1,
		Methods:     []string{divergence.Version, exact.Version, grouping.Version, interval.Version},
		Determinism: "bitwise per numerics class",
		Schema:      schema,
		Ports:       ports,
	},
	Runner: runner{},
}

type config struct {
	Similarity float64
	MinPrompts int `json:"min_prompts"`
	MinSamples int `json:"min_samples"`
}

var schema = spec.Schema{Attrs: []spec.Attr{
	{Name: "samples", Type: spec.TypeReference, Artifact: spec.Samples, Shape: spec.One, Required: true, Doc: "what the policy sampled"},
	{Name: "similarity", Type: spec.TypeNumber, Default: 1.0, Min: spec.F(0.05), Max: spec.F(1), Unit: "Jaccard index", Doc: "from which similarity two prompts are in one group"},
	{Name: "min_prompts", Type: spec.TypeInt, Default: 100.0, Min: spec.F(2), Unit: "groups of prompts", Doc: "with fewer of min_samples each, nothing is measured"},
	{Name: "min_samples", Type: spec.TypeInt, Default: 4.0, Min: spec.F(1), Unit: "samples", Doc: "how many samples a prompt needs to count for min_prompts"},
}}

// The metrics.
const (
	perToken    = "kl_per_token"
	perSequence = "kl_per_sequence"
	k1PerToken  = "k1_per_token"
	largest     = "largest_term"
	usable      = "samples"
	unusable    = "rejected"
	promptCount = "prompts"
)

func ports(spec.Config) spec.Ports {
	limit := spec.Limit{Max: spec.F(0.1), End: "high"}
	return spec.Ports{
		In: []spec.InPort{{
			Name: "samples", Artifact: spec.Samples, Shape: spec.One, Doc: "what the policy sampled",
			Columns: []string{spec.ID, "prompt", "group", "policy_logprobs", "reference_logprobs", "policy_tokens", "reference_tokens"},
		}},
		Metrics: []spec.MetricDef{
			{
				Name: perToken, Unit: "nats per token", Min: spec.F(0), Interval: true,
				Doc: "mean of k3 over tokens: the divergence of the policy from the reference, policy first; the table has the largest terms",
				Advice: "The policy has moved further from its reference than the limit, or too few samples say so: raise the penalty on divergence, " +
					"train for fewer steps, or sample more prompts for a narrower interval.",
				Limits: map[string]spec.Limit{"documented": limit, "strict": limit},
			},
			{Name: perSequence, Unit: "nats per sequence", Min: spec.F(0), Interval: true, Doc: "mean over samples of the sum of k3 over tokens"},
			{Name: k1PerToken, Unit: "nats per token", Interval: true, Doc: "mean of k1, the plain difference of log-probabilities: unbiased, noisier, and of either sign"},
			{Name: largest, Unit: "nats", Min: spec.F(0), Doc: "the largest k3 of a token: one that makes up much of the mean says that the mean is not to be trusted"},
			{Name: usable, Unit: "samples", Min: spec.F(0), Integer: true, Doc: "samples that were measured"},
			{Name: unusable, Unit: "samples", Min: spec.F(0), Integer: true, Doc: "samples that were not, by reason in the ledger"},
			{Name: promptCount, Unit: "groups", Min: spec.F(0), Integer: true, Doc: "groups of similar prompts with at least min_samples samples"},
		},
	}
}
