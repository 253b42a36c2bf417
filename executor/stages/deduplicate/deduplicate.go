// Package deduplicate is the stage kind of that name: it takes away pairs that repeat others. Its documentation for users
// is doc.md, which `prefab stages deduplicate` prints. It does not decide between pairs that contradict one another.
package deduplicate

import (
	_ "embed" // the documentation
	"fmt"

	"github.com/prefab-build/prefab/executor/methods/cluster"
	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

//go:embed doc.md
var doc string

// Kind is the stage kind.
var Kind = &stage.Kind{
	KindSpec: spec.KindSpec{
		Name:        "deduplicate",
		Title:       "takes away exact and near duplicates of pairs",
		Doc:         doc,
		Version:     1,
		Methods:     []string{cluster.Version, simjoin.Version, text.Version},
		Determinism: "bitwise",
		Schema:      schema,
		Ports:       ports,
		Check:       check,
	},
	Mapper:  mapper{},
	Account: stage.Account{Why: why},
	Memory:  func(l stage.Load) int64 { return l.MapperMemory(800) }, // signatures, and the sets of the near join
}

const (
	scopePair   = "pair"
	scopePrompt = "prompt"

	shingleWord = "word"
	shingleChar = "char"

	reportCopies = "report"
	dropCopies   = "drop"
)

var schema = spec.Schema{Attrs: []spec.Attr{
	{Name: "pairs", Type: spec.TypeReference, Artifact: spec.Pairs, Shape: spec.One, Required: true, Doc: "the pairs"},
	{Name: "scope", Type: spec.TypeString, Default: scopePair, Values: []string{scopePair, scopePrompt}, Doc: "what is compared: the whole pair, or the prompt alone"},
	{Name: "near", Type: spec.TypeBool, Default: true, Doc: "whether near duplicates go too, or exact ones only"},
	{Name: "threshold", Type: spec.TypeNumber, Default: 0.9, Min: spec.F(0.5), Max: spec.F(1), Unit: "Jaccard index", Doc: "similarity from which two pairs are near duplicates"},
	{Name: "shingle", Type: spec.TypeString, Default: shingleWord, Values: []string{shingleWord, shingleChar}, Doc: "what similarity is measured on: runs of words or of characters"},
	{Name: "size", Type: spec.TypeInt, Min: spec.F(1), Max: spec.F(100), Unit: "words or characters", Doc: "length of a shingle; 3 words or 5 characters when absent"},
	{Name: "relabelled", Type: spec.TypeString, Default: reportCopies, Values: []string{reportCopies, dropCopies}, Doc: "what becomes of pairs that stand in the data both ways: they pass with a note, or all go"},
}}

type config struct {
	Scope      string
	Near       bool
	Threshold  float64
	Shingle    string
	Size       int
	Relabelled string
}

func (c *config) size() int {
	switch {
	case c.Size > 0:
		return c.Size
	case c.Shingle == shingleChar:
		return 5
	}
	return 3
}

func check(raw spec.Config) []spec.Problem {
	c := config{Threshold: 1}
	if raw.Decode(&c) != nil {
		return nil // the schema has reported it
	}
	if _, err := simjoin.Decimal(c.Threshold); err != nil {
		return []spec.Problem{{
			Path: []string{"threshold"}, Summary: "The threshold cannot be used",
			Detail: fmt.Sprintf("%v. Write a number such as 0.9: 0.5 to 1, with at most nine decimals.", err),
		}}
	}
	return nil
}

func ports(spec.Config) spec.Ports {
	return spec.Ports{
		In: []spec.InPort{{
			Name: "pairs", Artifact: spec.Pairs, Shape: spec.One, Mapped: true,
			Columns: []string{spec.ID, "prompt", "chosen", "rejected"}, Doc: "the pairs",
		}},
		Out: []spec.OutPort{{Name: "pairs", Artifact: spec.Pairs, From: "pairs", Doc: "the pairs without duplicates"}},
		Metrics: []spec.MetricDef{
			{Name: "rows_out", Unit: "rows", Min: spec.F(0), Integer: true, Advice: "Collect more prompts and annotations.", Doc: "rows that go out"},
			{Name: "exact_duplicates", Unit: "rows", Min: spec.F(0), Integer: true, Doc: "rows that went because an equal one stays"},
			{Name: "near_duplicates", Unit: "rows", Min: spec.F(0), Integer: true, Doc: "rows that went because a similar one stays"},
			{Name: "duplicate_share", Unit: "share", Min: spec.F(0), Max: spec.F(1), Advice: "Much of the data repeats itself: look at how the prompts were collected.", Doc: "share of the rows that came in that went as duplicates"},
			{
				Name: "relabelled_copies", Unit: "pairs", Min: spec.F(0), Integer: true,
				Advice: "The same two responses are preferred both ways. Collect more votes on them, or drop them with relabelled = \"drop\".",
				Doc:    "distinct pairs that stand in the data both ways",
			},
			{Name: "groups", Unit: "groups", Min: spec.F(0), Integer: true, Doc: "groups of a row that stays and its duplicates; the table has sizes (number of groups by size) and the largest groups"},
		},
	}
}
