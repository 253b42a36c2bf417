package executor_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

type want = map[string]executor.State

func TestASecondRunDoesNothing(t *testing.T) {
	l := newLab(t)
	states(t, l.apply(chain([]int64{1, 2}, []int64{4})), want{"give.a": "ran", "even.a": "ran", "sum.a": "ran", "put.a": "ran"})
	states(t, l.apply(chain([]int64{1, 2}, []int64{4})), want{"give.a": "cached", "even.a": "cached", "sum.a": "cached", "put.a": "cached"})
	if l.maps.Load() != 2 || l.sums.Load() != 1 {
		t.Errorf("%d chunks were mapped and %d sums made, want 2 and 1", l.maps.Load(), l.sums.Load())
	}
}

func TestAnEditMapsOneChunk(t *testing.T) {
	l := newLab(t)
	l.apply(chain([]int64{1, 2}, []int64{4, 6}, []int64{8}))
	l.maps.Store(0)
	out := l.apply(chain([]int64{1, 2}, []int64{4, 10}, []int64{8}))
	if l.maps.Load() != 1 {
		t.Errorf("%d chunks were mapped, want 1", l.maps.Load())
	}
	if m := outcome(t, out, "sum.a").Result.Metrics[0]; *m.Value != 24 {
		t.Errorf("the sum is %v, want 24", *m.Value)
	}
}

// What a stage upstream drops anyway stops the wave there.
func TestEqualBytesStopTheWave(t *testing.T) {
	l := newLab(t)
	l.apply(chain([]int64{1, 2}, []int64{4}))
	out := l.apply(chain([]int64{3, 2}, []int64{4}))
	states(t, out, want{"give.a": "ran", "even.a": "same", "sum.a": "cached", "put.a": "cached"})
	// A chunk of which nothing is left is as good as none.
	out = l.apply(chain([]int64{3, 2}, []int64{5, 7}, []int64{4}))
	states(t, out, want{"give.a": "ran", "even.a": "ran", "sum.a": "cached"})
	states(t, l.apply(chain([]int64{}, []int64{3, 2}, []int64{}, []int64{4})), want{"give.a": "ran", "even.a": "cached"})
}

func TestSameBytesAreSaidToBeTheSame(t *testing.T) {
	l := newLab(t)
	p := chain([]int64{1, 2})
	l.apply(p)
	p.Blocks[2].Config = spec.Canonical(labConfig{Salt: "another question, the same answer"})
	states(t, l.apply(p), want{"sum.a": "same", "put.a": "cached"})
}

func TestAStageThatDidNotFinishHasRanAfterwards(t *testing.T) {
	l := newLab(t)
	p := chain([]int64{1, 2})
	plan := l.plan(p, planner.Options{})
	l.apply(p)
	// The last run is told to have had this key, and its result is lost.
	n, _ := plan.Node(spec.Addr{Kind: "give", Name: "a"})
	l.store.DropAction(n.BaseDigest, n.Key.InputsDigest, "lost")
	states(t, l.apply(p), want{"give.a": "ran", "even.a": "cached"})
}

func TestAFailureSkipsWhatIsBehindItAndNothingElse(t *testing.T) {
	for _, mode := range []string{"panic", "fail", "lose", "undeclared", "misfit"} {
		t.Run(mode, func(t *testing.T) {
			l := newLab(t)
			p := chain([]int64{1, 2}, []int64{3, 4})
			p.Blocks[1].Config = spec.Canonical(labConfig{Mode: mode})
			p.Blocks = append(p.Blocks, block("sum.b", labConfig{}, "give.a"))
			out := l.apply(p)
			states(t, out, want{"even.a": "failed", "sum.a": "skipped", "put.a": "skipped", "sum.b": "ran"})
			for _, addr := range []string{"sum.a", "put.a"} {
				if r := outcome(t, out, addr).Reason; r != "even.a failed" {
					t.Errorf("%s is skipped since %q, want the ancestor that failed", addr, r)
				}
			}
			p.Blocks[1].Config = spec.Canonical(labConfig{})
			states(t, l.apply(p), want{"give.a": "cached", "even.a": "ran", "sum.b": "cached"})
		})
	}
}

func TestARunnersPanicFailsItsNodeAlone(t *testing.T) {
	l := newLab(t)
	p := chain([]int64{1, 2})
	p.Blocks[2].Config = spec.Canonical(labConfig{Mode: "panic"})
	out := l.apply(p)
	states(t, out, want{"even.a": "ran", "sum.a": "failed", "put.a": "skipped"})
	if r := outcome(t, out, "sum.a").Reason; !strings.Contains(r, "a bug") {
		t.Errorf("the reason is %q, which does not say what the panic said", r)
	}
}

