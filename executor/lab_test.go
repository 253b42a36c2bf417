package executor_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A lab is a set of small kinds, and counts what they do.
//
//	give   makes rows: config {"chunks": [[1, 2], [3]]}
//	even   a Mapper that drops odd rows
//	sum    a Runner that measures the total of its rows, in no order, and writes it to a file
//	put    places that file
type lab struct {
	t      *testing.T
	store  executor.Store
	dir    string
	maps   atomic.Int64 // chunks mapped by even
	sums   atomic.Int64 // runs of sum
	puts   atomic.Int64
	jitter atomic.Int64 // added to what sum gives, as a kind that is not deterministic would
	hold   chan struct{}

	pause time.Duration // of those who occupy memory

	mu     sync.Mutex
	busy   int
	used   int64 // memory
	most   int64 // of it, by several at once
	events []executor.Event
	last   map[spec.Addr]*planner.Key
	bases  map[spec.Addr]spec.Digest
}

func newLab(t *testing.T) *lab {
	return &lab{t: t, store: cas.NewMem(), dir: t.TempDir(), last: map[spec.Addr]*planner.Key{}, bases: map[spec.Addr]spec.Digest{}}
}

type labConfig struct {
	Chunks [][]int64
	Mode   string
	Path   string
	Salt   string
	Needs  int64 // of memory
}

// needs is the estimate of every kind of the lab.
func needs(load stage.Load) int64 {
	var c labConfig
	if err := load.Config.Decode(&c); err != nil {
		panic(err)
	}
	return c.Needs
}

// occupy works for a while with as much memory as the stage declares, and notes how much is in use by several at once.
func (l *lab) occupy(needs int64) {
	if needs == 0 {
		return
	}
	add := func(n int, bytes int64) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.busy, l.used = l.busy+n, l.used+bytes; l.busy > 1 {
			l.most = max(l.most, l.used)
		}
	}
	add(1, needs)
	time.Sleep(l.pause)
	add(-1, -needs)
}

func configOf(t *stage.Task) (c labConfig) {
	if err := t.Config(&c); err != nil {
		panic(err)
	}
	return c
}

