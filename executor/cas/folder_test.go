package cas_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/spec"
)

func TestUnwritableFolderSaysWhatToDo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, []byte("no folder"))
	dir := filepath.Join(file, "cache")
	_, err := cas.Open(dir, cas.Options{})
	folder := (*cas.FolderError)(nil)
	if !errors.As(err, &folder) || folder.Dir != dir {
		t.Fatalf("got %v", err)
	}
	for _, part := range []string{dir, "not a directory", "PREFAB_CACHE", `cache { path = "…" }`} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}

func TestFolderWithoutPermission(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	if os.WriteFile(filepath.Join(dir, "x"), nil, 0o600) == nil {
		t.Skip("this user may write everywhere")
	}
	if _, err := cas.Open(dir, cas.Options{}); !errors.Is(err, os.ErrPermission) {
		t.Errorf("got %v", err)
	}
}

func TestFolderLostWhileOpen(t *testing.T) {
	s, _ := open(t)
	if err := os.RemoveAll(s.Dir()); err != nil {
		t.Fatal(err)
	}
	write(t, s.Dir(), []byte("now a file"))
	d := spec.HashBytes(nil)
	_, putErr := s.Put(t.Context(), []byte("x"))
	_, _, lockErr := s.TryLock("x")
	_, _, streamErr := s.PutReader(t.Context(), strings.NewReader(strings.Repeat("x", 3<<20)))
	for name, err := range map[string]error{
		"Put": putErr, "PutReader": streamErr, "PutAction": s.PutAction(d, d, nil), "PutMemo": s.PutMemo(d, d, d),
		"TryLock": lockErr, "PutRoot": s.PutRoot(cas.Root{}),
	} {
		if !errors.As(err, new(*cas.FolderError)) {
			t.Errorf("%s gave %v", name, err)
		}
	}
}

