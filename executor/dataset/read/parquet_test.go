package read

import (
	"testing"

	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

// TestFields: what a Parquet file is asked for is what columns and expressions are made of.
func TestFields(t *testing.T) {
	p, err := New(Options{Artifact: spec.Items, Format: frame.Parquet, Map: map[string]*expr.Node{"question": field("q")}, Key: field("uid")})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, f := range p.Fields() {
		got[f] = true
	}
	for f, want := range map[string]bool{"q": true, "uid": true, "answer": true, "question": false, "image": false} {
		if got[f] != want {
			t.Errorf("%s is read: %v", f, got[f])
		}
	}
}
