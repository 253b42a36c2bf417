package executor_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// within runs a pipeline with so much memory, and as many stages at once as that lets in.
func (l *lab) within(ctx context.Context, memory int64, blocks ...spec.Block) *executor.Outcome {
	l.t.Helper()
	return l.run(ctx, pipeline(blocks...), func(o *executor.Options, _ *planner.Options) { o.Memory, o.Parallelism = memory, 16 })
}

// givers are stages without inputs that need so much memory each.
func givers(needs ...int64) (list []spec.Block) {
	for i, n := range needs {
		list = append(list, block(fmt.Sprintf("give.n%02d", i), labConfig{Needs: n, Salt: fmt.Sprint(i), Chunks: [][]int64{{int64(i)}}}, ""))
	}
	return list
}

func (l *lab) told(what string) (addrs []string) {
	for _, e := range l.events {
		if e.Type == what {
			addrs = append(addrs, e.Addr.Name)
		}
	}
	return addrs
}

func TestWhatDoesNotFitTogetherDoesNotRunTogether(t *testing.T) {
	l := newLab(t)
	l.pause = 20 * time.Millisecond
	out := l.within(t.Context(), 100, givers(30, 40, 50, 30, 30, 40, 100, 10, 10, 60)...)
	if n := out.Count(executor.Ran); n != 10 || len(out.Warnings) > 0 {
		t.Fatalf("%d ran, with the warnings %q", n, out.Warnings)
	}
	if l.most > 100 || l.most < 60 {
		t.Errorf("at most %d was in use at once, of 100", l.most)
	}
	if len(l.told("waiting")) == 0 || len(l.told("waiting")) != len(l.told("admitted")) {
		t.Errorf("%d waited, and %d were let in", len(l.told("waiting")), len(l.told("admitted")))
	}
	// What is cached needs nothing.
	l.events = nil
	if out := l.within(t.Context(), 100, givers(30, 40, 50, 30, 30, 40, 100, 10, 10, 60)...); out.Count(executor.Cached) != 10 || len(l.told("waiting")) > 0 {
		t.Errorf("%d are cached, and %d waited for memory", out.Count(executor.Cached), len(l.told("waiting")))
	}
}

func TestWhatFitsNowhereRunsAlone(t *testing.T) {
	l := newLab(t)
	l.pause = 5 * time.Millisecond
	out := l.within(t.Context(), 2e9, givers(1e9, 5e9, 1e9, 7e8)...)
	if out.Count(executor.Ran) != 4 || l.most > 2e9 {
		t.Errorf("%d ran, and %d was in use by several at once", out.Count(executor.Ran), l.most)
	}
	if len(out.Warnings) != 1 || !strings.Contains(out.Warnings[0], "give.n01 may need 5.0 GB of memory, and stages may use 2.0 GB") {
		t.Errorf("the warnings are %q", out.Warnings)
	}
}

func TestWhoWaitsIsLetInByThePlan(t *testing.T) {
	l := newLab(t)
	l.pause = 30 * time.Millisecond // all others have come to wait when the first ends
	l.within(t.Context(), 10, givers(6, 6, 6, 6, 6, 6, 6, 6)...)
	in := l.told("admitted")
	if len(in) < 6 || !slices.IsSorted(in[1:]) {
		t.Errorf("they were let in as %v", in)
	}
}

func TestWhoWaitsForMemoryCanBeStopped(t *testing.T) {
	l := newLab(t)
	l.hold = make(chan struct{}, 2) // nobody listens to the second, should it get so far
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-l.hold
		cancel(executor.ErrInterrupted)
	}()
	blocks := givers(10)
	for _, name := range []string{"x", "y"} {
		blocks = append(blocks, block("give."+name, labConfig{Needs: 10, Mode: "wait", Salt: name}, ""))
	}
	out := l.within(ctx, 15, blocks...)
	if !out.Interrupted || out.Count(executor.Stopped) < 2 {
		t.Errorf("interrupted is %t, with %d stopped", out.Interrupted, out.Count(executor.Stopped))
	}
}

// Whatever stages need, and whatever reads what: all of it is done, and never more at once than there is, but for one that
// needs more by itself.
func TestAnyEstimatesFinish(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := newLab(t)
		l.pause = 50 * time.Microsecond
		memory := rapid.Int64Range(1, 100).Draw(rt, "memory")
		var blocks []spec.Block
		var rows []string // who gives rows
		for i, n := 0, rapid.IntRange(1, 14).Draw(rt, "stages"); i < n; i++ {
			c := labConfig{Needs: rapid.Int64Range(0, 150).Draw(rt, "needs"), Salt: fmt.Sprint(i), Chunks: [][]int64{{2, 4}}}
			kind, from := "give", ""
			if len(rows) > 0 {
				if kind = rapid.SampledFrom([]string{"give", "even", "sum"}).Draw(rt, "kind"); kind != "give" {
					from, c.Chunks = rapid.SampledFrom(rows).Draw(rt, "from"), nil
				}
			}
			addr := fmt.Sprintf("%s.n%02d", kind, i)
			if kind != "sum" {
				rows = append(rows, addr)
			}
			blocks = append(blocks, block(addr, c, from))
		}
		out := l.run(t.Context(), pipeline(blocks...), func(o *executor.Options, _ *planner.Options) {
			o.Memory, o.Parallelism = memory, rapid.IntRange(1, 6).Draw(rt, "parallelism")
		})
		if n := out.Count(executor.Ran); n != len(blocks) {
			rt.Fatalf("%d of %d ran", n, len(blocks))
		}
		if l.most > memory {
			rt.Fatalf("%d was in use at once, of %d", l.most, memory)
		}
	})
}
