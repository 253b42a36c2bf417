package executor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/prefab-build/prefab/executor/disk"
	"github.com/prefab-build/prefab/planner"
)

// execute brings one node to its end: from the store, or by running it.
func (x *run) execute(ctx context.Context, n *planner.Node, members []planner.Member, started time.Time) NodeOutcome {
	o := NodeOutcome{Node: n, Started: started}
	err := x.bring(ctx, n, members, &o)
	o.Elapsed = x.opts.Now().Sub(started) - o.waited
	switch {
	case err == nil:
	case ctx.Err() != nil:
		o.State, o.Err, o.Reason = Stopped, context.Cause(ctx), "the run was stopped"
	default:
		o.State, o.Err, o.Reason = Failed, err, disk.Advised(err).Error()
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
	j, err := x.job(n, key, members)
	if err != nil {
		return err
	}
	release, err := x.admit(ctx, n, j, o)
	if err != nil {
		return err
	}
	raw, err := x.workInTime(ctx, n, j)
	release()
	if err != nil {
		return err
	}
	same := x.same(n, raw)
	if err := x.store.PutAction(n.BaseDigest, key.InputsDigest, raw); err != nil {
		if !j.conflict(err) {
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
	return planner.NodeKey(x.portsOf(n, members), members, x.plan.Facts.Files[n.Addr.String()])
}

func (x *run) warn(text string) {
	x.events.Lock()
	x.warned = append(x.warned, text)
	x.events.Unlock()
	x.emit(Event{Type: "warning", Text: text})
}

// workInTime runs the stage for as long as its timeout lets it. Waiting for another process at the same work does not
// count.
func (x *run) workInTime(ctx context.Context, n *planner.Node, j *job) ([]byte, error) {
	if n.Block == nil || n.Block.Timeout == 0 {
		return x.work(ctx, n, j)
	}
	late := fmt.Errorf("the stage did not finish within its timeout of %s: give it a larger one, or less to do", n.Block.Timeout)
	within, cancel := context.WithTimeoutCause(ctx, n.Block.Timeout, late)
	defer cancel()
	raw, err := x.work(within, n, j)
	if err != nil && errors.Is(context.Cause(within), late) {
		return nil, late
	}
	return raw, err
}

// work does a stage's work here, or has it done by a worker that gets the action's digest and no more.
func (x *run) work(ctx context.Context, n *planner.Node, j *job) ([]byte, error) {
	if x.opts.Worker == nil || n.Block == nil {
		e, err := j.work(ctx)
		if err != nil {
			return nil, err
		}
		return json.Marshal(e)
	}
	if err := j.ingest(ctx); err != nil {
		return nil, err
	}
	d, err := j.action.put(ctx, x.store, j.ports)
	if err != nil {
		return nil, err
	}
	release, err := x.take(ctx, n.Kind, j.config)
	if err != nil {
		return nil, err
	}
	defer release()
	x.emit(Event{Type: "action", Addr: n.Addr, Text: d.String()})
	return x.opts.Worker(ctx, n.Addr, d, j.fresh, func(line string) {
		x.emit(Event{Type: "log", Addr: n.Addr, Text: line})
	})
}
