package cas

import (
	"bytes"
	"context"
	"io"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/prefab-build/prefab/spec"
)

// Mem is a store in memory, for tests and for work that shall leave nothing behind. It behaves as Store does, but that
// nothing in it is ever damaged.
type Mem struct {
	mu      sync.Mutex // guards what follows
	blobs   map[spec.Digest][]byte
	actions map[spec.Digest]map[spec.Digest][]byte // base, inputs
	facts   map[[2]spec.Digest]spec.Digest
	locks   map[string]chan struct{} // closed when the holder lets go
}

// NewMem returns an empty store.
func NewMem() *Mem {
	return &Mem{
		blobs:   map[spec.Digest][]byte{},
		actions: map[spec.Digest]map[spec.Digest][]byte{},
		facts:   map[[2]spec.Digest]spec.Digest{},
		locks:   map[string]chan struct{}{},
	}
}

// Put is Store.Put.
func (m *Mem) Put(ctx context.Context, b []byte) (spec.Digest, error) {
	if err := ctx.Err(); err != nil {
		return spec.Digest{}, err
	}
	d := spec.HashBytes(b)
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.blobs[d]; !known {
		m.blobs[d] = bytes.Clone(b)
	}
	return d, nil
}

// Scratch is Store.Scratch, in the system's folder for such files.
func (m *Mem) Scratch() (*os.File, error) {
	f, err := os.CreateTemp("", "prefab-")
	if err == nil {
		_ = os.Remove(f.Name())
	}
	return f, err
}

// PutReader is Store.PutReader.
func (m *Mem) PutReader(ctx context.Context, r io.Reader) (spec.Digest, int64, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return spec.Digest{}, 0, err
	}
	d, err := m.Put(ctx, b)
	return d, int64(len(b)), err
}

// Get is Store.Get.
func (m *Mem) Get(ctx context.Context, d spec.Digest) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.blobs[d]
	if !ok {
		return nil, ErrNotFound
	}
	return append(make([]byte, 0, len(b)), b...), nil
}

// Open is Store.Open.
func (m *Mem) Open(ctx context.Context, d spec.Digest) (io.ReadCloser, error) {
	b, err := m.Get(ctx, d)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

// Has is Store.Has.
func (m *Mem) Has(d spec.Digest) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.blobs[d]
	return ok
}

// PutAction is Store.PutAction.
func (m *Mem) PutAction(base, inputs spec.Digest, entry []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if have, ok := m.actions[base][inputs]; ok {
		if bytes.Equal(have, entry) {
			return nil
		}
		return &ConflictError{Base: base, Inputs: inputs, Existing: bytes.Clone(have)}
	}
	if m.actions[base] == nil {
		m.actions[base] = map[spec.Digest][]byte{}
	}
	m.actions[base][inputs] = bytes.Clone(entry)
	return nil
}

// GetAction is Store.GetAction.
func (m *Mem) GetAction(base, inputs spec.Digest) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	entry, ok := m.actions[base][inputs]
	if !ok {
		return nil, ErrNotFound
	}
	return append(make([]byte, 0, len(entry)), entry...), nil
}

// DropAction is Store.DropAction.
func (m *Mem) DropAction(base, inputs spec.Digest, _ string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.actions[base], inputs)
}

// HasAction is Store.HasAction.
func (m *Mem) HasAction(base, inputs spec.Digest) bool {
	_, err := m.GetAction(base, inputs)
	return err == nil
}

// ListBase is Store.ListBase.
func (m *Mem) ListBase(base spec.Digest) ([]spec.Digest, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(maps.Keys(m.actions[base]), compareDigests), nil
}

// Memo is Store.Memo.
func (m *Mem) Memo(a, b spec.Digest) (spec.Digest, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.facts[[2]spec.Digest{a, b}]
	return c, ok
}

// PutMemo is Store.PutMemo.
func (m *Mem) PutMemo(a, b, c spec.Digest) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]spec.Digest{a, b}
	if have, ok := m.facts[key]; ok && have != c {
		return &ConflictError{Base: a, Inputs: b, Existing: have[:]}
	}
	m.facts[key] = c
	return nil
}

// Lock is Store.Lock.
func (m *Mem) Lock(ctx context.Context, name string) (unlock func(), err error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		unlock, ok, err := m.TryLock(name)
		if ok || err != nil {
			return unlock, err
		}
		m.mu.Lock()
		held := m.locks[name]
		m.mu.Unlock()
		if held == nil {
			continue // let go since
		}
		select {
		case <-ctx.Done():
		case <-held:
		}
	}
}

// TryLock is Store.TryLock.
func (m *Mem) TryLock(name string) (unlock func(), ok bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locks[name] != nil {
		return nil, false, nil
	}
	free := make(chan struct{})
	m.locks[name] = free
	return sync.OnceFunc(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.locks, name)
		close(free)
	}), true, nil
}
