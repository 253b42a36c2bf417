package lineage_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/lineage"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// The kinds make rows that are called by numbers: give makes them, join makes one of each two, and can say so, stir makes
// as many and cannot.
var kinds = []*stage.Kind{
	{KindSpec: kindSpec("give"), Runner: runner(func(_ context.Context, t *stage.Task) error { return t.Emit("rows", numbered(0, 10)) })},
	{KindSpec: kindSpec("join", "rows"), Runner: runner(func(_ context.Context, t *stage.Task) error { return t.Emit("rows", numbered(100, 5)) }), Account: stage.Account{
		Parents: func(_ context.Context, _ *stage.Task, _ *stage.Table, tell func(spec.Digest, []spec.Digest)) error {
			for i := range 5 {
				tell(id(100+i), []spec.Digest{id(2 * i), id(2*i + 1)})
			}
			return nil
		},
		Why: func(_ context.Context, _ *stage.Task, r stage.Passed) (string, error) {
			return fmt.Sprint(len(r.Of), " joined"), nil
		},
	}},
	{KindSpec: kindSpec("stir", "rows"), Runner: runner(func(_ context.Context, t *stage.Task) error { return t.Emit("rows", numbered(200, 3)) })},
}

func kindSpec(name string, in ...string) spec.KindSpec {
	p := spec.Ports{Out: []spec.OutPort{{Name: "rows", Artifact: spec.Pairs}}}
	for _, port := range in {
		p.In = append(p.In, spec.InPort{Name: port, Artifact: spec.Pairs, Shape: spec.One, Columns: []string{spec.ID}})
	}
	return spec.KindSpec{Name: name, Version: 1, Determinism: "bitwise", Ports: func(spec.Config) spec.Ports { return p }}
}

type runner func(context.Context, *stage.Task) error

func (r runner) Run(ctx context.Context, t *stage.Task) error { return r(ctx, t) }

func id(n int) spec.Digest { return spec.HashBytes(fmt.Append(nil, "row ", n)) }

func numbered(first, n int) dataset.Chunk {
	ids := make([]spec.Digest, n)
	for i := range ids {
		ids[i] = id(first + i)
	}
	return dataset.Chunk{Rows: n, Columns: []dataset.Column{dataset.IDColumn(ids)}}
}

func addr(kind string) spec.Addr { return spec.Addr{Kind: kind, Name: "a"} }

// run makes give, join of it and stir of that, and lays the results as the run's keys tell.
func run(t *testing.T) *lineage.Run {
	t.Helper()
	s, err := cas.Open(t.TempDir(), cas.Options{})
	if err != nil {
		t.Fatal(err)
	}
	from := func(kind string) []spec.Input {
		return []spec.Input{{Port: "rows", Refs: []spec.Ref{{Addr: addr(kind), Port: "rows"}}}}
	}
	none := spec.Canonical(map[string]any{})
	p := &spec.Pipeline{Blocks: []spec.Block{
		{Addr: addr("give"), Config: none}, {Addr: addr("join"), Config: none, Inputs: from("give")}, {Addr: addr("stir"), Config: none, Inputs: from("join")},
	}}
	var specs []*spec.KindSpec
	for _, k := range kinds {
		specs = append(specs, &k.KindSpec)
	}
	plan, err := planner.Make(p, specs, planner.Facts{Arch: "test/1"}, executor.NewKnown(s, nil, false), planner.Options{}, "test")
	if err != nil {
		t.Fatal(err)
	}
	out, err := executor.Run(t.Context(), plan, kinds, s, executor.Options{Dir: t.TempDir(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	results, err := executor.Replay(t.Context(), s, plan, kinds, func(a spec.Addr) (base, inputs spec.Digest, ok bool) {
		for _, o := range out.Nodes {
			if o.Node.Addr == a {
				return o.Node.BaseDigest, o.Key.InputsDigest, true
			}
		}
		return base, inputs, false
	})
	if err != nil || slices.Contains(results, nil) {
		t.Fatal(results, err)
	}
	return &lineage.Run{Plan: plan, Results: results, Kinds: kinds, Store: s}
}

func node(r *lineage.Run, kind string) *planner.Node {
	n, _ := r.Plan.Node(addr(kind))
	return n
}

// Where a kind cannot say what its rows are made of, all of them are taken to hold the row.
func TestForward(t *testing.T) {
	r := run(t)
	s, err := r.Forward(t.Context(), node(r, "give"), id(5))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Stages) != 2 || !slices.Equal(s.Stages[0].Rows, []spec.Digest{id(102)}) || len(s.Stages[1].Rows) != 3 {
		t.Errorf("got %+v", s.Stages)
	}
	if len(s.Unsure) != 1 || s.Unsure[0] != node(r, "stir") {
		t.Errorf("unsure are %v", s.Unsure)
	}
}

// Back goes from a made row to its parents, and ends where nobody knows them.
func TestBack(t *testing.T) {
	r := run(t)
	steps, err := r.Back(t.Context(), node(r, "stir"), id(102))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range steps {
		for _, row := range s.Rows {
			got = append(got, fmt.Sprint(s.Node.Addr, " ", row.ID.Short(), " ", row.Why))
		}
	}
	slices.Sort(got[:len(got)-2])
	want := []string{
		"give.a " + id(4).Short() + " ", "give.a " + id(5).Short() + " ",
		"join.a " + id(102).Short() + " 2 joined", "stir.a " + id(102).Short() + " ",
	}
	slices.Sort(want[:2])
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A stage that read something else then than the plan says now is left out, and what is behind it.
func TestReplayOtherInputs(t *testing.T) {
	r := run(t)
	nothing, err := planner.NodeKey(spec.Ports{}, nil, nil) // the inputs half of a stage without inputs
	if err != nil {
		t.Fatal(err)
	}
	results, err := executor.Replay(t.Context(), r.Store, r.Plan, kinds, func(a spec.Addr) (base, inputs spec.Digest, ok bool) {
		n, ok := r.Plan.Node(a)
		return n.BaseDigest, nothing.InputsDigest, ok
	})
	if err != nil || results[node(r, "give").Index] == nil || results[node(r, "join").Index] != nil || results[node(r, "stir").Index] != nil {
		t.Errorf("got %v, %v", results, err)
	}
}
