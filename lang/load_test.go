package lang

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
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

// TestFolders loads what is no pipeline.
func TestFolders(t *testing.T) {
	empty := t.TempDir()
	for _, c := range []struct{ dir, code, detail string }{
		{empty, "no-pipeline", "Run `prefab init`"},
		{filepath.Join(empty, "none"), "unreadable-folder", "Name another with -C"},
	} {
		p, _, diags := Load(context.Background(), c.dir, Options{})
		if p != nil || len(diags) != 1 || diags[0].Code != c.code || !strings.Contains(diags[0].Detail, c.detail) {
			t.Errorf("%s: %v, want %s %q", c.dir, diags, c.code, c.detail)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	fsys := fstest.MapFS{"a.prefab.hcl": {Data: []byte("locals { a = 1 }")}}
	if p, _, diags := Load(ctx, ".", Options{FS: fsys}); p != nil || len(diags) != 1 || diags[0].Code != "interrupted" {
		t.Errorf("with a cancelled context: %v", diags)
	}
	fsys = fstest.MapFS{"a.prefab.hcl": {Data: []byte("locals {\n  a = \"\xff\"\n}")}, "b.txt": {}, ".c.prefab.hcl": {Data: []byte("{")}}
	if _, _, diags := Load(context.Background(), ".", Options{FS: fsys}); len(diags) != 1 || diags[0].Subject.Start.Line != 2 {
		t.Errorf("with bytes that are no text: %v", diags)
	}
}

// TestDisk reads files of a real folder, below it and beside it.
func TestDisk(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"beside.txt": "beside", "p/main.prefab.hcl": "output \"x\" {\n  value = [file(\"../beside.txt\"), file(\"in/a.txt\"), fileset(\"../p\", \"in/*\")]\n}", "p/in/a.txt": "in",
	} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, _, diags := Load(context.Background(), filepath.Join(dir, "p"), Options{})
	if diags.HasErrors() {
		t.Fatal(diags.Error())
	}
	if got, want := p.Outputs[0].Value.String(), `["beside", "in", ["in/a.txt"]]`; got != want {
		t.Errorf("the files hold %s, want %s", got, want)
	}
}
