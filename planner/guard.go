package planner

import (
	"slices"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

func gateReads(gate *spec.Gate) []spec.Addr {
	var list []spec.Addr
	for _, c := range gate.Checks {
		for _, ref := range expr.Metrics(c.Condition) {
			a, err := spec.ParseAddr(ref.Addr)
			if err != nil {
				panic("planner: " + err.Error())
			}
			list = append(list, a)
		}
	}
	return list
}

// guard works out which verdicts each node stands behind, and orders the nodes so that each comes after what its
// guards rest on. A gate guards what names it and all that is behind its row and model ports. A threshold guards the
// exports downstream of its stage's outputs, or, of a stage without outputs, of the model that it judges; with
// on_failure = "stop" everything behind, with "warn" nothing. Guards are by index into the verdicts.
func (g *graph) guard(verdicts []Verdict) {
	readers := g.readers(carries)
	for i, v := range verdicts {
		if v.Severity != "error" {
			continue
		}
		for _, n := range g.guarded(v, readers) {
			g.nodes[n].Guards = append(g.nodes[n].Guards, i)
			if v.Threshold {
				g.nodes[n].After = append(g.nodes[n].After, g.byAddr[v.Subject])
			}
		}
	}
	g.sort()
}

// sort puts the nodes into an order in which data and guards come first; nodes that are free keep their order.
func (g *graph) sort() {
	order := make([]int, 0, len(g.nodes))
	state := make([]byte, len(g.nodes))
	var visit func(i int)
	visit = func(i int) {
		if state[i] != 0 {
			return
		}
		state[i] = 1
		n := g.nodes[i]
		for _, in := range n.Inputs {
			visit(in.Node)
		}
		for _, a := range n.After {
			visit(a)
		}
		order = append(order, i)
	}
	for i := range g.nodes {
		visit(i)
	}
	g.permute(order)
}

func (g *graph) permute(order []int) {
	nodes, ports, specs, to := make([]*Node, len(order)), make([]spec.Ports, len(order)), make([]*spec.KindSpec, len(order)), make([]int, len(order))
	for at, from := range order {
		nodes[at], ports[at], specs[at], to[from] = g.nodes[from], g.ports[from], g.specs[from], at
	}
	for at, n := range nodes {
		n.Index = at
		g.byAddr[n.Addr] = at
		for i := range n.Inputs {
			n.Inputs[i].Node = to[n.Inputs[i].Node]
		}
		for i := range n.After {
			n.After[i] = to[n.After[i]]
		}
		slices.Sort(n.After)
		n.After = slices.Compact(n.After)
	}
	for id, i := range g.unions {
		g.unions[id] = to[i]
	}
	g.nodes, g.ports, g.specs = nodes, ports, specs
}

// carries reports whether a guard reaches through an output: through rows and models, not through reports, which are
// there to show the failure.
func carries(out spec.OutPort) bool { return out.Artifact.IsRows() || out.Artifact == spec.Model }

// readers lists, for each node, those that read an output of it that the filter takes; nil takes all.
func (g *graph) readers(through func(spec.OutPort) bool) [][]int {
	readers := make([][]int, len(g.nodes))
	for _, n := range g.nodes {
		for _, in := range n.Inputs {
			for _, out := range g.ports[in.Node].Out {
				if out.Name == in.From && (through == nil || through(out)) {
					readers[in.Node] = append(readers[in.Node], n.Index)
				}
			}
		}
	}
	return readers
}

func (g *graph) guarded(v Verdict, readers [][]int) []int {
	if !v.Threshold {
		return downstream(readers, g.requiring(v.Subject), true)
	}
	at := g.byAddr[v.Subject]
	from := []int{at}
	if !slices.ContainsFunc(g.ports[at].Out, carries) {
		from = g.modelsOf(at)
	}
	// What the threshold's own stage is made from cannot wait for it.
	before := g.ancestors(at)
	var list []int
	for _, n := range downstream(readers, from, false) {
		if !before[n] && (v.OnFailure == "stop" || g.specs[n].Places) {
			list = append(list, n)
		}
	}
	return list
}

// ancestors returns a node and all that it reads or comes after.
func (g *graph) ancestors(at int) map[int]bool {
	seen := map[int]bool{}
	var walk func(i int)
	walk = func(i int) {
		if seen[i] {
			return
		}
		seen[i] = true
		for _, in := range g.nodes[i].Inputs {
			walk(in.Node)
		}
		for _, a := range g.nodes[i].After {
			walk(a)
		}
	}
	walk(at)
	return seen
}

// requiring returns the nodes that name the gate, or a gate that requires it.
func (g *graph) requiring(gate spec.Addr) []int {
	names := map[spec.Addr]bool{gate: true}
	for grown := true; grown; {
		grown = false
		for a, other := range g.gates {
			if !names[a] && slices.ContainsFunc(other.Require, func(r spec.Addr) bool { return names[r] }) {
				names[a], grown = true, true
			}
		}
	}
	var list []int
	for _, n := range g.nodes {
		if n.Block != nil && slices.ContainsFunc(n.Block.Require, func(r spec.Addr) bool { return names[r] }) {
			list = append(list, n.Index)
		}
	}
	return list
}

// modelsOf returns the nodes that made the models which a stage judges or, where it judges none, the scores.
func (g *graph) modelsOf(at int) []int {
	for _, judged := range []spec.Artifact{spec.Model, spec.Scores} {
		var list []int
		for _, in := range g.nodes[at].Inputs {
			if port, _ := portNamed(g.ports[at], in.Port); port.Artifact == judged {
				list = append(list, in.Node)
			}
		}
		if list != nil {
			return list
		}
	}
	return nil
}

// downstream returns all nodes that read from the given ones, directly or not, in order.
func downstream(readers [][]int, from []int, self bool) []int {
	seen := map[int]bool{}
	var walk func(n int)
	walk = func(n int) {
		for _, r := range readers[n] {
			if !seen[r] {
				seen[r] = true
				walk(r)
			}
		}
	}
	for _, n := range from {
		if self {
			seen[n] = true
		}
		walk(n)
	}
	list := make([]int, 0, len(seen))
	for n := range seen {
		list = append(list, n)
	}
	slices.Sort(list)
	return list
}
