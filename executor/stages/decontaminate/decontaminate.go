// Package decontaminate is the stage kind of that name: it finds pairs that hold items of a benchmark. Its documentation
// for users is doc.md, which `prefab stages decontaminate` prints. It refuses to run without a benchmark, and it does
// not look for paraphrases.
package decontaminate

import (
	_ "embed" // the documentation
	"fmt"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/executor/methods/ngram"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

//go:embed doc.md
var doc string

// Kind is the stage kind.
var Kind = &stage.Kind{
	KindSpec: spec.KindSpec{
		Name:        "decontaminate",
		Title:       "takes away or marks pairs that hold items of a benchmark",
		Doc:         doc,
		Version:     1,
		Methods:     []string{ngram.Version, text.Version},
		Determinism: "bitwise",
		Schema:      schema,
		Ports:       ports,
		Check:       check,
	},
	Mapper:  mapper{},
	Account: stage.Account{Why: why},
}

var schema = spec.Schema{Attrs: []spec.Attr{
	{Name: "pairs", Type: spec.TypeReference, Artifact: spec.Pairs, Shape: spec.One, Required: true, Doc: "the pairs to scan"},
	{Name: "against", Type: spec.TypeReference, Artifact: spec.Items, Shape: spec.List, Required: true, Doc: "the benchmarks, at least one; reports number them by their place in this list"},
	{Name: "action", Type: spec.TypeString, Default: remove, Values: []string{remove, mark}, Doc: "remove: contaminated rows do not go on; mark: they do, with the columns contaminated and contamination"},
	{Name: "ngram", Type: spec.TypeInt, Default: float64(defaults.N), Min: spec.F(2), Max: spec.F(64), Unit: "words", Doc: "length of the runs of words that are looked up"},
	{Name: "coverage", Type: spec.TypeNumber, Default: defaults.CovTest, Min: spec.F(0), Max: spec.F(1), Unit: "share", Doc: "share of an item's words in shared n-grams from which a text counts as contaminated"},
	{Name: "train_coverage", Type: spec.TypeNumber, Default: defaults.CovTrain, Min: spec.F(0), Max: spec.F(1), Unit: "share", Doc: "share of a text's words in n-grams shared with one item from which it counts as contaminated: a short prompt cut out of a long passage"},
	{Name: "span", Type: spec.TypeInt, Default: float64(defaults.Span), Min: spec.F(2), Unit: "words", Doc: "words in a row that count by themselves, and the fewest for train_coverage; at least ngram"},
	{Name: "mask_above", Type: spec.TypeInt, Default: float64(defaults.MaskAbove), Min: spec.F(1), Unit: "items", Doc: "n-grams that more items of the benchmarks share are ignored"},
	{Name: "short_min", Type: spec.TypeInt, Default: float64(defaults.ShortMin), Min: spec.F(1), Unit: "words", Doc: "items with fewer words cannot be scored; at most ngram"},
	{Name: "short_share", Type: spec.TypeNumber, Default: defaults.ShortShare, Min: spec.F(0), Max: spec.F(1), Unit: "share", Doc: "share of a text that a short item must make up to count"},
	{Name: "allow", Type: spec.TypeObjectList, Doc: `what may pass, each with its reason: [{ id = "HumanEval/7", reason = "…" }], where id is the name of an item, the id of an item or the id of a row (the first 12 digits or more)`},
}}

var defaults = ngram.Defaults()

const (
	remove = "remove"
	mark   = "mark"
)

// config is the block as decoded. Against is the number of benchmarks.
type config struct {
	Against       int
	Action        string
	NGram         int `json:"ngram"`
	Coverage      float64
	TrainCoverage float64 `json:"train_coverage"`
	Span          int
	MaskAbove     int     `json:"mask_above"`
	ShortMin      int     `json:"short_min"`
	ShortShare    float64 `json:"short_share"`
	Allow         []allowance
}

// An allowance lets an item or a row pass.
type allowance struct{ ID, Reason string }

func (c *config) settings() ngram.Settings {
	s := defaults
	s.N, s.CovTest, s.CovTrain, s.Span = c.NGram, c.Coverage, c.TrainCoverage, c.Span
	s.MaskAbove, s.ShortMin, s.ShortShare = c.MaskAbove, c.ShortMin, c.ShortShare
	return s
}

// allowsRows reports whether an allowance may name a row, so that ids have to be read.
func (c *config) allowsRows() bool {
	return slices.ContainsFunc(c.Allow, func(a allowance) bool { return isID(a.ID) })
}

// isID reports whether s can be an id: 12 to 64 hexadecimal digits.
func isID(s string) bool {
	return len(s) >= 12 && len(s) <= 64 && strings.Trim(s, "0123456789abcdef") == ""
}

func check(raw spec.Config) []spec.Problem {
	c := config{
		NGram: defaults.N, Coverage: defaults.CovTest, TrainCoverage: defaults.CovTrain, Span: defaults.Span,
		MaskAbove: defaults.MaskAbove, ShortMin: defaults.ShortMin, ShortShare: defaults.ShortShare,
	}
	if err := raw.Decode(&c); err != nil {
		return nil // the schema has reported it
	}
	var list []spec.Problem
	if c.Against == 0 {
		list = append(list, spec.Problem{
			Path: []string{"against"}, Summary: "No benchmark to decontaminate against",
			Detail: "Without a benchmark nothing can be found, and a share of clean pairs would mean nothing. Name at least one: against = [benchmark.gsm8k.items].",
		})
	}
	if err := c.settings().Check(); err != nil {
		list = append(list, spec.Problem{
			Path: []string{"ngram"}, Summary: "The settings do not fit together",
			Detail: fmt.Sprintf("In ngram, coverage, train_coverage, span, mask_above, short_min and short_share: %v.", err),
		})
	}
	for i, a := range c.Allow {
		if strings.TrimSpace(a.ID) == "" || strings.TrimSpace(a.Reason) == "" {
			list = append(list, spec.Problem{
				Path: []string{"allow", fmt.Sprint(i)}, Summary: "An allowance without an id or a reason",
				Detail: `What may pass in spite of a hit says why, for those who read the report: { id = "HumanEval/7", reason = "a two-line idiom" }.`,
			})
		}
	}
	return list
}
