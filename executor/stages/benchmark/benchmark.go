// Package benchmark is the stage kind of that name: it reads the items of a benchmark. Its documentation for users is
// doc.md, which `prefab stages benchmark` prints. It ships no benchmark and runs none.
package benchmark

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
		Name:        "benchmark",
		Title:       "reads the items of a benchmark from files",
		Doc:         doc,
		Version:     1,
		Methods:     intake.Methods(),
		Determinism: "bitwise",
		Schema:      spec.Schema{Attrs: []spec.Attr{intake.Key}, Blocks: []spec.BlockType{intake.Block(spec.Items)}},
		Ports: func(raw spec.Config) spec.Ports {
			return spec.Ports{
				Out:     []spec.OutPort{{Name: "items", Artifact: spec.Items, Doc: "the items, in the order of the sources"}},
				Metrics: intake.Decode(raw).Metrics(spec.Items),
			}
		},
		Check:   func(raw spec.Config) []spec.Problem { return intake.Check(raw, spec.Items) },
		Sources: func(raw spec.Config) []spec.Source { return intake.Decode(raw).Sources(spec.Items) },
	},
	Mapper: intake.Mapper{},
}
