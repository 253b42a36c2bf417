// Package dataset is the stage kind of that name: it reads pairs, prompts or votes from files, or has them generated. Its
// documentation for users is doc.md, which `prefab stages dataset` prints. It mends nothing: a record that is not what it
// must be goes to the ledger.
package dataset

import (
	_ "embed" // the documentation

	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stage/intake"
	"github.com/prefab-build/prefab/spec"
)

//go:embed doc.md
var doc string

// Kind is the stage kind.
var Kind = &stage.Kind{
	KindSpec: spec.KindSpec{
		Name:        "dataset",
		Title:       "reads pairs, prompts or votes from files",
		Doc:         doc,
		Version:     1,
		Methods:     intake.Methods(),
		Determinism: "bitwise",
		Limits:      true,
		Schema: spec.Schema{
			Attrs: []spec.Attr{
				intake.Key,
				{
					Name: "type", Type: spec.TypeString, Values: []string{string(spec.Pairs), string(spec.Prompts), string(spec.Votes)},
					Doc: "what the rows are, and so the name of the output; without it what the maps name decides: label or response_a make votes, prompt without responses makes prompts, all else pairs",
				},
			},
			Blocks: []spec.BlockType{intake.Block(spec.Pairs)},
		},
		Ports: func(raw spec.Config) spec.Ports {
			a := artifact(raw)
			return spec.Ports{
				Out:     []spec.OutPort{{Name: string(a), Artifact: a, Doc: "the rows, in the order of the sources"}},
				Metrics: intake.Decode(raw).Metrics(a),
			}
		},
		Check:   func(raw spec.Config) []spec.Problem { return intake.Check(raw, artifact(raw)) },
		Sources: func(raw spec.Config) []spec.Source { return intake.Decode(raw).Sources(artifact(raw)) },
	},
	Mapper: intake.Mapper{},
}

// artifact decides what the rows are.
func artifact(raw spec.Config) spec.Artifact {
	var c struct{ Type string }
	_ = raw.Decode(&c) // total: a broken config makes pairs
	switch a := spec.Artifact(c.Type); a {
	case spec.Pairs, spec.Prompts, spec.Votes:
		return a
	}
	mapped := map[string]bool{}
	for _, s := range intake.Decode(raw).Source {
		for name := range s.Map {
			mapped[name] = true
		}
	}
	switch {
	case mapped["label"] || mapped["response_a"] || mapped["response_b"]:
		return spec.Votes
	case mapped["prompt"] && !namesPairs(mapped):
		return spec.Prompts
	}
	return spec.Pairs
}

// namesPairs reports whether a map names a column that only pairs have.
func namesPairs(mapped map[string]bool) bool {
	also := map[string]bool{}
	for _, c := range spec.Prompts.Columns() {
		also[c.Name] = true
	}
	for _, c := range spec.Pairs.Columns() {
		if mapped[c.Name] && !also[c.Name] {
			return true
		}
	}
	return false
}
