package executor

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// WorkerOptions are how an action is run. They change no result.
type WorkerOptions struct {
	Parallelism int  // 0: all cores
	Again       bool // do the work even when its result is stored
	// Arch and Class tell the numerics class of this machine, and of a backend on it: an action for another is refused.
	Arch  string
	Class func(spec.Setting) (string, error)
	// Events is told what happens, from several goroutines at once. It may be nil.
	Events func(Event)
}

// A Work is what running an action came to.
type Work struct {
	Kind         string
	Base, Inputs spec.Digest // the key of the result
	Entry        []byte      // what the work came to; where another result was stored before, that is not this
	Done         bool        // it was stored before, and nothing was run
	Conflict     bool        // the key had another result before, which stays
}

// RunAction does the work of an action that lies in the store, and publishes the result last: what is not finished is not
// there. Several may be at the same work; the first result stays, and who comes to another is told so.
func RunAction(ctx context.Context, d spec.Digest, kinds []*stage.Kind, s Store, opts WorkerOptions) (*Work, error) {
	if opts.Parallelism <= 0 {
		opts.Parallelism = runtime.GOMAXPROCS(0)
	}
	hold(s, d)
	a, err := loadAction(ctx, s, d)
	if err != nil {
		return nil, err
	}
	b := newBench(kinds, s, opts.Parallelism, false)
	b.tell, b.note = func(Event) {}, func(string) {}
	if opts.Events != nil {
		b.tell = opts.Events
	}
	k, err := a.kind(b.kinds)
	if err != nil {
		return nil, err
	}
	if err := a.fits(k, opts.Arch, opts.Class); err != nil {
		return nil, err
	}
	members, err := a.open(ctx, s)
	if err != nil {
		return nil, err
	}
	hold(s, a.needs(members)...)
	j, err := b.newJob(a, spec.Addr{Kind: a.Kind, Name: d.Short()}, members)
	if err != nil {
		return nil, err
	}
	if err := a.sound(j.ports, members); err != nil {
		return nil, err
	}
	j.segments, j.fresh = storedFiles{s, a.Files}, opts.Again
	w := &Work{Kind: a.Kind}
	w.Base, w.Inputs = a.Key()
	return w, j.publish(ctx, w)
}

// hold keeps blobs from being collected as garbage while this process works: no entry names the material of an action.
func hold(s Store, blobs ...spec.Digest) {
	if held, ok := s.(interface{ Use(d spec.Digest) bool }); ok {
		for _, d := range blobs {
			held.Use(d) // one that is not there is found out by whoever reads it
		}
	}
}

// needs lists the blobs that an action is made of.
func (a *Action) needs(members []planner.Member) (blobs []spec.Digest) {
	for _, m := range a.Members {
		if !m.Table.IsZero() {
			blobs = append(blobs, m.Table)
		}
		for _, f := range m.Files {
			blobs = append(blobs, f.Digest)
		}
	}
	for _, f := range a.Files {
		for _, s := range f.Segments {
			blobs = append(blobs, s.Digest)
		}
	}
	for _, m := range members {
		if t := m.Artifact.(Output).Table; t != nil {
			blobs = t.appendBlobs(blobs)
		}
	}
	return blobs
}

// publish finds the result of an action in the store, or works it out and stores it.
func (j *job) publish(ctx context.Context, w *Work) (err error) {
	if !j.fresh && lookup(ctx, j.store, w.Base, w.Inputs, j.members, j.deep) != nil {
		w.Done = true
		w.Entry, err = j.store.GetAction(w.Base, w.Inputs)
		return err
	}
	e, err := j.work(ctx)
	if err != nil {
		return err
	}
	if w.Entry, err = json.Marshal(e); err != nil {
		return err
	}
	err = j.store.PutAction(w.Base, w.Inputs, w.Entry)
	w.Conflict = errors.As(err, new(*cas.ConflictError))
	if w.Conflict {
		err = nil
	}
	return err
}