func TestFailFastStopsTheRestAndPlacesWhatIsDone(t *testing.T) {
	l := newLab(t)
	p := chain([]int64{2})
	l.apply(p)
	remove(t, l.dir, "out")
	// The exports are cached; a stage beside them fails.
	p.Blocks = append(p.Blocks, block("give.b", labConfig{Mode: "fail"}, ""), block("sum.b", labConfig{}, "give.b"))
	out := l.run(t.Context(), p, func(o *executor.Options, _ *planner.Options) { o.FailFast, o.Parallelism = true, 1 })
	if out.Interrupted {
		t.Error("a run that fails is not interrupted")
	}
	states(t, out, want{"give.b": "failed", "sum.b": "skipped"})
	switch n := outcome(t, out, "put.a"); n.State {
	case executor.Cached:
		if read(t, l.dir, "out/total.txt") != "2\n" {
			t.Error("the export was not placed")
		}
	case executor.Stopped: // it came after the failure
	default:
		t.Errorf("put.a is %s (%s)", n.State, n.Reason)
	}
}

func TestParallelismChangesNoDigest(t *testing.T) {
	var chunks [][]int64
	for i := range int64(40) {
		chunks = append(chunks, []int64{i, i * 7, i * 13})
	}
	digests := map[string]spec.Digest{}
	for _, n := range []int{1, 8} {
		l := newLab(t)
		p := chain(chunks...)
		p.Blocks = append(p.Blocks, block("sum.b", labConfig{}, "give.a"), block("even.b", labConfig{Salt: "b"}, "give.a"))
		out := l.run(t.Context(), p, func(o *executor.Options, _ *planner.Options) { o.Parallelism = n })
		for _, node := range out.Nodes {
			addr := node.Node.Addr.String()
			if was, ok := digests[addr]; ok && was != node.Result.Digest() {
				t.Errorf("%s differs between one worker and eight", addr)
			}
			digests[addr] = node.Result.Digest()
		}
	}
}

func TestAnInterruptedRunGoesOn(t *testing.T) {
	l := newLab(t)
	l.hold = make(chan struct{})
	p := chain([]int64{2, 3}, []int64{4})
	p.Blocks[2].Config = spec.Canonical(labConfig{Mode: "wait"})
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-l.hold
		cancel(executor.ErrInterrupted)
	}()
	out := l.run(ctx, p, nil)
	states(t, out, want{"even.a": "ran", "sum.a": "stopped", "put.a": "stopped"})
	if !out.Interrupted || !errors.Is(outcome(t, out, "sum.a").Err, executor.ErrInterrupted) {
		t.Error("the run does not say that it was interrupted")
	}
	if len(out.Placed) > 0 {
		t.Error("an interrupted run placed files")
	}
	whole := newLab(t).apply(chain([]int64{2, 3}, []int64{4}))
	p.Blocks[2].Config = spec.Canonical(labConfig{})
	states(t, l.apply(p), want{"give.a": "cached", "even.a": "cached", "sum.a": "ran", "put.a": "ran"})
	again := l.apply(p)
	for _, n := range whole.Nodes {
		if outcome(t, again, n.Node.Addr.String()).Result.Digest() != n.Result.Digest() {
			t.Errorf("%s is not what it is in a run without interruption", n.Node.Addr)
		}
	}
}

func TestAStageThatIsLateFails(t *testing.T) {
	l := newLab(t)
	l.hold = make(chan struct{}, 1)
	p := chain([]int64{1, 2})
	p.Blocks[2] = block("sum.a", labConfig{Mode: "wait"}, "even.a")
	p.Blocks[2].Timeout = 20 * time.Millisecond
	out := l.apply(p)
	states(t, out, map[string]executor.State{"even.a": executor.Ran, "sum.a": executor.Failed, "put.a": executor.Skipped})
	if r := outcome(t, out, "sum.a").Reason; !strings.Contains(r, "within its timeout of 20ms") {
		t.Errorf("a late stage fails because %q", r)
	}
	if out.Interrupted {
		t.Error("a late stage interrupts the run")
	}
}

