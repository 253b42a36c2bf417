// Package split is the stage kind that divides pairs into a training, a validation and, if asked, a test part.
package split

import (
	_ "embed"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/prefab-build/prefab/executor/methods/grouping"
	"github.com/prefab-build/prefab/executor/methods/splitting"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

//go:embed doc.md
var doc string

// Kind is the stage kind.
var Kind = &stage.Kind{
	KindSpec: spec.KindSpec{
		Name:        "split",
		Title:       "divides pairs into train, validation and test, whole groups of similar prompts on one side",
		Doc:         doc,
		Version:     2,
		Methods:     []string{grouping.Version, splitting.Version},
		Determinism: "bitwise per numerics class",
		Random:      true,
		Schema:      schema,
		Ports:       ports,
		Check:       check,
	},
	Mapper:  mapper{},
	Account: stage.Account{Why: why},
	Memory:  func(l stage.Load) int64 { return l.MapperMemory(500) }, // the join of the prompts
}

// The parts, from the least to the most protected.
const (
	train      = "train"
	validation = "validation"
	test       = "test"
)

var partNames = []string{train, validation, test}

// What rows may be grouped and stratified by.
const (
	similarPrompts = "similar_prompts"
	samePrompt     = "prompt"
	noGroup        = "none"
)

type config struct {
	Ratios    map[string]float64
	Strategy  string
	Stratify  []string
	GroupBy   string  `json:"group_by"`
	Threshold float64 `json:"similarity"`
	Shingle   int
	Previous  []string
}

var schema = spec.Schema{Attrs: []spec.Attr{
	{Name: "pairs", Type: spec.TypeReference, Artifact: spec.Pairs, Shape: spec.One, Required: true, Doc: "the pairs to divide"},
	{
		Name: "ratios", Type: spec.TypeNumberMap, Default: map[string]any{train: 0.8, validation: 0.2}, Unit: "share of rows",
		Keys: partNames, Min: spec.F(0), Max: spec.F(1), Doc: "the share of each part: train and validation, and test if wanted; together 1",
	},
	{
		Name: "strategy", Type: spec.TypeString, Default: "balanced", Values: []string{"balanced", "stable"},
		Doc: "balanced meets the ratios and strata as exactly as whole groups allow; stable decides each group by its hash alone, so " +
			"that rows keep their part while data grows",
	},
	{
		Name: "stratify", Type: spec.TypeStringList, Default: []any{}, Values: []string{"category", "source", "difficulty", "turns", "length"},
		Doc: "what the parts should have the same mix of; difficulty and length (words of the prompt) count by terciles, strata of fewer " +
			"than 10 rows are put together",
	},
	{
		Name: "group_by", Type: spec.TypeString, Default: similarPrompts, Values: []string{similarPrompts, samePrompt, noGroup},
		Doc: "which rows must stay together: those with similar prompts, with the same prompt, or none; rows with equal values in the " +
			"column group always stay together",
	},
	{
		Name: "similarity", Type: spec.TypeNumber, Default: 0.7, Min: spec.F(0.05), Max: spec.F(1), Unit: "Jaccard index",
		Doc: "from which similarity of their shingles two prompts are similar",
	},
	{Name: "shingle", Type: spec.TypeInt, Default: 5.0, Min: spec.F(2), Max: spec.F(20), Unit: "characters", Doc: "length of the shingles of the prompt's normal form"},
	{
		Name: "previous", Type: spec.TypeReference, Artifact: spec.Pairs, Shape: spec.Map,
		Doc: "the parts of an earlier split, by name: a row that was once in validation or test never comes into train; a training row " +
			"whose group now holds such a row is left out",
	},
}}

func ports(c spec.Config) spec.Ports {
	var cfg config
	_ = c.Decode(&cfg)
	columns := []string{spec.ID, "prompt", "group"}
	for _, s := range cfg.Stratify {
		if s == "category" || s == "source" || s == "difficulty" {
			columns = append(columns, s)
		}
	}
	p := spec.Ports{
		In: []spec.InPort{
			{Name: "pairs", Artifact: spec.Pairs, Shape: spec.One, Mapped: true, Columns: columns, Doc: "the pairs to divide"},
			{Name: "previous", Artifact: spec.Pairs, Shape: spec.Map, Optional: true, Untainted: true, Columns: []string{spec.ID}, Doc: "the parts of an earlier split"},
		},
		Metrics: metrics,
	}
	for _, name := range partNames {
		if _, named := cfg.Ratios[name]; len(cfg.Ratios) > 0 && !named {
			continue
		}
		out := spec.OutPort{Name: name, Artifact: spec.Pairs, From: "pairs", Doc: "the " + name + " part"}
		if name != train {
			out.Taint = name
		}
		p.Out = append(p.Out, out)
	}
	return p
}

const moreData = "Collect more prompts and annotations, or give this part a larger ratio."

var metrics = []spec.MetricDef{
	{
		Name: "train_rows", Unit: "rows", Min: spec.F(0), Integer: true, Doc: "rows in the training part", Advice: moreData,
		Limits: map[string]spec.Limit{"documented": {Min: spec.F(800)}, "strict": {Min: spec.F(800)}},
	},
	{
		Name: "validation_rows", Unit: "rows", Min: spec.F(0), Integer: true, Doc: "rows in the validation part", Advice: moreData,
		Limits: map[string]spec.Limit{"documented": {Min: spec.F(200)}, "strict": {Min: spec.F(200)}},
	},
	{Name: "test_rows", Unit: "rows", Min: spec.F(0), Integer: true, Doc: "rows in the test part; unavailable in a split without one"},
	{Name: "groups", Unit: "groups", Min: spec.F(0), Integer: true, Doc: "groups of rows that stay together"},
	{Name: "largest_group", Unit: "share", Min: spec.F(0), Max: spec.F(1), Doc: "share of all rows in the largest group"},
	{
		Name: "leaked", Unit: "rows", Min: spec.F(0), Integer: true,
		Doc:    "rows of validation and test whose prompt is nearly that of a row in a less protected part, measured again on the result",
		Advice: "Group by similar_prompts: prompts in training that are nearly those of validation make its accuracy meaningless.",
		Limits: map[string]spec.Limit{"documented": {Max: spec.F(0)}, "strict": {Max: spec.F(0)}},
	},
	{
		Name: "shared_groups", Unit: "groups", Min: spec.F(0), Integer: true, Doc: "values of the column group that stand in more than one part",
		Advice: "The rows of one group must not be divided: report it, with the data if you can.",
		Limits: map[string]spec.Limit{"documented": {Max: spec.F(0)}, "strict": {Max: spec.F(0)}},
	},
	{Name: "evicted", Unit: "rows", Min: spec.F(0), Integer: true, Doc: "rows left out because their group was in a more protected part before"},
	{Name: "ratio_error", Unit: "share", Min: spec.F(0), Max: spec.F(1), Doc: "largest difference between a part's share and its ratio"},
	{Name: "strata_p", Unit: "probability", Min: spec.F(0), Max: spec.F(1), Doc: "chi-square probability that the parts have the same mix of strata; a reading, not a test, as rows come in groups"},
}

func check(c spec.Config) (problems []spec.Problem) {
	var cfg config
	if err := c.Decode(&cfg); err != nil || len(cfg.Ratios) == 0 {
		return nil
	}
	report := func(summary, format string, args ...any) {
		problems = append(problems, spec.Problem{Path: []string{"ratios"}, Summary: summary, Detail: fmt.Sprintf(format, args...)})
	}
	sum, meant := 0.0, map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(cfg.Ratios)) {
		if !slices.Contains(partNames, name) { // reported by the schema
			meant[diag.Closest(name, partNames)] = true
		}
		sum += cfg.Ratios[name]
	}
	for _, name := range []string{train, validation} {
		if cfg.Ratios[name] <= 0 && !meant[name] {
			report("A part has no share", "The ratio of %s must be positive.", name)
		}
	}
	if share, named := cfg.Ratios[test]; named && share <= 0 {
		report("A part has no share", "The ratio of test must be positive; leave it out for a split of two parts.")
	}
	if math.Abs(sum-1) > 1e-9 {
		report("Ratios do not sum to 1", "The ratios sum to %.9g. Change them so that together they are 1, as in { train = 0.8, validation = 0.2 }.", sum)
	}
	for _, name := range cfg.Previous {
		if !slices.Contains(partNames, name) {
			problems = append(problems, unknownPart("previous", name, diag.Closest(name, partNames)))
		}
	}
	return problems
}

func unknownPart(attr, name, hint string) spec.Problem {
	if hint != "" {
		hint = " Did you mean " + hint + "?"
	}
	return spec.Problem{
		Path: []string{attr, name + "@"}, Summary: "Unknown part",
		Detail: fmt.Sprintf("A split has the parts train, validation and test; %q is none of them.%s", name, hint),
	}
}
