package history

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A View answers a plan's questions about earlier runs. It never fails: a plan is right without a history, so what
// cannot be read is a warning and no answer.
type View struct {
	h   *DB
	ctx context.Context
}

// View returns a view that asks until ctx is done.
func (h *DB) View(ctx context.Context) *View { return &View{h: h, ctx: ctx} }

// Previous is DB.Previous.
func (v *View) Previous() *planner.Previous {
	p, err := v.h.Previous(v.ctx)
	if err != nil {
		v.h.warn(err.Error())
		return nil
	}
	return p
}

// estimateFrom is how many earlier times an estimate rests on: enough to outvote one slow disk or one busy machine,
// few enough to follow data that grows.
const estimateFrom = 5

// Estimate returns how long a stage is likely to take, the median of the latest times, or 0 when it was never run.
func (v *View) Estimate(addr spec.Addr, base spec.Digest) time.Duration {
	list, err := v.h.Timings(v.ctx, addr, base, estimateFrom)
	if err != nil {
		v.h.warn(err.Error())
	}
	if len(list) == 0 {
		return 0
	}
	slices.SortFunc(list, func(a, b Timing) int { return cmp.Compare(a.Duration, b.Duration) })
	return list[len(list)/2].Duration
}
