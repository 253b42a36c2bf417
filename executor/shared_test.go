package executor_test

import (
	"context"
	"testing"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/spec"
)

func TestShared(t *testing.T) {
	ctx, store := context.Background(), cas.NewMem()
	s, in := executor.NewShared(store, false, "work", "1"), spec.HashBytes([]byte("input"))
	if _, ok := s.Get(ctx, in); ok || len(s.Inputs()) > 0 {
		t.Error("an empty store has results")
	}
	if err := s.Put(ctx, in, []byte("head"), []byte("result")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		fresh bool
		work  []string
		there bool
	}{
		{"the same work", false, []string{"work", "1"}, true},
		{"another version", false, []string{"work", "2"}, false},
		{"other cuts between the words", false, []string{"work1"}, false},
		{"a stage that is replaced", true, []string{"work", "1"}, false},
	} {
		s := executor.NewShared(store, c.fresh, c.work...)
		got, ok := s.Get(ctx, in)
		head, known := s.Head(in)
		if ok != c.there || known != c.there || ok && (string(got) != "result" || string(head) != "head") || len(s.Inputs()) > 0 != c.there {
			t.Errorf("%s: %q, %t, %q, %t, %v", c.name, got, ok, head, known, s.Inputs())
		}
	}
}

// TestSharedLost is a result whose blob is gone: it is not there, and can be made again.
func TestSharedLost(t *testing.T) {
	ctx, in := context.Background(), spec.HashBytes([]byte("input"))
	store, err := cas.Open(t.TempDir(), cas.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := executor.NewShared(store, false, "work")
	if err := store.PutAction(s.Base(), in, []byte(`{"result":"`+spec.HashBytes([]byte("gone")).String()+`"}`)); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Get(ctx, in); ok {
		t.Error("a result that is gone is given")
	}
	if err := s.Put(ctx, in, nil, []byte("again")); err != nil {
		t.Error(err)
	}
	if got, ok := s.Get(ctx, in); !ok || string(got) != "again" {
		t.Errorf("what was made again is %q, %t", got, ok)
	}
}
