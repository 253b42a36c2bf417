package planner

import (
	"fmt"
	"strings"

	"github.com/prefab-build/prefab/spec"
)

// Make works out the plan. An error is a failure of the store, or a pipeline that package lang would have refused.
func Make(p *spec.Pipeline, kinds []*spec.KindSpec, facts Facts, known Known, opts Options, version string) (*Plan, error) {
	byName := make(map[string]*spec.KindSpec, len(kinds))
	for _, k := range kinds {
		byName[k.Name] = k
	}
	g, err := build(p, byName)
	if err != nil {
		return nil, err
	}
	m := &maker{
		graph: g, facts: facts, known: known, opts: opts,
		previous: known.Previous(), results: make([]*Result, len(g.nodes)),
	}
	m.changes = changes(m.previous, facts, g.nodes)
	m.judge = NewJudge(p, byName, m.measured)
	g.guard(m.skeleton())
	m.narrow()
	for _, n := range g.nodes {
		if err := m.plan(n); err != nil {
			return nil, fmt.Errorf("planning %s: %w", n.Addr, err)
		}
	}
	plan := &Plan{
		Prefab: version, Pipeline: p, Facts: facts, Nodes: g.nodes, Options: opts,
		Changes: m.changes,
	}
	for i := range m.judge.items {
		plan.Verdicts = append(plan.Verdicts, *m.judge.Verdict(i))
	}
	plan.Placements = placements(g.nodes, m.results, facts.Destinations)
	plan.summarise()
	return plan, nil
}

type maker struct {
	*graph
	facts    Facts
	known    Known
	opts     Options
	previous *Previous
	changes  []Change
	results  []*Result // of cached nodes
	excluded []bool
	judge    *Judge
	gone     map[goneNode]string // when it was first asked for
}

// skeleton returns the verdicts without outcomes: what guards need to know of them.
func (m *maker) skeleton() []Verdict {
	open := NewJudge(m.pipeline, m.kinds, func(spec.Addr) ([]spec.Metric, Outcome) { return nil, Open })
	list := make([]Verdict, len(open.items))
	for i := range list {
		list[i] = *open.Verdict(i)
	}
	return list
}

// measured tells the judge what is known of a stage's metrics. It is asked only for stages that are planned already.
func (m *maker) measured(a spec.Addr) ([]spec.Metric, Outcome) {
	i, ok := m.byAddr[a]
	if !ok {
		return nil, Pending
	}
	switch {
	case m.results[i] != nil:
		return m.results[i].Metrics, Pass
	case m.nodes[i].State == Blocked:
		return nil, NotEvaluated
	case m.nodes[i].State == Excluded:
		return nil, Pending
	}
	return nil, Open
}

// narrow marks what --target and --exclude leave out.
func (m *maker) narrow() {
	m.excluded = make([]bool, len(m.nodes))
	if len(m.opts.Targets) > 0 {
		wanted := map[int]bool{}
		for _, a := range m.opts.Targets {
			if i, ok := m.byAddr[a]; ok {
				for n := range m.ancestors(i) {
					wanted[n] = true
				}
			}
		}
		for i := range m.excluded {
			m.excluded[i] = !wanted[i]
		}
	}
	var from []int
	for _, a := range m.opts.Exclude {
		if i, ok := m.byAddr[a]; ok {
			from = append(from, i)
		}
	}
	for _, i := range downstream(m.readers(nil), from, true) {
		m.excluded[i] = true
	}
}

func (m *maker) plan(n *Node) error {
	if err := m.decide(n); err != nil {
		return err
	}
	if n.State == WillRun || n.State == MayRun {
		n.Estimate = m.known.Estimate(n) // a query of the history: the thousand that are cached need none
	}
	return nil
}