// misbehave does what the config says that a kind does wrong.
func (l *lab) misbehave(ctx context.Context, mode string) error {
	switch mode {
	case "panic":
		panic("a bug")
	case "fail":
		return errors.New("it cannot be done")
	case "wait":
		l.hold <- struct{}{} // tells that it runs
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return nil
}

func (l *lab) kinds() []*stage.Kind {
	rows := spec.InPort{Name: "rows", Artifact: spec.Scores, Columns: []string{"fold"}}
	mapped, byID := rows, rows
	mapped.Mapped = true
	byID.Columns = []string{spec.ID, "fold"}
	ports := func(p spec.Ports) func(spec.Config) spec.Ports { return func(spec.Config) spec.Ports { return p } }
	all := []*stage.Kind{
		{KindSpec: spec.KindSpec{
			Name: "give", Version: 1, Determinism: "bitwise",
			Ports: ports(spec.Ports{Out: []spec.OutPort{{Name: "rows", Artifact: spec.Scores}}}),
		}, Runner: runner(l.give)},
		{KindSpec: spec.KindSpec{
			Name: "even", Version: 1, Determinism: "bitwise",
			Ports: ports(spec.Ports{In: []spec.InPort{mapped}, Out: []spec.OutPort{{Name: "rows", Artifact: spec.Scores, From: "rows"}}}),
		}, Mapper: even{l}},
		{KindSpec: spec.KindSpec{
			Name: "sum", Version: 1, Determinism: "bitwise",
			Ports: ports(spec.Ports{
				In: []spec.InPort{byID}, Out: []spec.OutPort{{Name: "files", Artifact: spec.Model}},
				Metrics: []spec.MetricDef{{Name: "total", Unit: "rows"}},
			}),
		}, Runner: runner(l.sum)},
		{KindSpec: spec.KindSpec{
			Name: "put", Version: 1, Determinism: "bitwise", Places: true,
			Ports: ports(spec.Ports{
				In:  []spec.InPort{{Name: "files", Artifact: spec.Model}},
				Out: []spec.OutPort{{Name: "files", Artifact: spec.Report}},
			}),
		}, Runner: runner(l.put)},
	}
	for _, k := range all {
		k.Memory = needs
	}
	return all
}

type runner func(context.Context, *stage.Task) error

func (r runner) Run(ctx context.Context, t *stage.Task) error { return r(ctx, t) }

func (l *lab) give(ctx context.Context, t *stage.Task) error {
	c := configOf(t)
	l.occupy(c.Needs)
	for _, values := range c.Chunks {
		var ids []spec.Digest
		b := dataset.NewBuilder(spec.Int64)
		for _, v := range values {
			ids = append(ids, spec.HashBytes(fmt.Append(nil, v)))
			b.AppendInt(v)
		}
		chunk := dataset.Chunk{Rows: len(values), Columns: []dataset.Column{dataset.IDColumn(ids), b.Finish("fold")}}
		if err := t.Emit("rows", chunk); err != nil {
			return err
		}
	}
	return l.misbehave(ctx, c.Mode)
}

type even struct{ l *lab }

func (e even) Prepare(context.Context, *stage.Task) (stage.State, error) { return nil, nil }

func (e even) MapChunk(ctx context.Context, t *stage.Task, _ stage.State, in stage.Chunk) (*stage.Delta, error) {
	e.l.maps.Add(1)
	c := configOf(t)
	mode := c.Mode
	e.l.occupy(c.Needs)
	if err := e.l.misbehave(ctx, mode); err != nil {
		return nil, err
	}
	col, _ := in.Column("fold")
	values := col.Ints()
	d := &stage.Delta{}
	keep := dataset.Select(in.Rows, func(r int) bool {
		if values.At(r)%2 == 0 {
			return true
		}
		if mode != "lose" {
			d.Ledger = append(d.Ledger, stage.Entry{Row: r, Reason: "odd"})
		}
		return false
	})
	port := "rows"
	switch mode {
	case "undeclared":
		port = "columns"
	case "misfit":
		keep = dataset.All(in.Rows + 1)
	}
	d.Out = map[string]*stage.PortDelta{port: {Keep: keep}}
	return d, nil
}

func (e even) Finish(context.Context, *stage.Task, *stage.Mapped) error { return nil }

func (l *lab) sum(ctx context.Context, t *stage.Task) error {
	l.sums.Add(1)
	l.occupy(configOf(t).Needs)
	if err := l.misbehave(ctx, configOf(t).Mode); err != nil {
		return err
	}
	total := l.jitter.Load()
	for c, err := range t.Table("rows").ByID(ctx) {
		if err != nil {
			return err
		}
		values := c.Ints("fold")
		for r := range c.Rows {
			total += values.At(r)
		}
	}
	t.Metric(spec.Value("total", float64(total), 1))
	return t.PutFile("files", "", fmt.Appendln(nil, total))
}

func (l *lab) put(_ context.Context, t *stage.Task) error {
	l.puts.Add(1)
	for _, f := range t.Files("files") {
		if err := t.PutFile("files", f.Name, f.Content); err != nil {
			return err
		}
	}
	return t.PutFile("files", ".card.md", []byte("a card\n"))
}

// block writes a stage: its config, and where its one input comes from.
func block(addr string, config labConfig, from string) spec.Block {
	a, err := spec.ParseAddr(addr)
	if err != nil {
		panic(err)
	}
	keyed := config
	keyed.Path = ""
	b := spec.Block{Addr: a, Config: spec.Canonical(keyed), Unkeyed: spec.Canonical(map[string]string{"Path": config.Path})}
	if from == "" {
		return b
	}
	ref := func(from string) spec.Ref {
		f, err := spec.ParseAddr(from)
		if err != nil {
			panic(err)
		}
		port := "rows"
		if f.Kind == "sum" {
			port = "files"
		}
		return spec.Ref{Addr: f, Port: port}
	}
	in := spec.Input{Port: "rows", Refs: []spec.Ref{ref(from)}}
	if a.Kind == "put" {
		in.Port = "files"
	}
	b.Inputs = []spec.Input{in}
	return b
}

func pipeline(blocks ...spec.Block) *spec.Pipeline { return &spec.Pipeline{Blocks: blocks} }

// chain is give, even, sum and put, one after the other.
func chain(chunks ...[]int64) *spec.Pipeline {
	return pipeline(block("give.a", labConfig{Chunks: chunks}, ""), block("even.a", labConfig{}, "give.a"),
		block("sum.a", labConfig{}, "even.a"), block("put.a", labConfig{Path: "out/total.txt"}, "sum.a"))
}

func (l *lab) plan(p *spec.Pipeline, opts planner.Options) *planner.Plan {
	l.t.Helper()
	var specs []*spec.KindSpec
	for _, k := range l.kinds() {
		specs = append(specs, &k.KindSpec)
	}
	plan, err := planner.Make(p, specs, planner.Facts{Arch: "test/1"}, executor.NewKnown(l.store, nil, false), opts, "test")
	if err != nil {
		l.t.Fatal(err)
	}
	return plan
}

// run plans and runs, and remembers what the next run asks of this one.
func (l *lab) run(ctx context.Context, p *spec.Pipeline, set func(*executor.Options, *planner.Options)) *executor.Outcome {
	l.t.Helper()
	var narrow planner.Options
	var over atomic.Bool
	opts := executor.Options{
		Dir: l.dir, Now: clock,
		Events: func(e executor.Event) {
			if over.Load() {
				l.t.Errorf("told of %q when the run had returned", e.Type)
			}
			l.events = append(l.events, e)
		},
		Previous: func(a spec.Addr) (base, inputs spec.Digest, ok bool) {
			l.mu.Lock()
			defer l.mu.Unlock()
			if k := l.last[a]; k != nil {
				return l.bases[a], k.InputsDigest, true
			}
			return base, inputs, false
		},
	}
	if set != nil {
		set(&opts, &narrow)
	}
	out, err := executor.Run(ctx, l.plan(p, narrow), l.kinds(), l.store, opts)
	over.Store(true)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, n := range out.Nodes {
		if n.Key != nil {
			l.last[n.Node.Addr], l.bases[n.Node.Addr] = n.Key, n.Node.BaseDigest
		}
	}
	return out
}

func (l *lab) apply(p *spec.Pipeline) *executor.Outcome {
	l.t.Helper()
	return l.run(l.t.Context(), p, nil)
}

func outcome(t *testing.T, out *executor.Outcome, addr string) executor.NodeOutcome {
	t.Helper()
	for _, n := range out.Nodes {
		if n.Node.Addr.String() == addr {
			return n
		}
	}
	t.Fatalf("there is no %s", addr)
	return executor.NodeOutcome{}
}

func clock() time.Time { return time.Unix(0, 0) }

// states checks what stages came to, by address.
func states(t *testing.T, out *executor.Outcome, want map[string]executor.State) {
	t.Helper()
	for addr, s := range want {
		if n := outcome(t, out, addr); n.State != s {
			t.Errorf("%s is %s (%s), want %s", addr, n.State, n.Reason, s)
		}
	}
}
