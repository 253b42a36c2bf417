package executor

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A bench is what all work needs: the kinds, the store, and slots, of which as many are busy at once as chunks and stages
// compute.
type bench struct {
	kinds map[string]*stage.Kind
	store Store
	slots chan struct{}
	wide  chan struct{} // held by whoever is about to take several slots: two of them would wait for one another
	deep  bool          // see NewKnown
	tell  func(Event)
	note  func(string) // a warning
}

func newBench(kinds []*stage.Kind, s Store, parallelism int, deep bool) *bench {
	b := &bench{kinds: map[string]*stage.Kind{}, store: s, slots: make(chan struct{}, parallelism), wide: make(chan struct{}, 1), deep: deep}
	for _, k := range kinds {
		b.kinds[k.Name] = k
	}
	return b
}

// acquire takes one of the slots.
func (b *bench) acquire(ctx context.Context) error {
	select {
	case b.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (b *bench) release() { <-b.slots }

// take takes as many slots as a stage of the kind needs, all of them at most.
func (b *bench) take(ctx context.Context, kind string, c spec.Config) (release func(), err error) {
	n := 1
	if k := b.kinds[kind]; k != nil && k.Cores != nil {
		n = min(max(n, k.Cores(c)), cap(b.slots))
	}
	if n > 1 {
		select {
		case b.wide <- struct{}{}:
			defer func() { <-b.wide }()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	for taken := range n {
		if err := b.acquire(ctx); err != nil {
			b.free(taken)
			return nil, err
		}
	}
	return func() { b.free(n) }, nil
}

func (b *bench) free(slots int) {
	for range slots {
		b.release()
	}
}

// A job is one action at work. It sees the action and the store, and nothing of plans, projects and other stages, so that
// it gives the same in the process that planned it and in another.
type job struct {
	*bench
	action   *Action
	addr     spec.Addr // by which it is told of
	ports    spec.Ports
	config   spec.Config // the action's; where the project is, with the attributes that are in no key, for messages
	members  []planner.Member
	segments segments // of a stage that reads files
	fresh    bool     // results of chunks that are stored are not used
}

func (b *bench) newJob(a *Action, addr spec.Addr, members []planner.Member) (*job, error) {
	k, err := a.kind(b.kinds)
	if err != nil {
		return nil, err
	}
	return &job{bench: b, action: a, addr: addr, config: a.Config, ports: k.Ports(a.Config), members: members}, nil
}

// work does the action's work. A panic in a kind is its bug and fails its stage alone.
func (j *job) work(ctx context.Context) (e *entry, err error) {
	defer recovered(&err)
	k := j.kinds[j.action.Kind]
	switch {
	case j.action.Kind == planner.UnionKind:
		if err := j.acquire(ctx); err != nil {
			return nil, err
		}
		defer j.release()
		return j.runUnion(ctx)
	case k.Mapper != nil:
		return j.runMapper(ctx, k)
	}
	return j.runRunner(ctx, k)
}

// recovered makes an error of a panic. It is deferred.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("the stage panicked: %v. This is a bug of prefab\n%s", r, debug.Stack())
	}
}

func (j *job) runRunner(ctx context.Context, k *stage.Kind) (*entry, error) {
	h, err := newHost(ctx, j)
	if err != nil {
		return nil, err
	}
	release, err := j.take(ctx, j.action.Kind, j.config)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := k.Runner.Run(ctx, stage.NewTask(h, j.ports)); err != nil {
		return nil, err
	}
	counts := Counts{Out: map[string]int64{}, Dropped: map[string]int64{}, Noted: map[string]int64{}}
	for _, m := range j.members {
		counts.In += m.Artifact.Rows()
	}
	for _, l := range h.notes {
		if l.Kept {
			counts.Noted[l.Reason]++
		} else {
			counts.Dropped[l.Reason]++
		}
	}
	return h.entry(nil, nil, counts)
}

// conflict takes note of a key that gave two results. The stored one stays for others; this run goes on with its own.
func (j *job) conflict(err error) bool {
	var c *cas.ConflictError
	if !errors.As(err, &c) {
		return false
	}
	j.note(fmt.Sprintf("%s is not deterministic: %s", j.addr, c))
	return true
}
