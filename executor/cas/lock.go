package cas

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/prefab-build/prefab/spec"
)

// Waiters ask again after these pauses. The kernel can wake a waiter by itself, but then the wait cannot be given up; a
// lock is held for the length of a stage or of a request, next to which a quarter of a second is nothing.
const (
	firstPause = time.Millisecond
	lastPause  = 250 * time.Millisecond
)

// Lock takes the lock called name, which one caller among all processes of this machine holds at a time, and waits for
// it until ctx is done. The caller calls unlock once; the kernel does it for a process that dies.
func (s *Store) Lock(ctx context.Context, name string) (unlock func(), err error) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for wait := firstPause; ; wait = min(2*wait, lastPause) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		unlock, ok, err := s.TryLock(name)
		if err != nil || ok {
			return unlock, err
		}
		pause.Reset(wait)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
	}
}

// TryLock is Lock without waiting: ok reports whether the lock was free.
func (s *Store) TryLock(name string) (unlock func(), ok bool, err error) {
	if s.opts.ReadOnly {
		return nil, false, s.unwritable(errReadOnly)
	}
	id := spec.HashBytes([]byte(name))
	if !s.locks.take(id) {
		return nil, false, nil
	}
	path := filepath.Join(s.root, lockDir, id.String())
	file, err := lockFile(path)
	if file == nil {
		s.locks.drop(id)
		if err != nil {
			err = s.unwritable(err)
		}
		return nil, false, err
	}
	return sync.OnceFunc(func() {
		// Removed while held, so that there are as many files as locks held, not one per request ever made. On Windows
		// an open file cannot be removed, and stays.
		os.Remove(path)
		file.Close()
		s.locks.drop(id)
	}), true, nil
}

// lockFile locks the file at path, and returns nil where somebody else holds it. A file that its last holder removed
// between our opening and locking it locks nothing any more: then the caller tries again.
func lockFile(path string) (*flock.Flock, error) {
	f := flock.New(path, flock.SetPermissions(fileMode))
	ok, err := f.TryLock()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	if !ok {
		f.Close()
		return nil, nil
	}
	held, err := f.Stat()
	if err == nil {
		var named fs.FileInfo
		named, err = os.Stat(path)
		if err == nil && os.SameFile(held, named) {
			return f, nil
		}
	}
	f.Close()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return nil, nil
}

// inProcess holds the locks that this process has, since kernels differ in whether a process excludes itself.
type inProcess struct {
	mu   sync.Mutex // guards held
	held map[spec.Digest]bool
}

func (p *inProcess) take(id spec.Digest) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held[id] {
		return false
	}
	if p.held == nil {
		p.held = map[spec.Digest]bool{}
	}
	p.held[id] = true
	return true
}

func (p *inProcess) drop(id spec.Digest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.held, id)
}
