package executor

import (
	"context"
	"errors"
	"time"

	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A History is what the planner asks of earlier runs. A nil one knows nothing.
type History interface {
	Previous() *planner.Previous
	Estimate(addr spec.Addr, base spec.Digest) time.Duration
}

// Known answers the planner's questions from a store and a history.
type Known struct {
	store   Store
	history History
	deep    bool
	// results of what was looked up, by action, so that one plan opens each result once.
	results map[spec.Digest]*Result
}

// NewKnown returns a Known; history may be nil. A deep one reads every blob of a result
// before it trusts it: it is for the run after one that met a loss.
func NewKnown(s Store, h History, deep bool) *Known {
	return &Known{store: s, history: h, deep: deep, results: map[spec.Digest]*Result{}}
}

// Lookup implements planner.Known.
func (k *Known) Lookup(n *planner.Node, members []planner.Member) (*planner.Result, error) {
	r := lookup(context.Background(), k.store, n.BaseDigest, n.Key.InputsDigest, members, k.deep)
	if r == nil {
		return nil, nil
	}
	k.results[planner.ActionDigest(n.BaseDigest, n.Key.InputsDigest)] = r
	out := k.planned(n, r)
	out.Remote = fromRemote(k.store, n.BaseDigest, n.Key.InputsDigest)
	return out, nil
}

// fromRemote reports whether a result was found in the store that is shared with others, and not in the local one.
func fromRemote(s Store, base, inputs spec.Digest) bool {
	far, ok := s.(interface {
		FromRemote(base, inputs spec.Digest) bool
	})
	return ok && far.FromRemote(base, inputs)
}

func (k *Known) planned(n *planner.Node, r *Result) *planner.Result {
	out := &planner.Result{Metrics: r.Metrics, Outputs: map[string]planner.Artifact{}}
	for name, o := range r.Outputs {
		out.Outputs[name] = o
	}
	for _, o := range r.Outputs {
		if o.Artifact == spec.Report {
			out.Files = k.destined(n, o)
		}
	}
	return out
}

// destined names the files of a report as they lie at its destination.
func (k *Known) destined(n *planner.Node, o Output) map[string]spec.Digest {
	files, path := map[string]spec.Digest{}, resolve.Destination(n.Block)
	for _, f := range o.Files {
		if f, _, err := destined(context.Background(), k.store, f, path); err == nil {
			files[f.Name] = f.Digest
		}
	}
	return files
}

// lookup opens the stored result of an action. An entry that cannot be opened, or whose blobs are gone, is taken out of
// the store, and is a miss: the work is done again.
func lookup(ctx context.Context, s Store, base, inputs spec.Digest, members []planner.Member, deep bool) *Result {
	raw, err := s.GetAction(base, inputs)
	if err != nil {
		return nil
	}
	r, err := openEntry(ctx, s, raw, members)
	switch {
	case ctx.Err() != nil:
		return nil
	case err == nil && r.complete(ctx, s, deep):
		return r
	case err == nil:
		err = errIncomplete
	}
	s.DropAction(base, inputs, err.Error())
	return nil
}

var errIncomplete = errors.New("what it names is not in the store")

// Result returns the result of a node that Lookup found.
func (k *Known) Result(n *planner.Node) *Result {
	if n.Key == nil {
		return nil
	}
	return k.results[planner.ActionDigest(n.BaseDigest, n.Key.InputsDigest)]
}

// HasBase implements planner.Known.
func (k *Known) HasBase(base spec.Digest) bool {
	list, err := k.store.ListBase(base)
	return err == nil && len(list) > 0
}

// Previous implements planner.Known.
func (k *Known) Previous() *planner.Previous {
	if k.history == nil {
		return nil
	}
	return k.history.Previous()
}

// Estimate implements planner.Known.
func (k *Known) Estimate(n *planner.Node) time.Duration {
	if k.history == nil {
		return 0
	}
	return k.history.Estimate(n.Addr, n.BaseDigest)
}

// present reports whether a blob is in the store; deep reads it, so that a damaged one is set aside and is not.
func present(ctx context.Context, s Store, d spec.Digest, deep bool) bool {
	if !deep {
		return s.Has(d)
	}
	_, err := s.Get(ctx, d)
	return err == nil
}