func TestReadOnly(t *testing.T) {
	absent := filepath.Join(t.TempDir(), "absent")
	s, err := cas.Open(absent, cas.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	d := spec.HashBytes([]byte("x"))
	if _, err := s.Get(t.Context(), d); !errors.Is(err, cas.ErrNotFound) {
		t.Errorf("Get: %v", err)
	}
	if _, err := s.GetAction(d, d); !errors.Is(err, cas.ErrNotFound) {
		t.Errorf("GetAction: %v", err)
	}
	if _, ok := s.Memo(d, d); ok {
		t.Error("Memo knows something")
	}
	if roots, err := s.Roots(); err != nil || len(roots) != 0 {
		t.Errorf("Roots: %v, %v", roots, err)
	}
	if u, err := s.Usage(t.Context()); err != nil || u != (cas.Usage{}) {
		t.Errorf("Usage: %v, %v", u, err)
	}
	if _, err := s.Put(t.Context(), []byte("x")); !errors.As(err, new(*cas.FolderError)) {
		t.Errorf("Put: %v", err)
	}
	if err := s.PutAction(d, d, nil); !errors.As(err, new(*cas.FolderError)) {
		t.Errorf("PutAction: %v", err)
	}
	if err := s.PutMemo(d, d, d); !errors.As(err, new(*cas.FolderError)) {
		t.Errorf("PutMemo: %v", err)
	}
	if _, err := os.Stat(absent); !errors.Is(err, os.ErrNotExist) {
		t.Error("a store that is only read was made")
	}
}

// What is damaged stays where it is when a store is only read, and is a miss all the same.
func TestReadOnlyLeavesDamage(t *testing.T) {
	s, _ := open(t)
	d, err := s.Put(t.Context(), []byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	path := onlyFile(t, s, "cas")
	write(t, path, []byte("\x01contend"))
	var reported []cas.Damage
	r, err := cas.Open(s.Dir(), cas.Options{ReadOnly: true, Report: func(d cas.Damage) { reported = append(reported, d) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Get(t.Context(), d); !errors.Is(err, cas.ErrNotFound) {
		t.Errorf("Get: %v", err)
	}
	if len(reported) != 1 || reported[0].Moved != "" || !s.Has(d) {
		t.Errorf("reported %+v", reported)
	}
}

func TestIndexIsRebuilt(t *testing.T) {
	s, _ := open(t)
	base := spec.HashBytes([]byte("base"))
	for _, in := range []string{"a", "b", "c"} {
		if err := s.PutAction(base, spec.HashBytes([]byte(in)), []byte(in)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := s.ListBase(base)
	if err != nil || len(want) != 3 {
		t.Fatalf("listed %v, %v", want, err)
	}
	if err := os.RemoveAll(filepath.Join(s.Dir(), "v1", "ix")); err != nil {
		t.Fatal(err)
	}
	if s, err = cas.Open(s.Dir(), cas.Options{}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.ListBase(base); err != nil || len(got) != 3 || got[0] != want[0] || got[2] != want[2] {
		t.Errorf("listed %v, %v; want %v", got, err, want)
	}

	// A record torn in the middle of the file costs that record only, until the next rebuilding.
	index := onlyFile(t, s, "ix")
	b, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	write(t, index, append(b[:50:50], b[80:]...)) // the second of three records of 40 bytes lost its end
	if got, err := s.ListBase(base); err != nil || len(got) != 2 {
		t.Errorf("listed %v, %v; want two", got, err)
	}
	if err := s.RebuildIndex(); err != nil {
		t.Fatal(err)
	}
	if got, err := s.ListBase(base); err != nil || len(got) != 3 {
		t.Errorf("listed %v, %v; want three", got, err)
	}
}

func TestMemoOutlivesTearing(t *testing.T) {
	s, _ := open(t)
	fact := func(i byte) (a, b, c spec.Digest) {
		return spec.HashBytes([]byte{i}), spec.HashBytes([]byte{i, i}), spec.HashBytes([]byte{i, i, i})
	}
	put := func(s *cas.Store, i byte) {
		t.Helper()
		if err := s.PutMemo(fact(i)); err != nil {
			t.Fatal(err)
		}
	}
	knows := func(s *cas.Store, i byte) bool {
		a, b, c := fact(i)
		got, ok := s.Memo(a, b)
		return ok && got == c
	}
	put(s, 1)
	put(s, 2)
	path := filepath.Join(s.Dir(), "v1", "memo")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, whole[:len(whole)-30]) // the second was being written when the process was killed
	again, err := cas.Open(s.Dir(), cas.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !knows(again, 1) || knows(again, 2) {
		t.Error("want the first fact and not the torn one")
	}
	put(again, 3) // behind the torn one
	put(again, 4)
	third, err := cas.Open(s.Dir(), cas.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !knows(third, 1) || knows(third, 2) || !knows(third, 3) || !knows(third, 4) {
		t.Error("want the facts around the torn one")
	}
	put(s, 5)
	if !knows(third, 5) {
		t.Error("a fact of another process does not become known")
	}
}

func TestRoots(t *testing.T) {
	s, damage := open(t)
	a, b := spec.HashBytes([]byte("a")), spec.HashBytes([]byte("b"))
	one := cas.Root{Project: "/one", Name: "last", Actions: []cas.RootAction{{Addr: "split.main", Base: a, Inputs: b}}}
	kept := cas.Root{Project: "/one", Name: "run 3"}
	other := cas.Root{Project: "/other", Name: "last"}
	for _, r := range []cas.Root{other, kept, one, one} {
		if err := s.PutRoot(r); err != nil {
			t.Fatal(err)
		}
	}
	roots, err := s.Roots()
	if err != nil || len(roots) != 3 || roots[0].Actions[0] != one.Actions[0] || roots[1].Name != "run 3" || roots[2].Project != "/other" {
		t.Errorf("got %+v, %v", roots, err)
	}
	if err := s.DropRoot("/one", "run 3"); err != nil {
		t.Fatal(err)
	}
	if r, ok := s.Root("/one", "last"); !ok || len(r.Actions) != 1 {
		t.Errorf("got %+v", r)
	}
	if _, ok := s.Root("/one", "run 3"); ok {
		t.Error("a root that was dropped is there")
	}
	write(t, filepath.Join(s.Dir(), "v1", "roots", a.String()), []byte("torn"))
	if roots, err := s.Roots(); err != nil || len(roots) != 2 || len(*damage) != 1 {
		t.Errorf("got %+v, %v, reported %v", roots, err, *damage)
	}
}

func TestStats(t *testing.T) {
	s, _ := open(t)
	ctx := t.Context()
	content := []byte(strings.Repeat("again and again ", 1000))
	for range 3 {
		if _, err := s.Put(ctx, content); err != nil {
			t.Fatal(err)
		}
	}
	d := spec.HashBytes(content)
	if _, err := s.Get(ctx, d); err != nil {
		t.Fatal(err)
	}
	if _, err := s.GetAction(d, d); !errors.Is(err, cas.ErrNotFound) {
		t.Fatal(err)
	}
	got := s.Stats()
	if got.StoredBytes <= 0 || got.StoredBytes > got.RawBytes/10 {
		t.Errorf("%d bytes take %d", got.RawBytes, got.StoredBytes)
	}
	got.StoredBytes = 0
	if want := (cas.Stats{Puts: 1, Known: 2, Hits: 1, Misses: 1, RawBytes: 16_000}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
