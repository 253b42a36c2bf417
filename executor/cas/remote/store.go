package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/spec"
)

// senders is how many blobs are on their way at once: enough to hide the latency of a line, few enough to leave it to
// others.
const senders = 8

// A Store is a local store with a remote behind it. What it inherits works on the local store alone.
type Store struct {
	*cas.Store
	remote   Remote
	readOnly bool
	warn     func(string)

	lines  chan struct{} // one for each blob on its way
	warned sync.Once     // of damage there
	down   atomic.Bool   // the remote failed, and is not asked again by this process

	mu      sync.Mutex
	sending *errgroup.Group // the blobs that were put since the last entry
	tail    chan struct{}   // closed when all that was put before the last entry, and that, is there
	sent    map[spec.Digest]bool
	damaged map[spec.Digest]bool // blobs of which the remote has another content
	found   map[action][]byte    // entries that came from there
	refused map[action]bool      // entries from there that are of no use
}

// An action is the key of an entry.
type action struct{ base, inputs spec.Digest }

// New returns the store. A remote that is read only gets nothing. warn is told, once, that the remote does not work,
// and, once too, of blobs and entries from it that were not what they should be.
func New(local *cas.Store, r Remote, readOnly bool, warn func(string)) *Store {
	s := &Store{
		Store: local, remote: r, readOnly: readOnly, warn: warn,
		sent: map[spec.Digest]bool{}, damaged: map[spec.Digest]bool{}, found: map[action][]byte{}, refused: map[action]bool{},
		tail: make(chan struct{}), sending: &errgroup.Group{}, lines: make(chan struct{}, senders),
	}
	close(s.tail)
	local.Partial() // what is restored is fetched when it is read
	return s
}

// failed notes, of an error that is none of what a remote may say, that the remote does not work. A cancelled context is no failure of it.
func (s *Store) failed(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil || errors.Is(err, cas.ErrNotFound) || !s.down.CompareAndSwap(false, true) {
		return
	}
	s.warn(fmt.Sprintf("the remote cache %s does not work: %v. This run goes on without it.", s.remote, err))
}

// Get is cas.Store.Get; a blob that is not here is fetched first.
func (s *Store) Get(ctx context.Context, d spec.Digest) ([]byte, error) {
	b, err := s.Store.Get(ctx, d)
	if errors.Is(err, cas.ErrNotFound) && s.fetch(ctx, d) {
		return s.Store.Get(ctx, d)
	}
	return b, err
}

// Open is cas.Store.Open; a blob that is not here is fetched first.
func (s *Store) Open(ctx context.Context, d spec.Digest) (io.ReadCloser, error) {
	r, err := s.Store.Open(ctx, d)
	if errors.Is(err, cas.ErrNotFound) && s.fetch(ctx, d) {
		return s.Store.Open(ctx, d)
	}
	return r, err
}

// fetch brings a blob here, and reports whether it did. Its content is hashed on the way; another content than the
// digest promises is not stored under it, and is told of.
func (s *Store) fetch(ctx context.Context, d spec.Digest) bool {
	if s.down.Load() || s.isDamaged(d) {
		return false
	}
	r, err := s.remote.Blob(ctx, d)
	if err != nil {
		s.failed(ctx, err)
		return false
	}
	defer r.Close()
	w := s.Create(ctx)
	defer w.Close()
	if _, err := io.Copy(w, r); err != nil {
		s.failed(ctx, err)
		return false
	}
	got, err := w.Commit()
	switch {
	case err != nil:
		s.failed(ctx, err)
		return false
	case got != d:
		s.mu.Lock()
		s.damaged[d] = true
		s.mu.Unlock()
		s.suspect(fmt.Sprintf("gave another content for %s", d.Short()))
		return false
	}
	s.mu.Lock()
	s.sent[d] = true
	s.mu.Unlock()
	return true
}

// suspect warns, once, of what the remote has and should not.
func (s *Store) suspect(text string) {
	s.warned.Do(func() {
		s.warn(fmt.Sprintf("the remote cache %s %s. It is not used, nor is what else is damaged there.", s.remote, text))
	})
}

// isDamaged reports whether what the remote has for a blob is something else: it is no use, and is replaced when the blob
// is made here.
func (s *Store) isDamaged(d spec.Digest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.damaged[d]
}

