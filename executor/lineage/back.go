package lineage

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A Step is one stage on the way of a row, and the rows there that lead to it.
type Step struct {
	Node  *planner.Node
	Other bool // its settings were others in that run
	Rows  []Row
}

// A Row is a row as it left a stage.
type Row struct {
	ID    spec.Digest
	Port  string
	Why   string        // in the kind's words
	Of    []spec.Digest // the rows that it was made of here
	Added []Value
	Noted executor.Ledger // what the ledger says of it
	Named executor.Ledger // lines on other rows, which name it
}

// A Value is what a stage wrote into a column of a row.
type Value struct {
	Column string
	JSON   json.RawMessage
}

// Back returns the stages through which a row that a stage read came there, in the order of the plan, that stage last.
func (r *Run) Back(ctx context.Context, at *planner.Node, id spec.Digest) ([]Step, error) {
	wanted := make([]map[string]set, len(r.Plan.Nodes)) // by node and output
	wanted[at.Index] = map[string]set{"": {id: true}}
	var steps []Step
	for i := at.Index; i >= 0; i-- {
		if wanted[i] == nil {
			continue
		}
		n := r.Plan.Nodes[i]
		step, read, err := r.step(ctx, n, wanted[i])
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
		for _, in := range n.Inputs {
			found, err := find(ctx, r.input(in), read)
			if err != nil {
				return nil, err
			}
			for id := range found {
				if wanted[in.Node] == nil {
					wanted[in.Node] = map[string]set{}
				}
				if wanted[in.Node][in.From] == nil {
					wanted[in.Node][in.From] = set{}
				}
				wanted[in.Node][in.From][id] = true
			}
		}
	}
	slices.Reverse(steps)
	return steps, nil
}

// step says what a stage did with rows of its outputs, and returns the rows to look for in its inputs.
func (r *Run) step(ctx context.Context, n *planner.Node, wanted map[string]set) (Step, set, error) {
	s, read := Step{Node: n, Other: r.Other != nil && r.Other(n)}, set{}
	ledger, err := executor.LoadLedger(ctx, r.Store, r.Results[n.Index])
	if err != nil {
		return s, nil, err
	}
	for port, ids := range wanted {
		of := map[spec.Digest][]spec.Digest{}
		if _, err := r.parents(ctx, n, port, func(row spec.Digest, parents []spec.Digest) {
			if ids[row] {
				of[row] = parents
			}
		}); err != nil {
			return s, nil, err
		}
		for _, id := range ids.sorted() {
			s.Rows = append(s.Rows, Row{ID: id, Port: port, Of: of[id]})
			read[id] = true
			for _, parent := range of[id] {
				read[parent] = true
			}
		}
		if err := r.added(ctx, n, port, s.Rows[len(s.Rows)-len(ids):]); err != nil {
			return s, nil, err
		}
	}
	slices.SortStableFunc(s.Rows, func(a, b Row) int { return cmp.Compare(a.Port, b.Port) })
	if err := r.mentions(ctx, n, ledger, s.Rows, read); err != nil {
		return s, nil, err
	}
	return s, read, r.why(ctx, s)
}

// added reads what a stage wrote into columns of rows: those that it adds, and the numbers of rows that it made.
func (r *Run) added(ctx context.Context, n *planner.Node, port string, rows []Row) error {
	k, t := r.kind(n), r.Results[n.Index].Outputs[port].Table
	if k == nil || t == nil || k.Sources != nil {
		return nil
	}
	var names []string
	for _, out := range k.Ports(n.Block.Config).Out {
		switch {
		case out.Name != port:
		case out.From != "":
			names = columnsOf(out.Adds)
		default:
			names = columnsOf(slices.DeleteFunc(slices.Clone(out.Artifact.Columns()), func(c spec.Column) bool {
				return c.Type != spec.Int64 && c.Type != spec.Float64 && c.Type != spec.Bool
			}))
		}
	}
	if len(names) == 0 {
		return nil
	}
	ids := set{}
	for _, row := range rows {
		ids[row.ID] = true
	}
	at, err := find(ctx, t, ids)
	if err != nil {
		return err
	}
	for i := range rows {
		p, ok := at[rows[i].ID]
		if !ok {
			continue
		}
		c, err := t.Load(ctx, p.chunk, names)
		if err != nil {
			return err
		}
		var values map[string]json.RawMessage
		if err := json.Unmarshal(c.RowJSON(names...).Append(nil, p.row), &values); err != nil {
			return err
		}
		for _, name := range names {
			if v := values[name]; v != nil {
				rows[i].Added = append(rows[i].Added, Value{name, v})
			}
		}
	}
	return nil
}

func columnsOf(list []spec.Column) (names []string) {
	for _, c := range list {
		names = append(names, c.Name)
	}
	return names
}

// mapped returns where rows stand in the table that the lines of a stage's ledger number.
func (r *Run) mapped(ctx context.Context, n *planner.Node, rows set) (map[spec.Digest]place, error) {
	k := r.kind(n)
	if k == nil {
		return nil, nil
	}
	for _, port := range k.Ports(n.Block.Config).In {
		for _, in := range n.Inputs {
			if port.Mapped && in.Port == port.Name {
				return find(ctx, r.input(in), rows)
			}
		}
	}
	return nil, nil
}

// mentions finds the lines of a stage's ledger that are about rows, or name them.
func (r *Run) mentions(ctx context.Context, n *planner.Node, ledger executor.Ledger, rows []Row, read set) error {
	if len(ledger) == 0 {
		return nil
	}
	at, err := r.mapped(ctx, n, read)
	if err != nil {
		return err
	}
	for i := range rows {
		own, there := at[rows[i].ID]
		for _, l := range ledger {
			switch {
			case l.Kept && (l.ID == rows[i].ID || there && l.ID.IsZero() && l.Chunk == own.chunk && l.Row == own.row):
				rows[i].Noted = append(rows[i].Noted, l)
			case strings.Contains(l.Detail, rows[i].ID.Short()):
				rows[i].Named = append(rows[i].Named, l)
			}
		}
	}
	return nil
}

// why asks the kind.
func (r *Run) why(ctx context.Context, s Step) error {
	k := r.kind(s.Node)
	if k == nil || k.Account.Why == nil || s.Other {
		return nil
	}
	t, err := r.task(ctx, s.Node)
	if err != nil {
		return err
	}
	for i := range s.Rows {
		row := &s.Rows[i]
		passed := stage.Passed{ID: row.ID, Port: row.Port, Of: row.Of, Noted: entries(row.Noted), Named: entries(row.Named)}
		if row.Why, err = k.Account.Why(ctx, t, passed); err != nil {
			return err
		}
	}
	return nil
}

func entries(l executor.Ledger) (list []stage.Entry) {
	for _, line := range l {
		list = append(list, line.Entry)
	}
	return list
}
