package lang

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/prefab-build/prefab/spec"
)

// TestEndings looks at an attribute that takes its value from the ending of a path: the path is in no key, and what its
// ending makes of the file is.
func TestEndings(t *testing.T) {
	kind := spec.KindSpec{Name: "export", Schema: spec.Schema{Attrs: []spec.Attr{
		{Name: "container", Type: spec.TypeString, EndingOf: "path", Values: []string{"jsonl", "jsonl.gz", "gz"}},
		{Name: "path", Type: spec.TypeString, Required: true, Unkeyed: true, Path: true},
	}}}
	for body, want := range map[string]string{
		`path = "out/a.jsonl"`:                           `{"container":"jsonl"}`,
		`path = "out/b.v2.jsonl.gz"`:                     `{"container":"jsonl.gz"}`,
		`path = "jsonl"`:                                 `{}`,
		`path = "a.txt"`:                                 `{}`,
		"path = \"a.txt\"\ncontainer = \"jsonl\"":        `{"container":"jsonl"}`,
		"path = \"a.jsonl.gz\"\ncontainer = \"jsonl\"":   `{"container":"jsonl"}`,
		"path = \"a.jsonl.gz\"\ncontainer = null":        `{"container":"jsonl.gz"}`,
		"path = \"${true ? \"a.jsonl.gz\" : \"a.gz\"}\"": `{"container":"jsonl.gz"}`,
	} {
		fsys := fstest.MapFS{"main.prefab.hcl": {Data: []byte("export \"x\" {\n" + body + "\n}\n")}}
		p, _, diags := Load(context.Background(), ".", Options{FS: fsys, Kinds: []spec.KindSpec{kind}})
		if diags.HasErrors() {
			t.Errorf("%s: %v", body, diags.Error())
			continue
		}
		if got := string(p.Blocks[0].Config); got != want {
			t.Errorf("%s has the config %s, want %s", body, got, want)
		}
	}
}
