package executor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/disk"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// Options are how a plan is run. They change no result.
type Options struct {
	Dir         string // the pipeline's folder
	Parallelism int    // 0: all cores
	Memory      int64  // bytes that stages may need together, by their estimates; 0: without bounds
	FailFast    bool
	Deep        bool // trust no stored result before all of its blobs are seen; see NewKnown
	Force       bool // exports may overwrite files that were edited by hand
	NoPlace     bool // exports are rendered, and put nowhere
	// Now is the clock of events and records.
	Now func() time.Time
	// Worker does the work of a stage elsewhere, and returns the entry that it came to: it is given the digest of an action
	// in the store, and whether what is stored of chunks is not to be used. Nil: the work is done here.
	Worker func(ctx context.Context, addr spec.Addr, action spec.Digest, fresh bool, log func(line string)) (entry []byte, err error)
	// Events is told what happens, from one goroutine at a time. It may be nil.
	Events func(Event)
	// Previous returns the key that an address had in the last run, if there was one.
	Previous func(spec.Addr) (base, inputs spec.Digest, ok bool)
}

// ErrInterrupted is the cause with which a caller cancels a run that should stop cleanly.
var ErrInterrupted = errors.New("interrupted")

// A run is one execution of one plan. Its loop alone changes nodes; goroutines only send it results.
type run struct {
	plan *planner.Plan
	*bench
	opts Options
	dir  string
	// pipeline is the pipeline's digest. It is worked out when the first export asks: that takes longer than planning does.
	pipeline func() spec.Digest

	events sync.Mutex // serialises opts.Events
	judge  *planner.Judge
	state  []NodeOutcome
	left   []int   // inputs and guards that are not finished, by node
	next   [][]int // who waits for a node
	done   chan NodeOutcome
	active int
	memory pool
	warned []string
}

// Run executes a plan. Failures of stages are in the outcome; an error is a failure of the executor itself.
func Run(ctx context.Context, plan *planner.Plan, kinds []*stage.Kind, s Store, opts Options) (*Outcome, error) {
	if opts.Parallelism <= 0 {
		opts.Parallelism = runtime.GOMAXPROCS(0)
	}
	x := &run{
		plan: plan, opts: opts, dir: opts.Dir, bench: newBench(kinds, s, opts.Parallelism, opts.Deep), state: make([]NodeOutcome, len(plan.Nodes)),
		left: make([]int, len(plan.Nodes)), next: make([][]int, len(plan.Nodes)), done: make(chan NodeOutcome),
		memory: pool{size: max(opts.Memory, 0)},
	}
	x.pipeline = sync.OnceValue(func() spec.Digest { return spec.HashBytes(spec.Canonical(plan.Pipeline)) })
	x.tell, x.note = x.emit, x.warn
	specs := map[string]*spec.KindSpec{}
	for _, k := range kinds {
		specs[k.Name] = &k.KindSpec
	}
	x.judge = planner.NewJudge(plan.Pipeline, specs, x.measured)
	within, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	told := make(chan struct{})
	forget := context.AfterFunc(ctx, func() {
		defer close(told)
		x.emit(Event{Type: "stopping"})
	})
	x.loop(within, cancel)
	out := &Outcome{Nodes: x.state, Warnings: x.warned}
	out.Interrupted = ctx.Err() != nil // FailFast ends only what is within
	for i := range plan.Verdicts {
		out.Verdicts = append(out.Verdicts, *x.judge.Verdict(i))
	}
	if plan.Options.Limit == 0 && !opts.NoPlace && !out.Interrupted {
		x.placeAll(ctx, out)
	}
	if !forget() {
		<-told // nobody is told of anything once Run has returned
	}
	return out, nil
}

// loop starts what is ready and takes in what is finished, until nothing is left.
func (x *run) loop(ctx context.Context, cancel context.CancelCauseFunc) {
	var ready []int
	for i, n := range x.plan.Nodes {
		x.state[i] = NodeOutcome{Node: n}
		waits := map[int]bool{}
		for _, in := range n.Inputs {
			waits[in.Node] = true
		}
		for _, a := range n.After {
			waits[a] = true
		}
		for w := range waits {
			x.next[w] = append(x.next[w], i)
		}
		if x.left[i] = len(waits); len(waits) == 0 {
			ready = append(ready, i)
		}
	}
	for len(ready) > 0 || x.active > 0 {
		for len(ready) > 0 {
			i := ready[0]
			ready = ready[1:]
			if x.start(ctx, i) {
				ready = append(ready, x.finish(i)...)
			}
		}
		if x.active == 0 {
			continue
		}
		o := <-x.done
		x.active--
		i := o.Node.Index
		x.state[i] = o
		if o.State == Failed && x.opts.FailFast {
			cancel(fmt.Errorf("%s failed", o.Node.Addr))
		}
		ready = append(ready, x.finish(i)...)
	}
}

