// Package lineage follows single rows through what a run made: back from an export to the records that a row was read
// from, and forward from a record to all that holds it. It reads stored results and asks the kinds to account for rows;
// it runs nothing, and knows neither files nor lines.
package lineage

import (
	"bytes"
	"context"
	"slices"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A Run is what a run made, as far as the store has it.
type Run struct {
	Plan    *planner.Plan
	Results executor.Results
	Kinds   []*stage.Kind
	Store   executor.Store
	// Other reports whether a stage's settings were others then, so that its kind cannot say why it did what it did. Nil
	// means that none were.
	Other func(*planner.Node) bool
}

// A set is some rows, by their ids.
type set map[spec.Digest]bool

func (s set) sorted() []spec.Digest {
	list := make([]spec.Digest, 0, len(s))
	for id := range s {
		list = append(list, id)
	}
	slices.SortFunc(list, func(a, b spec.Digest) int { return bytes.Compare(a[:], b[:]) })
	return list
}

// A place is where a row stands in a table.
type place struct{ chunk, row int }

// eachID tells the ids of a table's rows and where they stand.
func eachID(ctx context.Context, t *executor.Table, tell func(spec.Digest, place)) error {
	for c := range t.Chunks() {
		chunk, err := t.Load(ctx, c, []string{spec.ID})
		if err != nil {
			return err
		}
		ids := chunk.IDs()
		for r := range chunk.Rows {
			tell(ids.Digest(r), place{c, r})
		}
	}
	return nil
}

// find returns where those of the rows stand that a table has.
func find(ctx context.Context, t *executor.Table, rows set) (map[spec.Digest]place, error) {
	found := map[spec.Digest]place{}
	if t == nil || len(rows) == 0 {
		return found, nil
	}
	return found, eachID(ctx, t, func(id spec.Digest, at place) {
		if rows[id] {
			found[id] = at
		}
	})
}

func (r *Run) kind(n *planner.Node) *stage.Kind {
	for _, k := range r.Kinds {
		if k.Name == n.Kind {
			return k
		}
	}
	return nil // a union
}

// input returns the table that an input of a node is, or nil.
func (r *Run) input(in planner.Input) *executor.Table {
	if from := r.Results[in.Node]; from != nil {
		return from.Outputs[in.From].Table
	}
	return nil
}

func (r *Run) task(ctx context.Context, n *planner.Node) (*stage.Task, error) {
	return r.Results.Task(ctx, r.Store, r.Plan, n, r.Kinds)
}

// parents tells of which rows those of an output are made. ok is false where the kind cannot say.
func (r *Run) parents(ctx context.Context, n *planner.Node, port string, tell func(row spec.Digest, of []spec.Digest)) (ok bool, err error) {
	k, out := r.kind(n), r.Results[n.Index].Outputs[port]
	if k == nil || k.Account.Parents == nil || out.Table == nil {
		return false, nil
	}
	t, err := r.task(ctx, n)
	if err != nil {
		return false, err
	}
	return true, k.Account.Parents(ctx, t, out.Table.View(ctx, out.Table.Names(out.Artifact)), tell)
}

// Written calls each with the ids of the rows of an export's file, in its order, until it returns false.
func (r *Run) Written(ctx context.Context, n *planner.Node, each func(record int64, id spec.Digest) bool) error {
	k := r.kind(n)
	if k == nil || k.Account.Written == nil {
		return nil
	}
	t, err := r.task(ctx, n)
	if err != nil {
		return err
	}
	record := int64(0)
	for c, err := range k.Account.Written(ctx, t) {
		if err != nil {
			return err
		}
		ids := c.IDs()
		for row := range c.Rows {
			record++
			if !each(record, ids.Digest(row)) {
				return nil
			}
		}
	}
	return nil
}
