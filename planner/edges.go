package planner

import (
	"slices"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

// A Graph is a pipeline as points and lines.
type Graph struct {
	Nodes []spec.Addr `json:"nodes"`
	Edges []Edge      `json:"edges"`
}

// An Edge leads from what is read to the reader. Kind is data, requires (a stage and its gate) or judges (a gate and
// the stage whose metrics it reads).
type Edge struct {
	From spec.Addr `json:"from"`
	To   spec.Addr `json:"to"`
	Kind string    `json:"kind"`
	Port string    `json:"port,omitempty"`
}

// Edges returns a pipeline as a graph.
func Edges(p *spec.Pipeline) Graph {
	var g Graph
	for _, b := range p.Blocks {
		g.Nodes = append(g.Nodes, b.Addr)
		for _, in := range b.Inputs {
			for _, r := range in.Refs {
				g.Edges = append(g.Edges, Edge{From: r.Addr, To: b.Addr, Kind: "data", Port: r.Port})
			}
		}
		for _, gate := range b.Require {
			g.Edges = append(g.Edges, Edge{From: gate, To: b.Addr, Kind: "requires"})
		}
	}
	for _, gate := range p.Gates {
		g.Nodes = append(g.Nodes, gate.Addr)
		var from []string
		for _, c := range gate.Checks {
			for _, ref := range expr.Metrics(c.Condition) {
				from = append(from, ref.Addr)
			}
		}
		slices.Sort(from)
		for _, text := range slices.Compact(from) {
			if a, err := spec.ParseAddr(text); err == nil {
				g.Edges = append(g.Edges, Edge{From: a, To: gate.Addr, Kind: "judges"})
			}
		}
		for _, r := range gate.Require {
			g.Edges = append(g.Edges, Edge{From: r, To: gate.Addr, Kind: "requires"})
		}
	}
	return g
}
