package planner

import (
	"time"

	"github.com/prefab-build/prefab/spec"
)

// A Saved is a plan as it is saved: self-describing for people and machines that look at it, and tied by digests to
// the state of the world that it was made for.
type Saved struct {
	Prefab   string      `json:"prefab"`
	Pipeline spec.Digest `json:"pipeline"` // canonical, with gates, thresholds and unkeyed settings
	Facts    spec.Digest `json:"facts"`    // inputs and numerics
	Options  Options     `json:"options"`
	Nodes    []SavedNode `json:"nodes"`
	Verdicts []Verdict   `json:"verdicts,omitempty"`
	Changes  []Change    `json:"changes,omitempty"`
	Summary  Summary     `json:"summary"`
}

// A SavedNode is what a saved plan says of one node.
type SavedNode struct {
	Addr     spec.Addr     `json:"addr"`
	State    State         `json:"state"`
	Reason   string        `json:"reason,omitempty"`
	Note     string        `json:"note,omitempty"`
	Base     spec.Digest   `json:"base_digest,omitzero"`
	Inputs   spec.Digest   `json:"inputs_digest,omitzero"`
	Estimate time.Duration `json:"estimate_ns,omitempty"`
	Rows     int64         `json:"rows,omitempty"`
}

// Save returns the plan as it is saved and as it is printed for machines.
func Save(p *Plan) Saved {
	s := Saved{
		Prefab: p.Prefab, Options: p.Options, Verdicts: p.Verdicts, Changes: p.Changes, Summary: p.Summary,
		Pipeline: spec.HashBytes(spec.Canonical(p.Pipeline)), Facts: spec.HashBytes(spec.Canonical(p.Facts)),
	}
	for _, n := range p.Nodes {
		node := SavedNode{
			Addr: n.Addr, State: n.State, Reason: n.Reason, Note: n.Note, Base: n.BaseDigest,
			Estimate: n.Estimate, Rows: n.Rows,
		}
		if n.Key != nil {
			node.Inputs = n.Key.InputsDigest
		}
		s.Nodes = append(s.Nodes, node)
	}
	return s
}

// Stale says what changed since the plan was saved, or nothing.
func (s *Saved) Stale(now *Plan) string {
	is := Save(now)
	switch {
	case s.Prefab != is.Prefab:
		return "it was made by prefab " + s.Prefab
	case s.Pipeline != is.Pipeline:
		return "the spec or a variable changed"
	case s.Facts != is.Facts:
		return "an input changed"
	}
	return ""
}
