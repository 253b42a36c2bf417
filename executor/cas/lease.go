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

// Collecting garbage while others work is safe by three rules.
//
// A process that opens a store takes a lease: a locked file in v1/leases, whose time is when it began. The kernel gives
// the lock back when the process ends, however it ends.
//
// What a process relies on is younger than its lease. What it writes is so by itself; an entry that it reads, and a blob
// that it would have written and finds there, are touched where they are older (the time of a file is when it was last
// used). Blobs that an entry names need no touch: who collects keeps them as long as the entry.
//
// Nothing is removed that is younger than the oldest lease, or than the beginning of the collection. Looking at the time
// and removing is one step under the sweep lock, which touching shares.
//
// All these times are the file system's, so that no two clocks are compared. A clock that is set back takes the leases back
// with it: who writes afterwards moves its lease to before what it writes (rewind), and until it does, a lease that begins
// in the future keeps everything.
type lease struct {
	file  *flock.Flock
	path  string
	mu    sync.Mutex // guards since
	since time.Time
}

// begun returns when the lease began.
func (l *lease) begun() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.since
}

// rewind moves the lease back, where the clock was set back since it began.
func (s *Store) rewind() {
	l := &s.lease
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := s.now(); !l.since.IsZero() && now.Before(l.since.Add(-clockSkew)) {
		if earlier := now.Add(-clockSkew); os.Chtimes(l.path, earlier, earlier) == nil {
			l.since = earlier
		}
	}
}

const (
	leaseDir  = "leases"
	sweepName = "sweep.lock"
)

// takeLease makes the process known to those who collect garbage. It also finds out whether the folder can be written:
// folders that exist say nothing about permissions, quotas or read-only mounts, and a user should hear of those before an
// hour of work, not after.
func (s *Store) takeLease() error {
	for {
		f, err := os.CreateTemp(filepath.Join(s.root, leaseDir), "lease-")
		if err != nil {
			return err
		}
		path := f.Name()
		if err := f.Close(); err != nil {
			return err
		}
		locked, err := lockFile(path)
		if err != nil {
			return err
		}
		if locked == nil { // taken for that of a dead process, between the two steps
			continue
		}
		info, err := locked.Stat()
		if err != nil {
			locked.Close()
			return err
		}
		s.lease.file, s.lease.path, s.lease.since = locked, path, info.ModTime()
		return nil
	}
}

// Close gives the lease back. What the store gave may then be removed by whoever collects garbage; the store is of no
// further use. A process that ends need not close.
func (s *Store) Close() error {
	s.unshare()
	if s.lease.file == nil {
		return nil
	}
	err := s.lease.file.Close()
	s.lease.file = nil
	_ = os.Remove(s.lease.path) // may be done already by whoever collects
	return err
}

// touch makes the file at path younger than the lease, unless it is. It reports false where the file is gone.
func (s *Store) touch(path string, used time.Time) bool {
	if s.rewind(); s.opts.ReadOnly || !used.Before(s.lease.begun()) {
		return true
	}
	s.sweeps.Lock()
	defer s.sweeps.Unlock()
	if err := s.share(); err != nil {
		return false // to make a thing again is always right
	}
	now := s.now()
	err := os.Chtimes(path, now, now)
	return !errors.Is(err, fs.ErrNotExist)
}

// shareFor is how long the sweep lock is shared after a touch, since another touch is likely to follow: a plan reads
// entries by the thousand, and taking the lock costs more than touching. Whoever sweeps waits as long.
const shareFor = 20 * time.Millisecond

// shareIn is how long the lock is waited for. A sweep holds it for some ten milliseconds, unless somebody has stopped it.
const shareIn = 5 * time.Second

// share takes the sweep lock together with others, for a while. The caller holds s.sweeps.
func (s *Store) share() error {
	if s.shared != nil {
		return nil
	}
	sweep := flock.New(filepath.Join(s.root, sweepName), flock.SetPermissions(fileMode))
	ctx, cancel := context.WithTimeout(context.Background(), shareIn)
	defer cancel()
	if _, err := sweep.TryRLockContext(ctx, firstPause); err != nil {
		return errors.Join(err, sweep.Close())
	}
	s.shared = sweep
	time.AfterFunc(shareFor, s.unshare)
	return nil
}

func (s *Store) unshare() {
	s.sweeps.Lock()
	defer s.sweeps.Unlock()
	if s.shared != nil {
		s.shared.Close()
		s.shared = nil
	}
}

// Use says that the caller relies on the blob d, which no entry that it read may name, and reports whether it is there.
func (s *Store) Use(d spec.Digest) bool {
	path := s.path(blobDir, d)
	info, err := os.Stat(path)
	return err == nil && info.Size() > 0 && s.touch(path, info.ModTime())
}

// horizon returns the time before which nothing is in use: that of the oldest lease of others, if there are any, or now.
func (s *Store) horizon() (oldest time.Time, others bool, err error) {
	dir := filepath.Join(s.root, leaseDir)
	probe, err := os.CreateTemp(filepath.Join(s.root, tmpDir), "now-")
	if err != nil {
		return oldest, false, err
	}
	info, err := probe.Stat()
	if err = errors.Join(err, probe.Close(), os.Remove(probe.Name())); err != nil {
		return oldest, false, err
	}
	now := info.ModTime()
	oldest = now
	files, err := os.ReadDir(dir)
	if err != nil {
		return oldest, false, fmt.Errorf("reading the cache: %w", err)
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		if path == s.lease.path {
			continue
		}
		since, held, err := leaseOf(path)
		if err != nil {
			return oldest, false, err
		}
		others = others || held
		switch {
		case held && since.After(now.Add(clockSkew)):
			return time.Time{}, true, nil // the clock was set back since: what it wrote looks older than it is
		case held && since.Before(oldest):
			oldest = since
		}
	}
	return oldest, others, nil
}

// leaseOf looks at a lease, and removes that of a process that is gone.
func leaseOf(path string) (since time.Time, held bool, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return since, false, nil
	}
	if err != nil {
		return since, false, err
	}
	f, err := lockFile(path)
	switch {
	case err != nil:
		return since, false, err
	case f != nil:
		_ = os.Remove(path)
		return since, false, f.Close()
	}
	return info.ModTime(), true, nil
}
