package planner

import (
	"fmt"
	"slices"

	"github.com/prefab-build/prefab/spec"
)

// A Saved is a plan as it is saved and as it is printed for machines: all that was worked out, self-describing, and
// tied by digests to the pipeline and the facts that it was worked out from. Those two stay outside: they are looked
// at again before the plan is run, and sensitive values must not lie in a file.
type Saved struct {
	Prefab   string      `json:"prefab"`
	Pipeline spec.Digest `json:"pipeline"` // canonical, with gates, thresholds and unkeyed settings
	Facts    spec.Digest `json:"facts"`    // inputs and numerics
	// Variables are the values that the pipeline was made with; a sensitive one is named only.
	Variables []spec.Variable `json:"variables,omitempty"`
	// Given says of the variables that did not have their value from the spec or its folder who gave it.
	Given    map[string]spec.Giver `json:"given,omitempty"`
	Options  Options               `json:"options"`
	Nodes    []*Node               `json:"nodes"` // without their blocks
	Verdicts []Verdict             `json:"verdicts,omitempty"`
	Changes  []Change              `json:"changes,omitempty"`
	// Placements are what was to be written when the plan was made; apply looks again.
	Placements []Placement `json:"placements,omitempty"`
	// Disk is for machines that read a plan. It is no part of one that is saved: what is free changes.
	Disk    []Room  `json:"disk,omitempty"`
	Summary Summary `json:"summary"`
}

// Save returns the plan as it is saved.
func Save(p *Plan) Saved {
	s := Saved{
		Prefab: p.Prefab, Options: p.Options, Verdicts: p.Verdicts, Changes: p.Changes, Placements: p.Placements, Disk: p.Disk, Summary: p.Summary,
		Pipeline: spec.HashBytes(spec.Canonical(p.Pipeline)), Facts: spec.HashBytes(spec.Canonical(p.Facts)),
		Variables: p.Pipeline.Variables, Given: map[string]spec.Giver{}, Nodes: make([]*Node, len(p.Nodes)),
	}
	for _, v := range s.Variables {
		if v.From != spec.FromSpec {
			s.Given[v.Name] = v.From
		}
	}
	for i, n := range p.Nodes {
		bare := *n
		bare.Block = nil
		s.Nodes[i] = &bare
	}
	return s
}

// Recorded returns the values of variables that the plan was made with, and who gave them.
func (s *Saved) Recorded() []spec.Variable {
	list := slices.Clone(s.Variables)
	for i := range list {
		list[i].From = s.Given[list[i].Name]
	}
	return list
}

// Bind makes a saved plan ready to run again: nothing is worked out anew, each node only gets its block back. The
// pipeline and the facts are those of now; when they, or prefab itself, are not those that the plan was made for, stale
// says what changed and there is no plan.
func (s *Saved) Bind(p *spec.Pipeline, facts Facts, version string) (plan *Plan, stale string) {
	switch {
	case s.Prefab != version:
		return nil, "it was made by prefab " + s.Prefab
	case s.Pipeline != spec.HashBytes(spec.Canonical(p)):
		return nil, "the spec or a variable changed"
	case s.Facts != spec.HashBytes(spec.Canonical(facts)):
		return nil, "an input changed"
	}
	if stale := s.misfit(); stale != "" {
		return nil, stale
	}
	blocks := make(map[spec.Addr]*spec.Block, len(p.Blocks))
	for i := range p.Blocks {
		blocks[p.Blocks[i].Addr] = &p.Blocks[i]
	}
	plan = &Plan{
		Prefab: s.Prefab, Pipeline: p, Facts: facts, Options: s.Options, Verdicts: s.Verdicts, Changes: s.Changes,
		Placements: s.Placements, Summary: s.Summary, Nodes: make([]*Node, len(s.Nodes)),
	}
	for i, n := range s.Nodes {
		whole := *n
		if whole.Block = blocks[n.Addr]; whole.Block == nil && n.Kind != UnionKind {
			return nil, fmt.Sprintf("the spec has no %s", n.Addr)
		}
		plan.Nodes[i] = &whole
	}
	return plan, ""
}

// misfit finds numbers that lead out of the plan, which no plan of ours holds: a file that was written by hand must not
// make the executor wait for nodes that are not there.
func (s *Saved) misfit() string {
	for i, n := range s.Nodes {
		fits := n != nil && n.Index == i
		for j := 0; fits && j < len(n.Inputs); j++ {
			fits = n.Inputs[j].Node >= 0 && n.Inputs[j].Node < i
		}
		for j := 0; fits && j < len(n.After); j++ {
			fits = n.After[j] >= 0 && n.After[j] < i
		}
		for j := 0; fits && j < len(n.Guards); j++ {
			fits = n.Guards[j] >= 0 && n.Guards[j] < len(s.Verdicts)
		}
		if !fits {
			return fmt.Sprintf("node %d does not fit the others", i)
		}
	}
	return ""
}
