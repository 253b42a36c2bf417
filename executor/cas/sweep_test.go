package cas_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/spec"
)

// old makes everything in the store seem unused for an hour.
func old(t *testing.T, s *cas.Store) {
	t.Helper()
	for _, sub := range []string{"cas", "ac"} {
		files, err := filepath.Glob(filepath.Join(s.Dir(), "v1", sub, "*", "*"))
		if err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-time.Hour)
		for _, f := range files {
			if err := os.Chtimes(f, then, then); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func sweep(t *testing.T, s *cas.Store) *cas.Sweep {
	t.Helper()
	w, ok, err := s.BeginSweep()
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	t.Cleanup(w.End)
	return w
}

// What is used after a sweep has begun stays, and what was only there goes.
func TestSweepLeavesWhatIsUsedMeanwhile(t *testing.T) {
	s, _ := open(t)
	ctx := t.Context()
	names := []string{"read", "found", "named", "left"}
	digests := make([]spec.Digest, len(names))
	addresses := make([]spec.Digest, len(names))
	for i, name := range names {
		d, err := s.Put(ctx, []byte(name))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.PutAction(d, d, []byte(name)); err != nil {
			t.Fatal(err)
		}
		digests[i], addresses[i] = d, cas.RootAction{Base: d, Inputs: d}.Address()
	}
	old(t, s)
	w := sweep(t, s)
	if _, ok, err := s.BeginSweep(); ok || err != nil {
		t.Errorf("a second sweep began, %v", err)
	}
	other, err := cas.Open(s.Dir(), cas.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.GetAction(digests[0], digests[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Put(ctx, []byte("found")); err != nil {
		t.Fatal(err)
	}
	if !other.Use(digests[2]) {
		t.Fatal("a blob is gone")
	}
	stay, _, err := w.Entries(ctx, addresses)
	if err != nil || !slices.Equal(stay, addresses[:1]) {
		t.Errorf("%d entries stay, %v", len(stay), err)
	}
	stay, freed, err := w.Blobs(ctx, digests)
	if err != nil || !slices.Equal(stay, digests[1:3]) || freed == 0 {
		t.Errorf("%d blobs stay, %d bytes went, %v", len(stay), freed, err)
	}
}

// A reader that comes upon an entry just as it is removed finds nothing, and not an entry without its blobs.
func TestEntryThatWentIsAMiss(t *testing.T) {
	s, _ := open(t)
	d, err := s.Put(t.Context(), []byte("blob"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutAction(d, d, []byte("entry")); err != nil {
		t.Fatal(err)
	}
	old(t, s)
	w := sweep(t, s)
	other, err := cas.Open(s.Dir(), cas.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if stay, _, err := w.Entries(t.Context(), []spec.Digest{cas.RootAction{Base: d, Inputs: d}.Address()}); len(stay) > 0 || err != nil {
		t.Fatal(stay, err)
	}
	if _, err := other.GetAction(d, d); err == nil {
		t.Error("an entry that was removed is given")
	}
}

// A lease holds as long as its process lives, and no longer.
func TestLeases(t *testing.T) {
	s, _ := open(t)
	other, err := cas.Open(s.Dir(), cas.Options{})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	time.Sleep(30 * time.Millisecond)
	w := sweep(t, s)
	if !w.Horizon.Before(began.Add(10 * time.Millisecond)) {
		t.Errorf("another began at %v, and the horizon is %v", began, w.Horizon)
	}
	w.End()
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	// What a process that was killed leaves behind is a file that nobody locks.
	dead := filepath.Join(s.Dir(), "v1", "leases", "lease-dead")
	write(t, dead, nil)
	if err := os.Chtimes(dead, began.Add(-time.Hour), began.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	w = sweep(t, s)
	if !w.Horizon.After(began) {
		t.Errorf("nobody else is at work, and the horizon is %v", w.Horizon)
	}
	if _, err := os.Stat(dead); err == nil {
		t.Error("the lease of a process that is gone was left")
	}
}

// What kills leave behind goes; what was set aside stays for a while, for a person to look at.
func TestDebris(t *testing.T) {
	s, _ := open(t)
	hour := time.Now().Add(-time.Hour)
	for _, name := range []string{"tmp/put-1", "bad/blob-1", "bad/blob-2"} {
		path := filepath.Join(s.Dir(), "v1", filepath.FromSlash(name))
		write(t, path, []byte("x"))
		if name != "bad/blob-2" {
			if err := os.Chtimes(path, hour, hour); err != nil {
				t.Fatal(err)
			}
		}
	}
	live, err := cas.Open(s.Dir(), cas.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	path := filepath.Join(s.Dir(), "v1", "tmp", "put-2") // of a process at work
	write(t, path, []byte("x"))
	w := sweep(t, s)
	if n, freed, err := w.Debris(t.Context(), hour.Add(time.Minute)); n != 2 || freed != 2 || err != nil {
		t.Errorf("%d files, %d bytes went, %v", n, freed, err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error("a file that is being written went")
	}
	if _, err := os.Stat(filepath.Join(s.Dir(), "v1", "bad", "blob-2")); err != nil {
		t.Error("what was set aside just now went")
	}
}

// Where the clock was set back while a process is at work, what it writes looks older than its lease, and stays.
func TestLeaseOfAClockThatWasSetBack(t *testing.T) {
	dir := t.TempDir()
	began := time.Now()
	back := 0 * time.Hour
	worker, err := cas.Open(dir, cas.Options{Now: func() time.Time { return time.Now().Add(-back) }})
	if err != nil {
		t.Fatal(err)
	}
	defer worker.Close()
	back = time.Hour
	d, err := worker.Put(t.Context(), []byte("written after the clock was set back"))
	if err != nil {
		t.Fatal(err)
	}
	then := began.Add(-back)
	if err := os.Chtimes(worker.BlobPath(d), then, then); err != nil { // as that clock has it
		t.Fatal(err)
	}
	collector, err := cas.Open(dir, cas.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer collector.Close()
	w := sweep(t, collector)
	if stay, _, err := w.Blobs(t.Context(), []spec.Digest{d}); err != nil || len(stay) != 1 {
		t.Errorf("what a process wrote is collected while it runs: %v", err)
	}
	if w.Horizon.Before(then.Add(-2 * time.Minute)) {
		t.Errorf("nothing is collected: the horizon is %v", w.Horizon)
	}
}

// A lease that begins in the future is one of which nobody knows when it began.
func TestLeaseInTheFuture(t *testing.T) {
	dir := t.TempDir()
	worker, err := cas.Open(dir, cas.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer worker.Close()
	leases, err := filepath.Glob(filepath.Join(dir, "v1", "leases", "*"))
	if err != nil || len(leases) != 1 {
		t.Fatal(leases, err)
	}
	then := time.Now().Add(time.Hour)
	if err := os.Chtimes(leases[0], then, then); err != nil {
		t.Fatal(err)
	}
	collector, err := cas.Open(dir, cas.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer collector.Close()
	if w := sweep(t, collector); !w.Horizon.IsZero() {
		t.Errorf("the horizon is %v", w.Horizon)
	}
}
