package executor

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// Stages that take several slots never wait for one another's, and no more is busy than there are slots.
func TestStagesTakeSeveralSlots(t *testing.T) {
	const slots = 3
	wide := &stage.Kind{KindSpec: spec.KindSpec{Name: "wide", Cores: func(c spec.Config) int {
		var n int
		_ = c.Decode(&n)
		return n
	}}}
	b := newBench([]*stage.Kind{wide}, nil, slots, false)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var busy, most atomic.Int64
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			want := int64(i%5 + 1) // 4 and 5 are more than there are: all of them
			release, err := b.take(ctx, "wide", spec.Canonical(want))
			if err != nil {
				t.Error(err)
				return
			}
			now := busy.Add(min(want, slots))
			for was := most.Load(); now > was && !most.CompareAndSwap(was, now); was = most.Load() {
			}
			time.Sleep(time.Millisecond)
			busy.Add(-min(want, slots))
			release()
		})
	}
	all.Wait()
	if most.Load() != slots || len(b.slots) != 0 {
		t.Errorf("%d slots were busy at once, and %d are still taken", most.Load(), len(b.slots))
	}
	held, _ := b.take(ctx, "wide", spec.Canonical(1))
	short, stop := context.WithTimeout(ctx, 10*time.Millisecond)
	defer stop()
	if _, err := b.take(short, "wide", spec.Canonical(3)); err == nil || len(b.slots) != 1 {
		t.Errorf("who gives up keeps %d slots (%v)", len(b.slots)-1, err)
	}
	held()
}
