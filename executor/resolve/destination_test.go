package resolve_test

import (
	"os"
	"testing"

	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

func TestDestinations(t *testing.T) {
	dir := t.TempDir()
	r := newReading(dir)
	put := spec.Addr{Kind: "put", Name: "a"}
	p := &spec.Pipeline{Blocks: []spec.Block{{Addr: put, Config: spec.Config("{}"), Unkeyed: spec.Config(`{"path":"out/a.txt"}`)}}}
	kinds := map[string]*spec.KindSpec{"put": {Name: "put", Places: true, Beside: []string{".card"}}}
	look := func() map[string]planner.Found { return r.Destinations(p, kinds)[put.String()].Files }
	want := func(when string, is, was spec.Digest) {
		t.Helper()
		got := look()
		if got[""] != (planner.Found{Is: is, Was: was}) || got[".card"] != (planner.Found{}) {
			t.Errorf("%s: %v", when, got)
		}
	}
	want("before anything was written", spec.Digest{}, spec.Digest{})
	path := write(t, "one", dir, "out", "a.txt")
	one := spec.HashBytes([]byte("one"))
	want("another's file", one, spec.Digest{})
	write(t, `{"sha256":"`+one.String()+`"}`, resolve.ProvenanceName(path))
	want("ours", one, one)
	want("ours, remembered", one, one)
	write(t, "two", path)
	want("edited", spec.HashBytes([]byte("two")), one)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	want("gone", spec.Digest{}, one)
	write(t, "x", path, "file in the way")
	if _, looked := look()[""]; looked {
		t.Error("a folder is taken for a file")
	}
}
