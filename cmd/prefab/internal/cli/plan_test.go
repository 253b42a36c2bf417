package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// FuzzReadPlan feeds damaged plans: whatever a file holds, it is refused with words or is the plan that was saved.
func FuzzReadPlan(f *testing.F) {
	path := filepath.Join(f.TempDir(), "plan.json")
	plan := &planner.Plan{
		Prefab: "0.1.0", Pipeline: &spec.Pipeline{},
		Nodes: []*planner.Node{{Addr: spec.Addr{Kind: "split", Name: "a", Key: `k "1"`}, State: planner.WillRun, Reason: "new"}},
	}
	if err := savePlan(path, plan); err != nil {
		f.Fatal(err)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	if _, err := readPlan(path); err != nil {
		f.Fatalf("a plan as it was saved is refused: %v", err)
	}
	f.Add(sound)
	f.Add(sound[:len(sound)/2])
	f.Add([]byte(strings.Replace(string(sound), "new", "old", 1)))
	f.Add([]byte(strings.Replace(string(sound), "split.a", "split", 1)))
	f.Add([]byte("null"))
	f.Add([]byte{})
	want := planner.Save(plan)
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "plan.json")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readPlan(path)
		if err != nil {
			if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "prefab plan --out") {
				t.Errorf("the refusal names no file or no cure: %v", err)
			}
			return
		}
		var s savedPlan
		if err := json.Unmarshal(content, &s); err != nil || spec.HashBytes(spec.Canonical(*got)) != s.Digest {
			t.Errorf("a plan that its digest does not fit is taken (%v)", err)
		}
		if strings.Contains(string(content), string(sound)) && string(spec.Canonical(*got)) != string(spec.Canonical(want)) {
			t.Error("a sound plan is read as another")
		}
	})
}
