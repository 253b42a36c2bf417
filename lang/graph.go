package lang

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/prefab-build/prefab/spec/diag"
)

// A node is a declaration whose value others may need: a local, a stage, a gate, a backend.
type node struct {
	name string
	work evaluator
	deps []dep
	done bool // evaluated, or given up

	// of Tarjan's algorithm
	index, low int
	onStack    bool
}

// An evaluator works out what a node stands for, when all that it depends on is worked out.
type evaluator interface{ evaluate(l *loader) }

func (n *node) evaluate(l *loader) {
	n.work.evaluate(l)
	n.done = true
}

// A dep is one reference from a node to another.
type dep struct {
	to    *node
	rng   diag.Range
	order bool // by `requires`: no value is needed
	plain bool // from an attribute that takes values, not outputs
}

func (n *node) depend(to *node, t hcl.Traversal, at place) {
	n.deps = append(n.deps, dep{to, rangeOf(t.SourceRange()), at.order, at.plain || at.limit})
}

// nodes returns all declarations that can depend on one another, in the order of their names.
func (l *loader) nodes() []*node {
	var out []*node
	for _, loc := range l.decls.locals {
		out = append(out, &loc.node)
	}
	for _, list := range [][]*block{l.decls.backends, l.decls.stages, l.decls.gates} {
		for _, b := range list {
			out = append(out, &b.node)
		}
	}
	slices.SortFunc(out, func(a, b *node) int { return strings.Compare(a.name, b.name) })
	return out
}

// order returns the nodes so that each stands behind those whose values it needs. It reports cycles; what is in a cycle
// of values is left out, and is never evaluated. A cycle that only `requires` closes is an error too, but each of its
// blocks can still be looked at.
func (l *loader) order() []*node {
	nodes := l.nodes()
	var out []*node
	reported := map[*node]bool{}
	for _, c := range components(nodes, false) {
		if len(c) == 1 && !dependsOn(c[0], c[0]) {
			out = append(out, c[0])
			continue
		}
		l.reportCycle(c, false)
		for _, n := range c {
			reported[n] = true
			n.work.(interface{ giveUp() }).giveUp()
		}
	}
	for _, c := range components(nodes, true) {
		if len(c) > 1 && !slices.ContainsFunc(c, func(n *node) bool { return reported[n] }) {
			l.reportCycle(c, true)
		}
	}
	return out
}

func dependsOn(n, on *node) bool {
	return slices.ContainsFunc(n.deps, func(d dep) bool { return d.to == on })
}

// components returns the strongly connected components (Tarjan 1972), each behind those that it depends on. Edges of
// `requires` count when all is set.
func components(nodes []*node, all bool) [][]*node {
	t := &tarjan{all: all}
	for _, n := range nodes {
		n.index, n.onStack = 0, false
	}
	for _, n := range nodes {
		if n.index == 0 {
			t.visit(n)
		}
	}
	return t.out
}

type tarjan struct {
	all   bool
	next  int
	stack []*node
	out   [][]*node
}

// visit recurses to the depth of the longest chain of references; Go's stacks grow, and a frame is small.
func (t *tarjan) visit(n *node) {
	t.next++
	n.index, n.low = t.next, t.next
	t.stack = append(t.stack, n)
	n.onStack = true
	for _, d := range n.deps {
		if d.order && !t.all {
			continue
		}
		if d.to.index == 0 {
			t.visit(d.to)
			n.low = min(n.low, d.to.low)
		} else if d.to.onStack {
			n.low = min(n.low, d.to.index)
		}
	}
	if n.low != n.index {
		return
	}
	var c []*node
	for {
		top := t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		top.onStack = false
		c = append(c, top)
		if top == n {
			break
		}
	}
	t.out = append(t.out, c)
}

// reportCycle prints the shortest way from the first node of a component back to itself.
func (l *loader) reportCycle(c []*node, all bool) {
	slices.SortFunc(c, func(a, b *node) int { return strings.Compare(a.name, b.name) })
	start, inside := c[0], make(map[*node]bool, len(c))
	for _, n := range c {
		inside[n] = true
	}
	type hop struct {
		from *hop
		node *node
		rng  diag.Range // of the reference from `from`

		plain bool
	}
	seen := map[*node]bool{}
	queue := []*hop{{node: start}}
	for len(queue) > 0 {
		h := queue[0]
		queue = queue[1:]
		for _, d := range h.node.deps {
			if d.order && !all || !inside[d.to] {
				continue
			}
			if d.to == start {
				path, first := []string{start.name}, d.rng
				wrong, at := d.plain, d.rng
				for p := h; p != nil; p = p.from {
					path = append(path, p.node.name)
					if p.from != nil {
						first = p.rng
						if p.plain {
							wrong, at = true, p.rng
						}
					}
				}
				if wrong {
					l.metricMisplaced(at, "What stands here comes of a stage that itself needs this one.")
					return
				}
				slices.Reverse(path)
				l.errorf(first, "cycle", "Cycle",
					"These need one another, so none can be first: %s. Remove one of the references.", strings.Join(path, " -> "))
				return
			}
			if !seen[d.to] {
				seen[d.to] = true
				queue = append(queue, &hop{h, d.to, d.rng, d.plain})
			}
		}
	}
}
