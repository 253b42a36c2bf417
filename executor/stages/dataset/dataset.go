// Package dataset is the stage kind of that name: it reads pairs, prompts, samples or votes from files, or has them generated.
// Its documentation for users is doc.md, which `prefab stages dataset` prints. It mends nothing: a record that is not what it
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
		Title:       "reads pairs, prompts, samples or votes from files",
		Doc:         doc,
		Version:     2,
		Methods:     intake.Methods(),
		Determinism: "bitwise",
		Limits:      true,
		Schema: spec.Schema{
			Attrs: []spec.Attr{
				intake.Key,
				{
					Name: "type", Type: spec.TypeString, Values: []string{string(spec.Pairs), string(spec.Prompts), string(spec.Samples), string(spec.Votes)},
					Doc: "what the rows are, and so the name of the output; without it a map that names label or response_a makes votes, and all else is pairs",
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
	case spec.Pairs, spec.Prompts, spec.Samples, spec.Votes:
		return a
	}
	for _, s := range intake.Decode(raw).Source {
		for _, name := range []string{"label", "response_a", "response_b"} {
			if s.Map[name] != nil {
				return spec.Votes
			}
		}
	}
	return spec.Pairs
}
