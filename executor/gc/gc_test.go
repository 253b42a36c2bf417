package gc_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/gc"
	"github.com/prefab-build/prefab/spec"
)

func open(t testing.TB, dir string) *cas.Store {
	t.Helper()
	s, err := cas.Open(dir, cas.Options{Report: func(d cas.Damage) { t.Errorf("damage: %+v", d) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func digest(name string) spec.Digest { return spec.HashBytes([]byte(name)) }

// result stores the result of a stage of that name: a file of some bytes.
func result(t testing.TB, s *cas.Store, name string, size int) cas.RootAction {
	t.Helper()
	content := make([]byte, size)
	copy(content, name)
	d := must[spec.Digest](t)(s.Put(t.Context(), content))
	payload := must[[]byte](t)(json.Marshal(map[string]any{
		"counts": map[string]any{"in": 1},
		"ports": map[string]any{"files": map[string]any{
			"artifact": "model", "files": []executor.StoredFile{{Digest: d, Size: int64(size)}},
		}},
	}))
	a := cas.RootAction{Addr: "sum." + name, Base: digest(name), Inputs: digest("inputs")}
	if err := s.PutAction(a.Base, a.Inputs, payload); err != nil {
		t.Fatal(err)
	}
	return a
}

// chunk stores the result of a chunk, with a blob for what Finish will want.
func chunk(t testing.TB, s *cas.Store, name string) cas.RootAction {
	t.Helper()
	d := must[spec.Digest](t)(s.Put(t.Context(), []byte("partial "+name)))
	payload := must[[]byte](t)(json.Marshal(map[string]any{"blob": d}))
	a := cas.RootAction{Base: digest(name), Inputs: digest("inputs")}
	if err := s.PutAction(a.Base, a.Inputs, payload); err != nil {
		t.Fatal(err)
	}
	return a
}

// age makes everything in the store, or what lies under a digest, seem unused for so long.
func age(t testing.TB, s *cas.Store, by time.Duration, only ...spec.Digest) {
	t.Helper()
	then := time.Now().Add(-by)
	touch := func(path string) {
		if err := os.Chtimes(path, then, then); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	for _, sub := range []string{"cas", "ac"} {
		for _, d := range only {
			touch(filepath.Join(s.Dir(), "v1", sub, d.String()[:2], d.String()))
		}
		if len(only) > 0 {
			continue
		}
		all, err := filepath.Glob(filepath.Join(s.Dir(), "v1", sub, "*", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range all {
			touch(path)
		}
	}
}

func collect(t testing.TB, s *cas.Store, l gc.Limits) *gc.Report {
	t.Helper()
	r := must[*gc.Report](t)(gc.Collect(t.Context(), s, l, time.Now()))
	if got, err := s.Verify(t.Context(), nil); got.Damaged > 0 || err != nil {
		t.Fatalf("%+v, %v", got, err)
	}
	v := must[*gc.Survey](t)(gc.Look(t.Context(), s))
	for _, e := range v.Entries {
		if len(e.Lost) > 0 {
			t.Fatalf("an entry is left and %d of the blobs that it names are not", len(e.Lost))
		}
	}
	return r
}

func has(s *cas.Store, a cas.RootAction) bool { return s.HasAction(a.Base, a.Inputs) }

func TestWhatProjectsNeedStays(t *testing.T) {
	s := open(t, t.TempDir())
	last, kept, old := result(t, s, "last", 1000), result(t, s, "kept", 1000), result(t, s, "old", 1000)
	project := t.TempDir()
	for name, a := range map[string]cas.RootAction{"last": last, "run 3": kept} {
		if err := s.PutRoot(cas.Root{Project: project, Name: name, Actions: []cas.RootAction{a}}); err != nil {
			t.Fatal(err)
		}
	}
	must[spec.Digest](t)(s.Put(t.Context(), []byte("nobody names this")))
	age(t, s, 48*time.Hour)
	r := collect(t, s, gc.Limits{})
	if r.Entries != 1 || r.Blobs != 2 || r.Projects != 1 || r.Needed != r.Kept || r.Over != r.Kept {
		t.Errorf("got %+v", r)
	}
	if !has(s, last) || !has(s, kept) || has(s, old) {
		t.Error("the wrong results are left")
	}
	if err := s.DropRoot(project, "run 3"); err != nil {
		t.Fatal(err)
	}
	age(t, s, 48*time.Hour)
	if r := collect(t, s, gc.Limits{}); r.Entries != 1 || has(s, kept) {
		t.Errorf("a run that is not kept any more: %+v", r)
	}
}

// A project whose folder is gone holds its results for as long as they would be kept unused, and no longer.
func TestProjectThatIsGone(t *testing.T) {
	s := open(t, t.TempDir())
	a := result(t, s, "a", 1000)
	root := cas.Root{Project: filepath.Join(t.TempDir(), "gone"), Name: "last", Actions: []cas.RootAction{a}}
	if err := s.PutRoot(root); err != nil {
		t.Fatal(err)
	}
	age(t, s, 48*time.Hour)
	if collect(t, s, gc.Limits{MaxAge: time.Hour}); !has(s, a) {
		t.Error("a project that was there a moment ago lost its results")
	}
	age(t, s, 48*time.Hour)
	if collect(t, s, gc.Limits{}); has(s, a) {
		t.Error("a project that is gone holds its results for ever")
	}
}

func TestLimits(t *testing.T) {
	day := 24 * time.Hour
	for name, test := range map[string]struct {
		over   int64 // what lies there exceeds the limit by so many bytes
		maxAge time.Duration
		stay   string
	}{
		"none exceeded":          {0, 100 * day, "abcd"},
		"by age":                 {0, 15 * day, "bcd"},
		"by size chunks first":   {1, 100 * day, "abc"},
		"by size the least used": {300, 100 * day, "bc"},
		"whatever was not used":  {0, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			all := map[string]cas.RootAction{"a": result(t, s, "a", 100), "b": result(t, s, "b", 100), "c": result(t, s, "c", 100), "d": chunk(t, s, "d")}
			for name, days := range map[string]int{"a": 20, "b": 10, "c": 5, "d": 1} {
				age(t, s, time.Duration(days)*day, all[name].Address())
			}
			v := must[*gc.Survey](t)(gc.Look(t.Context(), s))
			for _, b := range v.Blobs {
				age(t, s, 20*day, b.Digest)
			}
			collect(t, s, gc.Limits{MaxBytes: v.Bytes() - test.over, MaxAge: test.maxAge})
			stay := ""
			for _, name := range []string{"a", "b", "c", "d"} {
				if has(s, all[name]) {
					stay += name
				}
			}
			if stay != test.stay {
				t.Errorf("%q stay, want %q", stay, test.stay)
			}
		})
	}
}

// What another process made or looked up since it began stays as long as it is at work.
func TestWhatAProcessUsesStays(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	seen, old := result(t, s, "seen", 1000), result(t, s, "old", 1000)
	garbage := []byte("a blob that a killed process left")
	again := must[spec.Digest](t)(s.Put(t.Context(), garbage))
	material := must[spec.Digest](t)(s.Put(t.Context(), []byte("the material of an action")))
	age(t, s, 48*time.Hour)

	other := must[*cas.Store](t)(cas.Open(dir, cas.Options{}))
	must[[]byte](t)(other.GetAction(seen.Base, seen.Inputs))
	must[spec.Digest](t)(other.Put(t.Context(), garbage)) // finds it there
	if !other.Use(material) || other.Use(digest("not there")) {
		t.Error("using a blob says that the wrong one is there")
	}
	made := must[spec.Digest](t)(other.Put(t.Context(), []byte("made just now, and not yet named")))
	r := collect(t, s, gc.Limits{})
	if !has(s, seen) || has(s, old) || !s.Has(again) || !s.Has(made) || !s.Has(material) {
		t.Errorf("seen %t, old %t, found %t, made %t", has(s, seen), has(s, old), s.Has(again), s.Has(made))
	}
	if r.InUse == 0 {
		t.Errorf("got %+v", r)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	age(t, s, time.Second)
	if r := collect(t, s, gc.Limits{}); r.Kept != 0 {
		t.Errorf("the process has ended, and %d bytes stay: %+v", r.Kept, r)
	}
}

func TestOneAtATime(t *testing.T) {
	s := open(t, t.TempDir())
	w, ok, err := s.BeginSweep()
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, err := gc.Collect(context.Background(), s, gc.Limits{}, time.Now()); !errors.Is(err, gc.ErrBusy) {
		t.Errorf("got %v", err)
	}
	w.End()
	collect(t, s, gc.Limits{})
}
