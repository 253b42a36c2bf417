package cas

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/prefab-build/prefab/spec"
)

// A Sweep removes what is garbage while others work; see the rules at lease. There is one at a time.
//
// Entries go before the blobs that they name: killed between the two, it leaves blobs that nobody names, which the next
// one finds, and never an entry without its blobs.
type Sweep struct {
	// Horizon is when the oldest process that is at work began. What was used since is not removed.
	Horizon time.Time
	// Others reports whether another process was at work when the sweep began.
	Others bool

	s      *Store
	unlock func()
	lock   *flock.Flock
}

// BeginSweep begins a sweep. The caller calls End. ok is false where another one is going on.
func (s *Store) BeginSweep() (w *Sweep, ok bool, err error) {
	if s.opts.ReadOnly {
		return nil, false, s.unwritable(errReadOnly)
	}
	unlock, ok, err := s.TryLock("sweep")
	if !ok || err != nil {
		return nil, false, err
	}
	horizon, others, err := s.horizon()
	if err != nil {
		unlock()
		return nil, false, s.unwritable(err)
	}
	lock := flock.New(filepath.Join(s.root, sweepName), flock.SetPermissions(fileMode))
	return &Sweep{Horizon: horizon, Others: others, s: s, unlock: unlock, lock: lock}, true, nil
}

// End ends the sweep.
func (w *Sweep) End() {
	w.lock.Close()
	w.unlock()
}

// batch is how many files are removed under one hold of the sweep lock, for which those who work may have to wait: some
// ten milliseconds.
const batch = 256

// Entries removes entries and returns those that were used meanwhile and stay, and how many bytes went.
func (w *Sweep) Entries(ctx context.Context, list []spec.Digest) (stay []spec.Digest, freed int64, err error) {
	return w.remove(ctx, entryDir, list)
}

// Blobs removes blobs, as Entries does entries. Nothing that stays may name them, but what was written since the horizon.
func (w *Sweep) Blobs(ctx context.Context, list []spec.Digest) (stay []spec.Digest, freed int64, err error) {
	return w.remove(ctx, blobDir, list)
}

func (w *Sweep) remove(ctx context.Context, sub string, list []spec.Digest) (stay []spec.Digest, freed int64, err error) {
	for len(list) > 0 && err == nil {
		if err = ctx.Err(); err != nil {
			break
		}
		n := min(batch, len(list))
		if _, err = w.lock.TryLockContext(ctx, firstPause); err != nil {
			break
		}
		for _, d := range list[:n] {
			size, removed, e := w.removeOne(w.s.path(sub, d))
			if err = errors.Join(err, e); !removed {
				stay = append(stay, d)
			}
			freed += size
		}
		err = errors.Join(err, w.lock.Unlock())
		list = list[n:]
	}
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("removing from the cache: %w", err)
	}
	return append(stay, list...), freed, err
}

func (w *Sweep) removeOne(path string) (size int64, removed bool, err error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, true, nil
	}
	if err != nil || !info.ModTime().Before(w.Horizon) {
		return 0, false, err
	}
	if err := os.Remove(path); err != nil {
		return 0, false, err
	}
	return info.Size(), true, nil
}

// Debris removes what kills and damage left behind: temporary files, and files that were set aside before a time.
func (w *Sweep) Debris(ctx context.Context, aside time.Time) (n int, freed int64, err error) {
	for sub, before := range map[string]time.Time{tmpDir: w.Horizon, badDir: aside} {
		if before.After(w.Horizon) {
			before = w.Horizon
		}
		err := w.s.walk(ctx, sub, func(path string, e fs.DirEntry) error {
			info, err := e.Info()
			if err != nil || !info.ModTime().Before(before) {
				return nil //nolint:nilerr // moved on since it was listed
			}
			if os.Remove(path) == nil {
				n++
				freed += info.Size()
			}
			return nil
		})
		if err != nil {
			return n, freed, err
		}
	}
	return n, freed, nil
}

// Partial notes that entries may name blobs that only a store behind this one has.
func (s *Store) Partial() {
	if !s.opts.ReadOnly && !s.IsPartial() {
		_ = os.WriteFile(filepath.Join(s.root, partialName), nil, fileMode)
	}
}

// IsPartial reports whether entries may name blobs that only another store has.
func (s *Store) IsPartial() bool {
	_, err := os.Stat(filepath.Join(s.root, partialName))
	return err == nil
}

// clockSkew is how far the clock of a file system may be ahead of the machine's.
const clockSkew = time.Minute

const partialName = "partial"

// Due reports whether something that is done every so often is to be done now, and if so notes that it is: of several
// processes that ask at once few are told yes. The first time it is not.
func (s *Store) Due(name string, every time.Duration) bool {
	path := filepath.Join(s.root, name)
	info, err := os.Stat(path)
	now := s.now()
	if errors.Is(err, fs.ErrNotExist) {
		_ = os.WriteFile(path, nil, fileMode)
		return false
	}
	if err != nil {
		return false
	}
	since := now.Sub(info.ModTime()) // negative where the clock was set back: it may be long until that time comes again
	return (since >= every || since < -clockSkew) && os.Chtimes(path, now, now) == nil
}

// Index removes the lists of bases that have no entry left, and the facts about blobs that are gone. An entry or a fact
// that is written at this very moment may be forgotten: then a plan says "will run" where "may run" was possible, or
// works the fact out again.
func (w *Sweep) Index(ctx context.Context) error {
	err := w.s.each(ctx, indexDir, func(_ int, path string, f Stored) error {
		left, err := w.s.ListBase(f.Digest)
		if err == nil && len(left) == 0 {
			_ = os.Remove(path)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if w.s.IsPartial() {
		return nil // a blob that is not here may be elsewhere
	}
	return w.s.memo.compact(func(a spec.Digest) bool { return w.s.Has(a) }, w.s.writeTemp)
}