// decide works out a node's key and state.
func (m *maker) decide(n *Node) error {
	if m.excluded[n.Index] {
		n.State = Excluded
		return nil
	}
	if n.Block != nil {
		n.Base = baseComponents(n.Block, m.specs[n.Index], m.pipeline.Project, m.facts, m.opts.Limit)
	} else {
		n.Base = []Component{{"kind", UnionKind}, {"version", fmt.Sprint(m.specs[n.Index].Version)}}
	}
	n.BaseDigest = Digest(n.Base)
	if m.specs[n.Index].Sources != nil {
		files := m.facts.Files[n.Addr.String()]
		for _, f := range files {
			n.Rows += f.Records()
		}
		if len(n.Inputs) == 0 {
			n.Key = filesKey(files)
		}
	}
	if n.State, n.Reason = m.guardedBy(n); n.State != "" {
		return nil
	}
	members, missing := m.members(n)
	if missing >= 0 {
		return m.planUnknown(n, m.nodes[missing])
	}
	return m.planKnown(n, members)
}

// guardedBy says what a node's guards make of it: blocked by a verdict that does not pass, left out by one that cannot
// be judged since what it judges is left out. Open verdicts keep nobody from planning.
func (m *maker) guardedBy(n *Node) (State, string) {
	if why, blocked := m.judge.Blocks(n.Guards); blocked {
		return Blocked, why
	}
	for _, i := range n.Guards {
		if v := m.judge.Verdict(i); v.Outcome == Pending {
			return Excluded, fmt.Sprintf("%s cannot be judged: what it judges is left out", v.Subject)
		}
	}
	return "", ""
}

// members returns the input artifacts, or the input node whose result is not known: a blocked one before one that is left
// out, that before any other.
func (m *maker) members(n *Node) ([]Member, int) {
	for _, s := range []State{Blocked, Excluded} {
		for _, in := range n.Inputs {
			if m.nodes[in.Node].State == s {
				return nil, in.Node
			}
		}
	}
	var list []Member
	for _, in := range n.Inputs {
		r := m.results[in.Node]
		if r == nil {
			return nil, in.Node
		}
		a, ok := r.Outputs[in.From]
		if !ok {
			return nil, in.Node
		}
		list = append(list, Member{Port: in.Port, Member: in.Member, Artifact: a})
	}
	return list, -1
}

func (m *maker) planUnknown(n, missing *Node) error {
	n.Reason = fmt.Sprintf("%s runs before it", missing.Addr)
	n.Edits = m.editedFiles(n)
	switch {
	case missing.State == Excluded:
		n.State, n.Reason = Excluded, fmt.Sprintf("%s is left out", missing.Addr)
	case missing.State == Blocked:
		n.State, n.Reason = Blocked, fmt.Sprintf("%s is blocked", missing.Addr)
	case m.replaced(n):
		n.State, n.Reason = WillRun, "named by --replace"
	case m.known.HasBase(n.BaseDigest):
		n.State = MayRun
		if len(n.Edits) > 0 {
			n.Reason = strings.Join(n.Edits, ", ") + "; " + n.Reason
		} else if !m.ranBefore(n) { // another project of the cache, or an earlier spec
			n.Reason += "; a cached result may fit"
		}
	default:
		n.State = WillRun
		n.Reason = m.explain(n)
	}
	return nil
}

func (m *maker) planKnown(n *Node, members []Member) (err error) {
	if n.Key == nil {
		if n.Key, err = NodeKey(m.ports[n.Index], members, m.facts.Files[n.Addr.String()]); err != nil {
			return err
		}
	}
	for _, in := range members {
		if port, ok := portNamed(m.ports[n.Index], in.Port); ok && (port.Mapped || len(members) == 1) {
			n.Rows = in.Artifact.Rows()
		}
	}
	if m.replaced(n) {
		n.State, n.Reason = WillRun, "named by --replace"
		return nil
	}
	result, err := m.known.Lookup(n, members)
	if err != nil {
		return err
	}
	if result == nil {
		n.State, n.Reason = WillRun, m.explain(n)
		return nil
	}
	if n.State = Cached; result.Remote {
		n.State = Restore
	}
	n.Note = m.renamed(n)
	m.results[n.Index] = result
	return nil
}

func (m *maker) replaced(n *Node) bool {
	for _, a := range m.opts.Replace {
		if a == n.Addr {
			return true
		}
	}
	return false
}