func TestAnotherResultUnderOneKeyIsReported(t *testing.T) {
	l := newLab(t)
	p := chain([]int64{2})
	l.apply(p)
	l.jitter.Store(1)
	l.maps.Store(0)
	replace := func(addrs ...string) *executor.Outcome {
		return l.run(t.Context(), p, func(_ *executor.Options, o *planner.Options) {
			for _, a := range addrs {
				parsed, _ := spec.ParseAddr(a)
				o.Replace = append(o.Replace, parsed)
			}
		})
	}
	out := replace("sum.a", "even.a")
	if !outcome(t, out, "sum.a").Conflict || outcome(t, out, "even.a").Conflict {
		t.Error("the stage that gave another result is not the one that is reported")
	}
	if len(out.Warnings) != 1 || !strings.Contains(out.Warnings[0], "sum.a is not deterministic") {
		t.Errorf("the warnings are %q", out.Warnings)
	}
	if l.maps.Load() != 1 {
		t.Errorf("a stage that is to run again mapped %d of its chunks", l.maps.Load())
	}
	states(t, out, want{"sum.a": "ran", "even.a": "same"})
	if outcome(t, replace("put.a"), "sum.a").Conflict {
		t.Error("the conflict is still there when nothing ran twice")
	}
}

// gate is a gate that wants the total of a stage to be at least so much.
func gate(of string, least float64) spec.Gate {
	return spec.Gate{Addr: spec.Addr{Kind: "gate", Name: "ship"}, Checks: []spec.Check{{
		Name: "total",
		Condition: &expr.Node{Op: expr.Binary, Name: ">=", Args: []*expr.Node{
			{Op: expr.Metric, Name: of, Path: []string{"total"}}, {Op: expr.Literal, Value: least},
		}},
	}}}
}

func TestAGateThatFailsBlocksWhatRequiresIt(t *testing.T) {
	l := newLab(t)
	p := chain([]int64{2}, []int64{4})
	p.Gates = []spec.Gate{gate("sum.a", 7)}
	p.Blocks[3].Require = []spec.Addr{p.Gates[0].Addr}
	out := l.apply(p)
	states(t, out, want{"sum.a": "ran", "put.a": "blocked"})
	if out.Verdicts[0].Outcome != planner.Fail || l.puts.Load() != 0 {
		t.Errorf("the verdict is %s, and %d exports ran", out.Verdicts[0].Outcome, l.puts.Load())
	}
	p.Gates = []spec.Gate{gate("sum.a", 6)}
	states(t, l.apply(p), want{"sum.a": "cached", "put.a": "ran"})
}

func TestAGateOfAStageThatFailedIsPending(t *testing.T) {
	l := newLab(t)
	p := chain([]int64{2})
	p.Blocks = append(p.Blocks, block("sum.b", labConfig{Mode: "fail"}, "give.a"))
	p.Gates = []spec.Gate{gate("sum.b", 0)}
	p.Blocks[3].Require = []spec.Addr{p.Gates[0].Addr}
	out := l.apply(p)
	states(t, out, want{"sum.a": "ran", "sum.b": "failed", "put.a": "skipped"})
	if out.Verdicts[0].Outcome != planner.Pending {
		t.Errorf("the verdict is %s, want pending", out.Verdicts[0].Outcome)
	}
}

func TestTwoRunsOnOneStoreDoTheWorkOnce(t *testing.T) {
	l := newLab(t)
	store, err := cas.Open(t.TempDir(), cas.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l.store = store
	p := chain([]int64{1, 2}, []int64{4}, []int64{6})
	plans := []*planner.Plan{l.plan(p, planner.Options{}), l.plan(p, planner.Options{})}
	outs := make([]*executor.Outcome, len(plans))
	var group sync.WaitGroup
	for i, plan := range plans {
		group.Go(func() {
			other := newLab(t)
			out, err := executor.Run(t.Context(), plan, l.kinds(), store, executor.Options{Dir: other.dir, Now: clock})
			if err != nil {
				t.Error(err)
			}
			outs[i] = out
		})
	}
	group.Wait()
	if l.maps.Load() != 3 || l.sums.Load() != 1 || l.puts.Load() != 1 {
		t.Errorf("%d chunks, %d sums and %d exports were made, want 3, 1 and 1", l.maps.Load(), l.sums.Load(), l.puts.Load())
	}
	for i := range outs[0].Nodes {
		if outs[0].Nodes[i].Result.Digest() != outs[1].Nodes[i].Result.Digest() {
			t.Errorf("%s differs", outs[0].Nodes[i].Node.Addr)
		}
		both := []executor.State{outs[0].Nodes[i].State, outs[1].Nodes[i].State}
		if !slices.Contains(both, executor.Ran) || !slices.Contains(both, executor.Cached) {
			t.Errorf("%s came to %v, want one that ran and one that is cached", outs[0].Nodes[i].Node.Addr, both)
		}
	}
}
