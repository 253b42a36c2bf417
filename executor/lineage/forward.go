package lineage

import (
	"cmp"
	"context"
	"slices"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A Spread is what holds a row, or rows that are made of it.
type Spread struct {
	Stages  []Holder
	Exports []Export
	Models  []Model
	Went    []Went
	// Unsure are stages that make rows and cannot say of which: all of their rows are taken to hold the row.
	Unsure []*planner.Node
	// Unknown are stages behind those that hold the row whose results are not known.
	Unknown []*planner.Node
}

// A Holder is an output that holds the row.
type Holder struct {
	Node *planner.Node
	Port string
	Rows []spec.Digest
}

// An Export is a file that holds the row.
type Export struct {
	Node    *planner.Node
	Records []int64 // from 1, in the order of the file
	Rows    []spec.Digest
}

// A Model is a model that saw the row, by way of those inputs.
type Model struct {
	Node  *planner.Node
	Ports []string
}

// A Went is a stage that did not let the row, or rows made of it, go on, and what its ledger says of that.
type Went struct {
	Node   *planner.Node
	Ledger executor.Ledger
}

// Forward follows rows of a stage to all that a run made of them.
func (r *Run) Forward(ctx context.Context, from *planner.Node, ids ...spec.Digest) (*Spread, error) {
	s := &Spread{}
	held := make([]map[string]set, len(r.Plan.Nodes)) // by node and output
	unknown := make([]bool, len(r.Plan.Nodes))
	for i, n := range r.Plan.Nodes {
		switch {
		case n == from:
			held[i] = r.source(n, ids)
			continue
		case r.Results[i] == nil:
			if slices.ContainsFunc(n.Inputs, func(in planner.Input) bool { return unknown[in.Node] || len(held[in.Node][in.From]) > 0 }) {
				unknown[i] = true
				s.Unknown = append(s.Unknown, n)
			}
			continue
		}
		read, ports, members := set{}, []string(nil), []string(nil)
		for _, in := range n.Inputs {
			rows := held[in.Node][in.From]
			for id := range rows {
				read[id] = true
			}
			if len(rows) == 0 {
				continue
			}
			members = append(members, in.Member)
			if !slices.Contains(ports, in.Port) {
				ports = append(ports, in.Port)
			}
		}
		if len(read) == 0 {
			continue
		}
		var err error
		if held[i], err = r.passed(ctx, n, read, members, s); err != nil {
			return nil, err
		}
		if err := r.arrived(ctx, n, read, ports, s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (r *Run) source(n *planner.Node, ids []spec.Digest) map[string]set {
	held := map[string]set{}
	if res := r.Results[n.Index]; res != nil {
		for port := range res.Outputs {
			held[port] = set{}
			for _, id := range ids {
				held[port][id] = true
			}
		}
	}
	return held
}

// passed returns the rows of a stage's outputs that hold rows that it read, by way of those members.
func (r *Run) passed(ctx context.Context, n *planner.Node, read set, members []string, s *Spread) (map[string]set, error) {
	held := map[string]set{}
	for port, out := range r.Results[n.Index].Outputs {
		if out.Table == nil {
			continue
		}
		found, err := find(ctx, out.Table, read)
		if err != nil {
			return nil, err
		}
		rows := set{}
		for id := range found {
			rows[id] = true
		}
		ok, err := r.parents(ctx, n, port, func(row spec.Digest, of []spec.Digest) {
			if slices.ContainsFunc(of, func(id spec.Digest) bool { return read[id] }) {
				rows[row] = true
			}
		})
		if err != nil {
			return nil, err
		}
		if !ok && r.unaccounted(n, port, members) {
			s.Unsure = append(s.Unsure, n)
			if err := eachID(ctx, out.Table, func(id spec.Digest, _ place) { rows[id] = true }); err != nil {
				return nil, err
			}
		}
		if len(rows) > 0 {
			held[port] = rows
			s.Stages = append(s.Stages, Holder{n, port, rows.sorted()})
		}
	}
	slices.SortStableFunc(s.Stages, func(a, b Holder) int {
		return cmp.Or(cmp.Compare(a.Node.Index, b.Node.Index), cmp.Compare(a.Port, b.Port))
	})
	return held, nil
}

// unaccounted reports whether an output has rows that the stage makes, and nobody can say of which of those that came by
// way of the members. Rows of a union and scores have the ids of the rows that they are, and so may others, of one member.
func (r *Run) unaccounted(n *planner.Node, port string, members []string) bool {
	k := r.kind(n)
	if k == nil {
		return false
	}
	return slices.ContainsFunc(k.Ports(n.Block.Config).Out, func(o spec.OutPort) bool {
		kept := o.RowsOf != "" && !slices.ContainsFunc(members, func(m string) bool { return m != o.RowsOf })
		return o.Name == port && o.From == "" && !kept && o.Artifact != spec.Scores && o.Artifact.IsRows()
	})
}

// arrived notes what else a stage made of rows that it read: a file, or a model.
func (r *Run) arrived(ctx context.Context, n *planner.Node, read set, ports []string, s *Spread) error {
	for _, out := range r.Results[n.Index].Outputs {
		if out.Artifact == spec.Model {
			s.Models = append(s.Models, Model{n, ports})
		}
	}
	if err := r.dropped(ctx, n, read, s); err != nil {
		return err
	}
	e := Export{Node: n}
	err := r.Written(ctx, n, func(record int64, id spec.Digest) bool {
		if read[id] {
			e.Records, e.Rows = append(e.Records, record), append(e.Rows, id)
		}
		return true
	})
	if len(e.Records) > 0 {
		s.Exports = append(s.Exports, e)
	}
	return err
}

// dropped notes the rows that a stage did not let go on.
func (r *Run) dropped(ctx context.Context, n *planner.Node, read set, s *Spread) error {
	ledger, err := executor.LoadLedger(ctx, r.Store, r.Results[n.Index])
	if err != nil || len(ledger) == 0 {
		return err
	}
	at, err := r.mapped(ctx, n, read)
	if err != nil {
		return err
	}
	rows := map[place]bool{}
	for _, p := range at {
		rows[p] = true
	}
	w := Went{Node: n}
	for _, l := range ledger {
		if !l.Kept && (read[l.ID] || l.ID.IsZero() && rows[place{l.Chunk, l.Row}]) {
			w.Ledger = append(w.Ledger, l)
		}
	}
	if w.Ledger != nil {
		s.Went = append(s.Went, w)
	}
	return nil
}
