package lang

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/prefab-build/prefab/spec"
)

// FuzzLoad loads any text as a file of either form: no panic, problems with places inside the file, and a pipeline,
// where there is one, that survives its own JSON.
func FuzzLoad(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join("testdata", "*.hcl"))
	for _, name := range append(files, filepath.Join("testdata", "design", "main.prefab.hcl")) {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for chunk := range strings.SplitSeq(string(src), "\n-----\n") {
			f.Add(chunk, false)
		}
	}
	f.Add(`{"dataset": {"a": {"source": [{"synthetic": {"rows": "${1 + 1}"}}]}}, "locals": {"x": ["%{ if true }y%{ endif }"]}}`, true)
	f.Add(`{"dataset": [[{"a": null}], 3], "gate": "x", "output": {"o": {"value": {"${1}": 2}}}}`, true)
	f.Add("locals { a = [for x in [1]: {(x) = x...}][*][0]... }", false)
	kinds, backends := testKinds(), testBackends()
	f.Fuzz(func(t *testing.T, src string, isJSON bool) {
		name := "main.prefab.hcl"
		if isJSON {
			name += ".json"
		}
		fsys := fstest.MapFS{name: {Data: []byte(src)}}
		p, files, diags := Load(context.Background(), ".", Options{Kinds: kinds, Backends: backends, FS: fsys})
		for _, d := range diags {
			if d.Code == "" || d.Summary == "" || d.Detail == "" {
				t.Errorf("a problem says too little: %+v", d)
			}
			if !isJSON && d.Subject.File != "" && d.Subject.End.Byte > len(files[d.Subject.File]) {
				t.Errorf("a problem lies outside of its file: %+v", d)
			}
		}
		if p == nil {
			if !diags.HasErrors() {
				t.Error("no pipeline and no error")
			}
			return
		}
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var back spec.Pipeline
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if again, err := json.Marshal(back); err != nil || !bytes.Equal(again, b) {
			t.Errorf("the pipeline changes on its way through JSON (%v):\n%s\n%s", err, b, again)
		}
	})
}

// FuzzFormat formats any text: formatting twice is formatting once, and a pipeline means the same before and after.
func FuzzFormat(f *testing.F) {
	for _, s := range []string{"", "a=1", "a {\n b = [\n1,2] # c\n}", "a = <<E\n ${ x }\n  E\nE\n", "a = \"${ 1+1 }\"", "/* */ a {}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		once := Format([]byte(src))
		if twice := Format(once); !bytes.Equal(once, twice) {
			t.Errorf("%q becomes %q and then %q", src, once, twice)
		}
		if Syntax("a", []byte(src)).HasErrors() {
			return
		}
		if ds := Syntax("a", once); ds.HasErrors() {
			t.Errorf("%q becomes %q, which does not parse: %v", src, once, ds)
		}
	})
}
