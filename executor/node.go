package executor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
)

// execute brings one node to its end: from the store, or by running it.
func (x *run) execute(ctx context.Context, n *planner.Node, members []planner.Member, started time.Time) NodeOutcome {
	o := NodeOutcome{Node: n, Started: started}
	err := x.bring(ctx, n, members, &o)
	o.Elapsed = x.opts.Now().Sub(started)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		o.State, o.Err, o.Reason = Stopped, context.Cause(ctx), "the run was stopped"
	default:
		o.State, o.Err, o.Reason = Failed, err, resolve.Advised(err).Error()
	}
	return o
}

func (x *run) bring(ctx context.Context, n *planner.Node, members []planner.Member, o *NodeOutcome) error {
	key, err := x.key(n, members)
	if err != nil {
		return err
	}
	o.Key = key
	replace := x.replaced(n)
	if !replace {
		if found, err := x.find(ctx, n, members, o); found || err != nil {
			return err
		}
	}
	// Another process may be at the same work: it is waited for, not repeated.
	unlock, err := x.store.Lock(ctx, "action-"+planner.ActionDigest(n.BaseDigest, key.InputsDigest).String())
	if err != nil {
		return err
	}
	defer unlock()
	if !replace {
		if found, err := x.find(ctx, n, members, o); found || err != nil {
			return err
		}
	}
	e, err := x.workInTime(ctx, n, members)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	same := x.same(n, raw)
	if err := x.store.PutAction(n.BaseDigest, key.InputsDigest, raw); err != nil {
		if !x.conflict(n, err) {
			return err
		}
		o.Conflict = true
	}
	if o.Result, err = openEntry(ctx, x.store, raw, members); err != nil {
		return err
	}
	o.State = Ran
	if same {
		o.State = Same
	}
	return nil
}

// find takes a node's result from the store, if it is there. One that came from a remote store is kept; what it names is
// fetched when it is read.
func (x *run) find(ctx context.Context, n *planner.Node, members []planner.Member, o *NodeOutcome) (bool, error) {
	o.Result = lookup(ctx, x.store, n.BaseDigest, o.Key.InputsDigest, members, x.opts.Deep)
	if o.Result == nil {
		return false, nil
	}
	if o.State = Cached; !fromRemote(x.store, n.BaseDigest, o.Key.InputsDigest) {
		return true, nil
	}
	o.State = Restored
	raw, err := x.store.GetAction(n.BaseDigest, o.Key.InputsDigest)
	if err != nil {
		return true, err
	}
	return true, x.store.PutAction(n.BaseDigest, o.Key.InputsDigest, raw)
}

// same reports whether the last run's result under this address had the same bytes. It is asked before the result is
// stored, since the key may be that of a last run that did not finish.
func (x *run) same(n *planner.Node, raw []byte) bool {
	if x.opts.Previous == nil {
		return false
	}
	base, inputs, ok := x.opts.Previous(n.Addr)
	if !ok {
		return false
	}
	was, err := x.store.GetAction(base, inputs)
	return err == nil && bytes.Equal(was, raw)
}

func (x *run) replaced(n *planner.Node) bool {
	for _, a := range x.plan.Options.Replace {
		if a == n.Addr {
			return true
		}
	}
	return false
}

// key is the plan's, or worked out now that the inputs are known. The plan's holds only while its inputs are those that
// it saw: one that was lost since, and made again, may be another.
func (x *run) key(n *planner.Node, members []planner.Member) (*planner.Key, error) {
	same := n.Key != nil
	for _, in := range n.Inputs {
		same = same && x.state[in.Node].State == Cached
	}
	if same {
		return n.Key, nil
	}
	return planner.NodeKey(x.portsOf(n, members), members)
}

// conflict takes note of a key that gave two results. The stored one stays for others; this run goes on with its own.
func (x *run) conflict(n *planner.Node, err error) bool {
	var c *cas.ConflictError
	if !errors.As(err, &c) {
		return false
	}
	x.warn(fmt.Sprintf("%s is not deterministic: %s", n.Addr, c))
	return true
}

func (x *run) warn(text string) {
	x.events.Lock()
	x.warned = append(x.warned, text)
	x.events.Unlock()
	x.emit(Event{Type: "warning", Text: text})
}

// workInTime runs the stage for as long as its timeout lets it. Waiting for another process at the same work does not
// count.
func (x *run) workInTime(ctx context.Context, n *planner.Node, members []planner.Member) (*entry, error) {
	if n.Block == nil || n.Block.Timeout == 0 {
		return x.work(ctx, n, members)
	}
	late := fmt.Errorf("the stage did not finish within its timeout of %s: give it a larger one, or less to do", n.Block.Timeout)
	within, cancel := context.WithTimeoutCause(ctx, n.Block.Timeout, late)
	defer cancel()
	e, err := x.work(within, n, members)
	if err != nil && errors.Is(context.Cause(within), late) {
		return nil, late
	}
	return e, err
}

// work runs the stage. A panic in a kind is its bug and fails its node alone.
func (x *run) work(ctx context.Context, n *planner.Node, members []planner.Member) (e *entry, err error) {
	defer recovered(&err)
	if n.Kind == planner.UnionKind {
		if err := x.acquire(ctx); err != nil {
			return nil, err
		}
		defer x.release()
		return x.runUnion(ctx, n, members)
	}
	k, ok := x.kinds[n.Kind]
	if !ok {
		return nil, fmt.Errorf("this prefab has no stage kind %s", n.Kind)
	}
	if k.Mapper != nil {
		return x.runMapper(ctx, n, k, members)
	}
	return x.runRunner(ctx, n, k, members)
}

// recovered makes an error of a panic. It is deferred.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("the stage panicked: %v. This is a bug of prefab\n%s", r, debug.Stack())
	}
}

func (x *run) runRunner(ctx context.Context, n *planner.Node, k *stage.Kind, members []planner.Member) (*entry, error) {
	ports := k.Ports(n.Block.Config)
	h, err := newHost(ctx, x, n, members, ports)
	if err != nil {
		return nil, err
	}
	if err := x.acquire(ctx); err != nil {
		return nil, err
	}
	defer x.release()
	if err := k.Runner.Run(ctx, stage.NewTask(h, ports)); err != nil {
		return nil, err
	}
	counts := Counts{Out: map[string]int64{}, Dropped: map[string]int64{}, Noted: map[string]int64{}}
	for _, m := range members {
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
