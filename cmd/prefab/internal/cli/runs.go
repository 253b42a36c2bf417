package cli

import (
	"context"
	"strings"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/gc"
	"github.com/prefab-build/prefab/executor/lineage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A pastRun is what an earlier run of the project made, as far as the cache still has it.
type pastRun struct {
	name    string // "last run", "run 17"
	results executor.Results
	keys    map[spec.Addr]cas.RootAction
}

// edited reports whether the files of a stage are not those that the run read.
func (p *pastRun) edited(n *planner.Node) bool {
	return n.Key == nil || n.Key.InputsDigest != p.keys[n.Addr].Inputs
}

// other reports whether the settings of a stage were others in that run.
func (p *pastRun) other(n *planner.Node) bool { return n.BaseDigest != p.keys[n.Addr].Base }

// runs lists what there is to look at: the results for the spec and the inputs as they are, then those of the runs whose
// results the cache keeps for this project.
func (i *inspected) runs(ctx context.Context) ([]*inspected, error) {
	list := []*inspected{i}
	dir, err := i.project()
	if err != nil {
		return nil, err
	}
	roots, err := i.local.Roots()
	if err != nil {
		return nil, err
	}
	for _, root := range roots {
		if root.Project != dir {
			continue
		}
		p := &pastRun{name: root.Name, keys: map[spec.Addr]cas.RootAction{}}
		addrs := map[string]cas.RootAction{}
		for _, a := range root.Actions {
			addrs[a.Addr] = a
		}
		same := true
		for _, n := range i.plan.Nodes {
			a, ok := addrs[n.Addr.String()]
			p.keys[n.Addr] = a
			same = same && ok && i.known.Result(n) != nil && !p.edited(n) && !p.other(n)
		}
		if same {
			continue
		}
		p.results, err = executor.Replay(ctx, i.store, i.plan, i.kinds, func(a spec.Addr) (base, inputs spec.Digest, ok bool) {
			k, ok := p.keys[a]
			return k.Base, k.Inputs, ok && !k.Base.IsZero()
		})
		if err != nil {
			return nil, err
		}
		then := *i
		then.past = p
		list = append(list, &then)
	}
	return list, nil
}

// earlier lists what was read of a stage's files by runs that no root remembers, and lies in the cache all the same.
func (i *inspected) earlier(ctx context.Context, n *planner.Node) (list []*inspected, err error) {
	inputs, err := i.store.ListBase(n.BaseDigest)
	if err != nil {
		return nil, err
	}
	for _, in := range inputs {
		p := &pastRun{name: "an earlier run", keys: map[spec.Addr]cas.RootAction{n.Addr: {Base: n.BaseDigest, Inputs: in}}}
		p.results, err = executor.Replay(ctx, i.store, i.plan, i.kinds, func(a spec.Addr) (base, inputs spec.Digest, ok bool) {
			return n.BaseDigest, in, a == n.Addr
		})
		if err != nil {
			return nil, err
		}
		then := *i
		then.past = p
		list = append(list, &then)
	}
	return list, nil
}

// lineage follows rows through the results.
func (i *inspected) lineage() *lineage.Run {
	r := &lineage.Run{Plan: i.plan, Kinds: i.kinds, Store: i.store, Results: make(executor.Results, len(i.plan.Nodes))}
	for _, n := range i.plan.Nodes {
		r.Results[n.Index] = i.made(n)
	}
	if i.past != nil {
		r.Other = i.past.other
	}
	return r
}

// runName is what a person calls the run whose results these are.
func (i *inspected) runName() string {
	switch {
	case i.past == nil:
		return ""
	case i.past.name == gc.LastRun || i.past.name == gc.LastGoodRun:
		return "the " + i.past.name
	}
	return strings.Replace(i.past.name, "run ", "kept run ", 1)
}

// places reports whether a stage puts a file outside the cache.
func (i *inspected) places(n *planner.Node) bool {
	k := i.specs[n.Kind]
	return k != nil && k.Places
}

// rendered returns the file that an export makes, as it is stored.
func (i *inspected) rendered(n *planner.Node) (executor.StoredFile, bool) {
	if r := i.made(n); r != nil {
		for _, o := range r.Outputs {
			for _, f := range o.Files {
				if f.Name == "" { // a name is what comes behind the path: the file itself has none
					return f, true
				}
			}
		}
	}
	return executor.StoredFile{}, false
}

// containerOf is what an exported file is made of: jsonl, csv.gz, parquet.
func containerOf(n *planner.Node) string {
	var c struct{ Container string }
	if err := n.Block.Full().Decode(&c); err != nil {
		return ""
	}
	return c.Container
}