// finish passes a node's end on and returns who is ready now.
func (x *run) finish(i int) (ready []int) {
	o := &x.state[i]
	e := Event{Type: "finish", Addr: o.Node.Addr, State: o.State, Reason: o.Reason, Elapsed: o.Elapsed}
	e.Lost = errors.Is(o.Err, cas.ErrNotFound)
	if o.Result != nil {
		e.Counts, e.Metrics = &o.Result.Counts, o.Result.Metrics
	}
	x.emit(e)
	for _, n := range x.next[i] {
		if x.left[n]--; x.left[n] == 0 {
			ready = append(ready, n)
		}
	}
	return ready
}

// start begins a node, and reports true when it came to an end at once.
func (x *run) start(ctx context.Context, i int) (ended bool) {
	n, o := x.plan.Nodes[i], &x.state[i]
	o.Started = x.opts.Now()
	if o.State, o.Reason = x.held(ctx, n); o.State != "" {
		return true
	}
	members, err := x.members(n)
	if err != nil {
		o.State, o.Err, o.Reason = Failed, err, disk.Advised(err).Error()
		return true
	}
	x.emit(Event{Type: "start", Addr: n.Addr})
	x.active++
	started := o.Started
	go func() { x.done <- x.execute(ctx, n, members, started) }()
	return false
}

// held says why a node does not run at all, if so. Skipped beats blocked.
func (x *run) held(ctx context.Context, n *planner.Node) (State, string) {
	if n.State == planner.Excluded {
		return Excluded, n.Reason
	}
	before := func(s State) (string, bool) {
		for _, in := range n.Inputs {
			if x.state[in.Node].State == s {
				return x.state[in.Node].Node.Addr.String(), true
			}
		}
		return "", false
	}
	for _, in := range n.Inputs {
		switch o := x.state[in.Node]; o.State {
		case Failed:
			return Skipped, o.Node.Addr.String() + " failed"
		case Skipped:
			return Skipped, o.Reason // which names the stage that really failed
		}
	}
	for _, g := range n.Guards {
		if v := x.judge.Verdict(g); v.Outcome == planner.Pending {
			return Skipped, fmt.Sprintf("%s could not be judged", v.Subject)
		}
	}
	if why, blocked := x.judge.Blocks(n.Guards); blocked {
		return Blocked, why
	}
	if addr, ok := before(Blocked); ok {
		return Blocked, addr + " is blocked"
	}
	if addr, ok := before(Excluded); ok {
		return Excluded, addr + " is left out"
	}
	if _, ok := before(Stopped); ok || ctx.Err() != nil {
		return Stopped, "the run was stopped"
	}
	return "", ""
}

func (x *run) members(n *planner.Node) ([]planner.Member, error) {
	var list []planner.Member
	for _, in := range n.Inputs {
		r := x.state[in.Node].Result
		if r == nil {
			return nil, fmt.Errorf("%s has no result", x.plan.Nodes[in.Node].Addr)
		}
		o, ok := r.Outputs[in.From]
		if !ok {
			return nil, fmt.Errorf("%s made no %s", x.plan.Nodes[in.Node].Addr, in.From)
		}
		list = append(list, planner.Member{Port: in.Port, Member: in.Member, Artifact: o})
	}
	return list, nil
}

// measured tells the judge what is known of a stage's metrics now.
func (x *run) measured(a spec.Addr) ([]spec.Metric, planner.Outcome) {
	n, ok := x.plan.Node(a)
	if !ok {
		return nil, planner.Pending
	}
	switch o := x.state[n.Index]; {
	case o.Result != nil:
		return o.Result.Metrics, planner.Pass
	case o.State == Blocked:
		return nil, planner.NotEvaluated
	}
	return nil, planner.Pending
}

// portsOf returns a node's ports; a union's are those of what its members carry.
func (b *bench) portsOf(n *planner.Node, members []planner.Member) spec.Ports {
	var artifact spec.Artifact
	if len(members) > 0 {
		artifact = members[0].Artifact.(Output).Artifact
	}
	return planner.PortsOf(n, artifact, func(kind string) *spec.KindSpec { return &b.kinds[kind].KindSpec })
}

func (x *run) emit(e Event) {
	if x.opts.Events == nil {
		return
	}
	x.events.Lock()
	defer x.events.Unlock()
	e.Time = x.opts.Now()
	x.opts.Events(e)
}