// Has reports whether there is a blob d, here or there.
func (s *Store) Has(d spec.Digest) bool {
	if s.Store.Has(d) {
		return true
	}
	if s.down.Load() || s.isDamaged(d) {
		return false
	}
	ctx := context.Background()
	ok, err := s.remote.HasBlob(ctx, d)
	s.failed(ctx, err)
	return ok
}

// Put is cas.Store.Put; the blob is sent, too, while the caller goes on.
func (s *Store) Put(ctx context.Context, b []byte) (spec.Digest, error) {
	d, err := s.Store.Put(ctx, b)
	if err == nil {
		s.send(d, int64(len(b)))
	}
	return d, err
}

// PutReader is cas.Store.PutReader; the blob is sent, too, while the caller goes on.
func (s *Store) PutReader(ctx context.Context, r io.Reader) (spec.Digest, int64, error) {
	d, n, err := s.Store.PutReader(ctx, r)
	if err == nil {
		s.send(d, n)
	}
	return d, n, err
}

// send begins to send a blob from the local store.
func (s *Store) send(d spec.Digest, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent[d] || s.readOnly || s.down.Load() {
		return
	}
	s.sent[d] = true
	replace := len(s.damaged) > 0 // what else it has may be damaged, too
	s.sending.Go(func() error {
		s.lines <- struct{}{}
		defer func() { <-s.lines }()
		ctx := context.Background()
		if !replace {
			if ok, err := s.remote.HasBlob(ctx, d); ok || err != nil {
				s.failed(ctx, err)
				return err
			}
		}
		r, err := s.Store.Open(ctx, d)
		if err != nil {
			return err // lost meanwhile: whoever reads it finds that out
		}
		defer r.Close()
		err = s.remote.PutBlob(ctx, d, size, r)
		s.failed(ctx, err)
		return err
	})
}

// GetAction returns an entry that is here or there. One from there is not stored here: whoever uses it puts it.
func (s *Store) GetAction(base, inputs spec.Digest) ([]byte, error) {
	entry, err := s.Store.GetAction(base, inputs)
	if !errors.Is(err, cas.ErrNotFound) || s.down.Load() {
		return entry, err
	}
	key := action{base, inputs}
	s.mu.Lock()
	known, refused := s.found[key], s.refused[key]
	s.mu.Unlock()
	switch {
	case refused:
		return nil, err
	case known != nil:
		return known, nil
	}
	ctx := context.Background()
	entry, farErr := s.remote.Entry(ctx, base, inputs)
	switch {
	case errors.Is(farErr, cas.ErrBadEntry):
		s.suspect(fmt.Sprintf("has a damaged entry: %v", farErr))
		return nil, err
	case farErr != nil:
		s.failed(ctx, farErr)
		return nil, err
	}
	s.mu.Lock()
	s.found[key] = entry
	s.mu.Unlock()
	return entry, nil
}

// FromRemote reports whether GetAction found the entry there and not here.
func (s *Store) FromRemote(base, inputs spec.Digest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.found[action{base, inputs}] != nil
}

// DropAction is cas.Store.DropAction. The remote is not asked for that entry again: it may have the same one.
func (s *Store) DropAction(base, inputs spec.Digest, reason string) {
	s.mu.Lock()
	delete(s.found, action{base, inputs})
	s.refused[action{base, inputs}] = true
	s.mu.Unlock()
	s.Store.DropAction(base, inputs, reason)
}

// PutAction is cas.Store.PutAction. The entry is sent, too, while the caller goes on: after all that was put before it,
// and not at all when some of that could not be sent.
func (s *Store) PutAction(base, inputs spec.Digest, entry []byte) error {
	if err := s.Store.PutAction(base, inputs, entry); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := action{base, inputs}
	theirs := bytes.Equal(s.found[key], entry)
	delete(s.found, key)
	if theirs || s.readOnly || s.down.Load() {
		return nil
	}
	blobs, before, done := s.sending, s.tail, make(chan struct{})
	s.sending, s.tail = &errgroup.Group{}, done
	go func() {
		defer close(done)
		<-before
		if blobs.Wait() != nil || s.down.Load() {
			return
		}
		ctx := context.Background()
		s.failed(ctx, s.remote.PutEntry(ctx, base, inputs, entry))
	}()
	return nil
}

// Flush waits until all that was put is there, or is given up.
func (s *Store) Flush() {
	s.mu.Lock()
	blobs, tail := s.sending, s.tail
	s.sending = &errgroup.Group{}
	s.mu.Unlock()
	_ = blobs.Wait() // an error was told of
	<-tail
}
