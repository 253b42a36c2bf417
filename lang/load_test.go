package lang

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

var update = flag.Bool("update", false, "write the golden files anew")

// loadText loads one file from memory.
func loadText(t testing.TB, src string, opts Options) (*spec.Pipeline, diag.List) {
	t.Helper()
	return loadFiles(t, map[string]string{"main.prefab.hcl": src}, opts)
}

func loadFiles(t testing.TB, files map[string]string, opts Options) (*spec.Pipeline, diag.List) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	opts.FS, opts.Kinds, opts.Backends = fsys, testKinds(), testBackends()
	p, _, diags := Load(context.Background(), ".", opts)
	return p, diags
}

// mustLoad loads files that have no errors.
func mustLoad(t testing.TB, files map[string]string, opts Options) *spec.Pipeline {
	t.Helper()
	p, diags := loadFiles(t, files, opts)
	if diags.HasErrors() {
		t.Fatalf("the pipeline does not load:\n%v", diags.Error())
	}
	return p
}

func indented(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func TestDesignExample(t *testing.T) {
	dir := filepath.Join("testdata", "design")
	p, files, diags := Load(context.Background(), dir, Options{
		Kinds: testKinds(), Backends: testBackends(), Version: "0.1.0", Given: []Given{{Name: "pairs_file", Value: "data/hh.jsonl.gz"}},
	})
	if len(diags) > 0 {
		t.Fatalf("the example has problems:\n%v", diags.Error())
	}
	if len(files["main.prefab.hcl"]) == 0 {
		t.Error("the bytes of main.prefab.hcl are not among the files")
	}
	golden := filepath.Join(dir, "pipeline.golden.json")
	got := indented(t, p)
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("the pipeline differs from %s (run with -update and look at the change):\n%s", golden, got)
	}
}
