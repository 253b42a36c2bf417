package executor

import (
	"context"
	"fmt"

	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// Results are what a run made, by the index of the node in a plan; nil where nothing is known.
type Results []*Result

// A Made says under which key a run made the result of a stage, and whether it made one.
type Made func(spec.Addr) (base, inputs spec.Digest, ok bool)

// Replay opens the results of an earlier run, laid over one another as the plan connects them. A stage that read something
// else than the plan says is left out, with all behind it: its spec is another now. A result that is gone is left out, too.
func Replay(ctx context.Context, s Store, p *planner.Plan, kinds []*stage.Kind, made Made) (Results, error) {
	out := make(Results, len(p.Nodes))
	b := newBench(kinds, s, 1, false)
	for _, n := range p.Nodes {
		base, inputs, ok := made(n.Addr)
		members := out.members(n)
		if !ok || len(members) < len(n.Inputs) {
			continue
		}
		if len(members) > 0 {
			key, err := planner.NodeKey(b.portsOf(n, members), members, p.Facts.Files[n.Addr.String()])
			if err != nil {
				return nil, err
			}
			if key.InputsDigest != inputs {
				continue
			}
		}
		raw, err := s.GetAction(base, inputs)
		if err != nil {
			continue
		}
		r, err := openEntry(ctx, s, raw, members)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err == nil && r.complete(ctx, s, false) {
			out[n.Index] = r
		}
	}
	return out, nil
}

// members returns the inputs of a node, as far as they are known.
func (r Results) members(n *planner.Node) (list []planner.Member) {
	for _, in := range n.Inputs {
		if from := r[in.Node]; from != nil {
			list = append(list, planner.Member{Port: in.Port, Member: in.Member, Artifact: from.Outputs[in.From]})
		}
	}
	return list
}

// Task gives a kind the inputs that a stage had, so that it can account for rows. Nothing can be made through it.
func (r Results) Task(ctx context.Context, s Store, p *planner.Plan, n *planner.Node, kinds []*stage.Kind) (*stage.Task, error) {
	members := r.members(n)
	if len(members) < len(n.Inputs) {
		return nil, fmt.Errorf("what %s read is not in the cache any more", n.Addr)
	}
	b := newBench(kinds, s, 1, false)
	b.tell, b.note = func(Event) {}, func(string) {}
	action := &Action{Kind: n.Kind, Config: n.Block.Config, Seed: planner.Seed(p.Pipeline.Project, n.Block)}
	j := &job{bench: b, action: action, addr: n.Addr, config: n.Block.Full(), ports: b.portsOf(n, members), members: members}
	h, err := newHost(ctx, j)
	if err != nil {
		return nil, err
	}
	return stage.NewTask(h, j.ports), nil
}
