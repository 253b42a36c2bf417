package cli

import (
	"context"
	"sync"

	"github.com/prefab-build/prefab/cmd/prefab/internal/recall"
	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/cas/remote"
	"github.com/prefab-build/prefab/spec"
)

// watchStore returns the store as the planner and the executor see it, noting what is taken from it.
func (r *remembering) watchStore(s *session) executor.Store {
	if r == nil {
		return s.store
	}
	if r.store == nil {
		r.store = &watchedStore{Store: s.store, local: s.local, blobs: map[spec.Digest]bool{}, actions: map[[2]spec.Digest]bool{}}
	}
	return r.store
}

// A watchedStore notes what it was asked for and had. It stops when something is missing: then there is work to do.
type watchedStore struct {
	executor.Store
	local   *cas.Store
	mu      sync.Mutex // guards what follows
	blobs   map[spec.Digest]bool
	actions map[[2]spec.Digest]bool
	missed  bool
}

// stop forgets what was noted, and notes nothing more.
func (w *watchedStore) stop() {
	if w != nil {
		w.note(false, nil)
	}
}

func (w *watchedStore) note(found bool, note func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !found:
		w.missed, w.blobs, w.actions = true, nil, nil
	case !w.missed:
		note()
	}
}

// GetAction implements executor.Store.
func (w *watchedStore) GetAction(base, inputs spec.Digest) ([]byte, error) {
	b, err := w.Store.GetAction(base, inputs)
	w.note(err == nil, func() { w.actions[[2]spec.Digest{base, inputs}] = true })
	return b, err
}

// FromRemote reports whether an entry came from a remote store; see package remote.
func (w *watchedStore) FromRemote(base, inputs spec.Digest) bool {
	far, ok := w.Store.(*remote.Store)
	return ok && far.FromRemote(base, inputs)
}

// RawSize is cas.Store's: a stage's memory is estimated by it. It decides nothing, and is not noted.
func (w *watchedStore) RawSize(d spec.Digest) (int64, error) { return w.local.RawSize(d) }

// Get implements executor.Store.
func (w *watchedStore) Get(ctx context.Context, d spec.Digest) ([]byte, error) {
	b, err := w.Store.Get(ctx, d)
	w.note(err == nil, func() { w.blobs[d] = true })
	return b, err
}

// Has implements executor.Store.
func (w *watchedStore) Has(d spec.Digest) bool {
	ok := w.Store.Has(d)
	w.note(ok, func() { w.blobs[d] = true })
	return ok
}

// kept notes the files of all that was taken from the store, each of which was sound when it was. A bit that flips in one
// of them later is not looked for here: whoever reads it next finds it.
func (w *watchedStore) kept(by *recall.Witness) bool {
	if w == nil || w.missed {
		return false
	}
	// What is not on this machine would have to be asked for elsewhere.
	for k := range w.actions {
		if !by.Kept(w.local.ActionPath(k[0], k[1])) {
			return false
		}
	}
	for d := range w.blobs {
		if !by.Kept(w.local.BlobPath(d)) {
			return false
		}
	}
	return true
}
