package gc_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/dataset/find"
	"github.com/prefab-build/prefab/executor/gc"
	"github.com/prefab-build/prefab/spec"
)

const secret = "My name is Bob Miller, and I live in the old mill.\nCall me!"

// purge looks for the text, and removes what holds it.
func purge(t *testing.T, s *cas.Store) (found int, p *gc.Purged) {
	t.Helper()
	traces := must[*gc.Traces](t)(gc.Trace(t.Context(), s, gc.Quarry{ID: digest("no row"), Texts: find.New(secret)}))
	entries, _, _ := traces.Count()
	return entries, must[*gc.Purged](t)(traces.Purge(t.Context(), s, time.Now()))
}

// shared stores the result of work that stages share, with what it says in place of a head.
func shared(t *testing.T, s *cas.Store, name string, content, head []byte) cas.RootAction {
	t.Helper()
	d := must[spec.Digest](t)(s.Put(t.Context(), content))
	a := cas.RootAction{Addr: name, Base: digest("shared"), Inputs: digest(name)}
	raw := must[[]byte](t)(json.Marshal(map[string]any{"result": d, "head": head}))
	if err := s.PutAction(a.Base, a.Inputs, raw); err != nil {
		t.Fatal(err)
	}
	return a
}

// A text is found in whatever form it lies in a store, and what does not hold it stays.
func TestPurgeFindsEveryForm(t *testing.T) {
	s := open(t, t.TempDir())
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if err := json.NewEncoder(z).Encode(map[string]string{"prompt": secret}); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	quoted := must[[]byte](t)(json.Marshal(secret))
	holding := []cas.RootAction{
		shared(t, s, "raw", []byte("before "+secret+" behind"), nil),
		shared(t, s, "json", quoted, nil),
		shared(t, s, "packed", packed.Bytes(), nil),
		shared(t, s, "in the entry", []byte("nothing"), []byte(secret)),
	}
	other := shared(t, s, "other", []byte("My name is Bob, and I live in the old mill."), []byte("My name"))
	loose := must[spec.Digest](t)(s.Put(t.Context(), append([]byte("a segment: "), quoted...)))
	found, p := purge(t, s)
	if found != len(holding) || p.InUse != 0 {
		t.Errorf("found %d of %d, and %d are in use", found, len(holding), p.InUse)
	}
	for _, a := range holding {
		if has(s, a) {
			t.Errorf("%s stays", a.Addr)
		}
	}
	if !has(s, other) || s.Has(loose) {
		t.Errorf("the other stays %t, the segment %t", has(s, other), s.Has(loose))
	}
	if found, _ := purge(t, s); found != 0 {
		t.Errorf("%d are found again", found)
	}
}

// What a running process uses stays, with all that it names, until the process has ended.
func TestPurgeLeavesWhatIsInUse(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	a := shared(t, s, "used", []byte(secret), nil)
	b := shared(t, s, "not used", []byte("and "+secret), nil)
	age(t, s, time.Hour)
	other := must[*cas.Store](t)(cas.Open(dir, cas.Options{}))
	must[[]byte](t)(other.GetAction(a.Base, a.Inputs))
	_, p := purge(t, s)
	if !has(s, a) || has(s, b) || p.InUse != 2 {
		t.Errorf("the used one stays %t, the other %t; %d in use", has(s, a), has(s, b), p.InUse)
	}
	v := must[*gc.Survey](t)(gc.Look(t.Context(), s))
	for _, e := range v.Entries {
		if len(e.Lost) > 0 {
			t.Errorf("entry %s names what is not there", e.Digest.Short())
		}
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if _, p = purge(t, s); has(s, a) || p.InUse != 0 {
		t.Errorf("it stays %t, %d in use", has(s, a), p.InUse)
	}
}
