package gc_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/gc"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// The kinds of the pipeline that is applied while garbage is collected: give makes chunks of rows, even keeps some of
// them chunk by chunk, and total reads what is left and writes a file.
var kinds = []*stage.Kind{
	{KindSpec: spec.KindSpec{Name: "give", Version: 1, Determinism: "bitwise", Ports: fixed(spec.Ports{
		Out: []spec.OutPort{{Name: "rows", Artifact: spec.Scores}},
	})}, Runner: runner(give)},
	{KindSpec: spec.KindSpec{Name: "even", Version: 1, Determinism: "bitwise", Ports: fixed(spec.Ports{
		In:  []spec.InPort{{Name: "rows", Artifact: spec.Scores, Mapped: true, Columns: []string{"fold"}}},
		Out: []spec.OutPort{{Name: "rows", Artifact: spec.Scores, From: "rows"}},
	})}, Mapper: even{}},
	{KindSpec: spec.KindSpec{Name: "total", Version: 1, Determinism: "bitwise", Ports: fixed(spec.Ports{
		In:  []spec.InPort{{Name: "rows", Artifact: spec.Scores, Columns: []string{spec.ID, "fold"}}},
		Out: []spec.OutPort{{Name: "files", Artifact: spec.Model}},
	})}, Runner: runner(total)},
}

func fixed(p spec.Ports) func(spec.Config) spec.Ports {
	return func(spec.Config) spec.Ports { return p }
}

type runner func(context.Context, *stage.Task) error

func (r runner) Run(ctx context.Context, t *stage.Task) error { return r(ctx, t) }

type config struct{ First, Chunks int64 }

func give(_ context.Context, t *stage.Task) error {
	var c config
	if err := t.Config(&c); err != nil {
		return err
	}
	for chunk := range c.Chunks {
		var ids []spec.Digest
		b := dataset.NewBuilder(spec.Int64)
		for row := range int64(50) {
			value := c.First + 50*chunk + row
			ids = append(ids, spec.HashBytes(fmt.Append(nil, value)))
			b.AppendInt(value)
		}
		rows := dataset.Chunk{Rows: len(ids), Columns: []dataset.Column{dataset.IDColumn(ids), b.Finish("fold")}}
		if err := t.Emit("rows", rows); err != nil {
			return err
		}
	}
	return nil
}

type even struct{}

func (even) Prepare(context.Context, *stage.Task) (stage.State, error) { return nil, nil }
func (even) Finish(context.Context, *stage.Task, *stage.Mapped) error  { return nil }
func (even) MapChunk(_ context.Context, _ *stage.Task, _ stage.State, in stage.Chunk) (*stage.Delta, error) {
	values := in.Ints("fold")
	d := &stage.Delta{}
	keep := dataset.Select(in.Rows, func(r int) bool {
		odd := values.At(r)%2 != 0
		if odd {
			d.Ledger = append(d.Ledger, stage.Entry{Row: r, Reason: "odd"})
		}
		return !odd
	})
	d.Out = map[string]*stage.PortDelta{"rows": {Keep: keep}}
	return d, nil
}

func total(ctx context.Context, t *stage.Task) error {
	var sum int64
	for c, err := range t.Table("rows").ByID(ctx) {
		if err != nil {
			return err
		}
		values := c.Ints("fold")
		for r := range c.Rows {
			sum += values.At(r)
		}
	}
	return t.PutFile("files", "", fmt.Append(nil, sum))
}

func addr(kind string) spec.Addr { return spec.Addr{Kind: kind, Name: "a"} }

// pipeline gives the numbers from first on.
func pipeline(first int64) *spec.Pipeline {
	from := func(kind string) []spec.Input {
		return []spec.Input{{Port: "rows", Refs: []spec.Ref{{Addr: addr(kind), Port: "rows"}}}}
	}
	return &spec.Pipeline{Blocks: []spec.Block{
		{Addr: addr("give"), Config: spec.Canonical(map[string]any{"first": first, "chunks": 6})},
		{Addr: addr("even"), Config: spec.Canonical(map[string]any{}), Inputs: from("give")},
		{Addr: addr("total"), Config: spec.Canonical(map[string]any{}), Inputs: from("even")},
	}}
}

// apply plans and runs as a process would: with a lease of its own.
func apply(ctx context.Context, dir string, first int64) (string, *executor.Outcome, error) {
	s, err := cas.Open(dir, cas.Options{})
	if err != nil {
		return "", nil, err
	}
	defer s.Close()
	var specs []*spec.KindSpec
	for _, k := range kinds {
		specs = append(specs, &k.KindSpec)
	}
	plan, err := planner.Make(pipeline(first), specs, planner.Facts{Arch: "test/1"}, executor.NewKnown(s, nil, false), planner.Options{}, "test")
	if err != nil {
		return "", nil, err
	}
	out, err := executor.Run(ctx, plan, kinds, s, executor.Options{Now: time.Now})
	if err != nil {
		return "", nil, err
	}
	for _, n := range out.Nodes {
		if n.Err != nil {
			return "", nil, fmt.Errorf("%s: %w", n.Node.Addr, n.Err)
		}
	}
	files := out.Nodes[2].Result.Outputs["files"].Files
	b, err := s.Get(ctx, files[0].Digest)
	return string(b), out, err
}

// While several apply, garbage is collected with no limit at all, over and over. Nobody fails, and every result is right.
func TestApplyWhileCollecting(t *testing.T) {
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	var removed, collections, applied, cached atomic.Int64
	var collecting, applying sync.WaitGroup
	// On a busy machine 40 rounds can pass within one collection: then the test goes on until it shows something.
	idle := func() bool { return removed.Load() == 0 || cached.Load() == 0 }
	collecting.Go(func() {
		s, err := cas.Open(dir, cas.Options{Report: func(d cas.Damage) { t.Errorf("damage: %+v", d) }})
		if err != nil {
			t.Error(err)
			return
		}
		defer s.Close()
		for ctx.Err() == nil {
			r, err := gc.Collect(ctx, s, gc.Limits{}, time.Now())
			if err != nil {
				if ctx.Err() == nil {
					t.Error(err)
				}
				return
			}
			removed.Add(int64(r.Entries))
			collections.Add(1)
		}
	})
	for worker := range int64(4) {
		applying.Go(func() {
			for round := int64(0); round < 40 || idle() && t.Context().Err() == nil && !t.Failed(); round++ {
				if round >= 40 {
					time.Sleep(10 * time.Millisecond) // the collector gets a turn
				}
				first := (worker*5 + round/2) % 20 * 25 // each twice, and again after a while; they share rows
				got, out, err := apply(ctx, dir, first)
				if want := fmt.Sprint(sum(first)); err != nil || got != want {
					t.Errorf("worker %d, round %d: got %s, want %s, %v", worker, round, got, want, err)
					return
				}
				applied.Add(1)
				cached.Add(int64(out.Count(executor.Cached)))
			}
		})
	}
	applying.Wait()
	stop()
	collecting.Wait()
	t.Logf("%d runs, %d stages cached, %d collections, %d entries removed", applied.Load(), cached.Load(), collections.Load(), removed.Load())
	if idle() {
		t.Error("nothing was removed, or nothing was found: this shows nothing")
	}
}

// sum is what total must come to.
func sum(first int64) (n int64) {
	for v := first; v < first+300; v++ {
		if v%2 == 0 {
			n += v
		}
	}
	return n
}
