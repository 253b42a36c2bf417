package executor

import (
	"context"
	"fmt"

	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A Past is a run of the past, as far as its results are still in the store: a table is laid anew over what its stage
// read then.
type Past struct {
	store   Store
	nodes   map[spec.Addr]PastNode
	results map[spec.Addr]*Result // nil where one is gone
}

// A PastNode says what a stage did in a run: which action, and what its inputs were.
type PastNode struct {
	Base, Inputs spec.Digest
	Reads        []PastInput
}

// A PastInput is an output that a stage read.
type PastInput struct {
	Port, Member string
	Addr         spec.Addr
	From         string // the output's name
}

// NewPast returns a run of these nodes.
func NewPast(s Store, nodes map[spec.Addr]PastNode) *Past {
	return &Past{store: s, nodes: nodes, results: map[spec.Addr]*Result{}}
}

// Result returns what a stage made in that run, or nil where the store does not have it, or something beneath it, any more.
func (p *Past) Result(ctx context.Context, a spec.Addr) *Result {
	r, known := p.results[a]
	if !known {
		p.results[a] = nil // a history that was tampered with may go in circles
		r = p.open(ctx, a)
		p.results[a] = r
	}
	return r
}

func (p *Past) open(ctx context.Context, a spec.Addr) *Result {
	n, ok := p.nodes[a]
	if !ok || n.Inputs.IsZero() {
		return nil
	}
	raw, err := p.store.GetAction(n.Base, n.Inputs)
	if err != nil {
		return nil
	}
	var members []planner.Member
	for _, in := range n.Reads {
		r := p.Result(ctx, in.Addr)
		if r == nil {
			return nil
		}
		members = append(members, planner.Member{Port: in.Port, Member: in.Member, Artifact: r.Outputs[in.From]})
	}
	r, err := openEntry(ctx, p.store, raw, members)
	if err != nil {
		return nil // its deltas are gone, or a history of an earlier format does not say what they lie over
	}
	return r
}

// Rows returns the ids of the rows of each output of a stage that is a table; ok is false where they are not known any
// more. It holds 32 bytes a row.
func (p *Past) Rows(ctx context.Context, a spec.Addr) (byPort map[string]map[spec.Digest]bool, ok bool, err error) {
	r := p.Result(ctx, a)
	if r == nil {
		return nil, false, nil
	}
	byPort = map[string]map[spec.Digest]bool{}
	for port, o := range r.Outputs {
		if o.Table == nil {
			continue
		}
		ids := map[spec.Digest]bool{}
		for i := range o.Table.Chunks() {
			c, err := o.Table.Load(ctx, i, []string{spec.ID})
			if err != nil {
				return nil, false, fmt.Errorf("reading the rows of %s: %w", a, err)
			}
			column := c.IDs()
			for row := range c.Rows {
				ids[column.Digest(row)] = true
			}
		}
		byPort[port] = ids
	}
	return byPort, true, nil
}
