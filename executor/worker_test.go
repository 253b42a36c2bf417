package executor_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// work runs an action of the lab's kinds as a worker does.
func (l *lab) work(d spec.Digest, again bool) (*executor.Work, error) {
	return executor.RunAction(l.t.Context(), d, l.kinds(), l.store, executor.WorkerOptions{Arch: "test/1", Again: again})
}

// handed runs a pipeline by workers, and returns what was handed to them.
func (l *lab) handed(p *spec.Pipeline) (*executor.Outcome, map[string]spec.Digest) {
	actions := map[string]spec.Digest{}
	var mu sync.Mutex
	out := l.run(l.t.Context(), p, func(o *executor.Options, _ *planner.Options) {
		o.Worker = func(_ context.Context, a spec.Addr, d spec.Digest, fresh bool, _ func(string)) ([]byte, error) {
			mu.Lock()
			actions[a.String()] = d
			mu.Unlock()
			w, err := l.work(d, fresh)
			if err != nil {
				return nil, err
			}
			return w.Entry, nil
		}
	})
	return out, actions
}

func TestWorkersGiveTheSame(t *testing.T) {
	here, there := newLab(t), newLab(t)
	p := chain([]int64{1, 2}, []int64{}, []int64{4, 6, 7})
	want := here.apply(p)
	got, actions := there.handed(p)
	states(t, got, map[string]executor.State{"give.a": executor.Ran, "even.a": executor.Ran, "sum.a": executor.Ran, "put.a": executor.Ran})
	if len(actions) != 4 {
		t.Errorf("the workers were given %v", actions)
	}
	for _, n := range want.Nodes {
		base, inputs := n.Node.BaseDigest, n.Key.InputsDigest
		a, err := here.store.GetAction(base, inputs)
		b, err2 := there.store.GetAction(base, inputs)
		if err != nil || err2 != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: %s and %s, %v, %v", n.Node.Addr, a, b, err, err2)
		}
	}
	// The same work at another place has the same action: no address is in it.
	q := chain([]int64{1, 2}, []int64{}, []int64{4, 6, 7})
	for i := range q.Blocks {
		q.Blocks[i].Addr.Name = "b"
		for k := range q.Blocks[i].Inputs {
			q.Blocks[i].Inputs[k].Refs[0].Addr.Name = "b"
		}
	}
	other := newLab(t)
	_, renamed := other.handed(q)
	for addr, d := range actions {
		if renamed[strings.Replace(addr, ".a", ".b", 1)] != d {
			t.Errorf("renaming %s gives another action", addr)
		}
	}
}

// Attempts that overlap are safe: one result is there in the end. Of attempts that differ the first stays.
func TestAttemptsOverlap(t *testing.T) {
	l := newLab(t)
	_, actions := l.handed(chain([]int64{2, 4}))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if w, err := l.work(actions["sum.a"], true); err != nil || w.Conflict || w.Done {
				t.Errorf("got %+v, %v", w, err)
			}
		})
	}
	all.Wait()
	w, err := l.work(actions["sum.a"], false)
	if err != nil || !w.Done {
		t.Errorf("got %+v, %v", w, err)
	}
	l.jitter.Store(1)
	again, err := l.work(actions["sum.a"], true)
	if err != nil || !again.Conflict || bytes.Equal(again.Entry, w.Entry) {
		t.Errorf("another result gave %+v, %v", again, err)
	}
	if have, err := l.store.GetAction(w.Base, w.Inputs); err != nil || !bytes.Equal(have, w.Entry) {
		t.Errorf("the first result did not stay: %s, %v", have, err)
	}
}

func TestActionsThatAreRefused(t *testing.T) {
	l := newLab(t)
	_, actions := l.handed(chain([]int64{2, 4}))
	sound, err := l.store.Get(t.Context(), actions["give.a"])
	if err != nil {
		t.Fatal(err)
	}
	sums, err := l.store.Get(t.Context(), actions["sum.a"])
	if err != nil {
		t.Fatal(err)
	}
	change := func(b []byte, old, with string) []byte {
		if !bytes.Contains(b, []byte(old)) {
			t.Fatalf("%s does not hold %s", b, old)
		}
		return bytes.Replace(b, []byte(old), []byte(with), 1)
	}
	digits := sums[bytes.Index(sums, []byte(`"table":"`))+9:][:64]
	inputs := sums[bytes.Index(sums, []byte(`"inputs":`)):]
	input := inputs[bytes.Index(inputs, []byte(`"value":"`))+9:][:64]
	for want, b := range map[string][]byte{
		"is no action":                           []byte("{}"),
		"this prefab has no stage kind takes":    change(sound, `"kind":"give"`, `"kind":"takes"`),
		"another version of the stage kind give": change(sound, `"name":"version","value":"1"`, `"name":"version","value":"2"`),
		"not in the cache":                       change(sums, string(digits), strings.Repeat("1", 64)),
		"the action is not sound":                change(sums, string(input), strings.Repeat("0", 64)),
	} {
		d, err := l.store.Put(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.work(d, true); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("wanted %q, got %v", want, err)
		}
	}
	if _, err := l.work(spec.HashBytes(nil), false); !errors.Is(err, cas.ErrNotFound) {
		t.Errorf("an action that is not there gave %v", err)
	}
	// A config that is not the key's would store the result of other work under it.
	d, err := l.store.Put(t.Context(), change(sound, `"config":{"Chunks":[[2,4]]`, `"config":{"Chunks":[[2,6]]`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.work(d, true); !errors.Is(err, executor.ErrOtherMachine) {
		t.Errorf("another config gave %v", err)
	}
}
