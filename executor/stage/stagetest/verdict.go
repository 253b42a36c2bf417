package stagetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// Judge returns the verdict of a bare `threshold "metric" {}` over what a stage of kind k measured, in the given profile.
func Judge(k *stage.Kind, f *Finished, profile, metric string) *planner.Verdict {
	b := spec.Block{
		Addr: spec.Addr{Kind: k.Name, Name: "test"}, Config: f.Config,
		Limits: []spec.Threshold{{Metric: metric}},
	}
	p := &spec.Pipeline{Project: spec.Project{Profile: profile}, Blocks: []spec.Block{b}}
	measured := func(spec.Addr) ([]spec.Metric, planner.Outcome) { return f.Result.Metrics, planner.Pass }
	return planner.NewJudge(p, map[string]*spec.KindSpec{k.Name: &k.KindSpec}, measured).Verdict(0)
}

// compareVerdicts compares want/verdicts.json: by profile and metric, pass, warn (a failure that only warns), fail or
// not_evaluated.
func compareVerdicts(t *testing.T, k *stage.Kind, f *Finished, want []byte) {
	t.Helper()
	var wanted map[string]map[string]string
	if err := json.Unmarshal(want, &wanted); err != nil {
		t.Fatalf("want/verdicts.json: %v", err)
	}
	for _, profile := range slices.Sorted(maps.Keys(wanted)) {
		for _, metric := range slices.Sorted(maps.Keys(wanted[profile])) {
			v := Judge(k, f, profile, metric)
			got := string(v.Outcome)
			if v.Outcome == planner.Fail && v.Severity == "warn" {
				got = "warn"
			}
			if got != wanted[profile][metric] {
				t.Errorf("profile %s: threshold %q comes to %s, want %s (%s: %s)", profile, metric, got, wanted[profile][metric], v.Condition, v.Message)
			}
		}
	}
}

// Case runs a case that a test makes: stage.json and the other files, as in a .txtar. It fails the test when the stage
// fails.
func Case(t *testing.T, k *stage.Kind, stageJSON string, files map[string]string) *Finished {
	t.Helper()
	f, err := Try(t, k, stageJSON, files)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Try is Case for a stage that may fail: it returns its error.
func Try(t *testing.T, k *stage.Kind, stageJSON string, files map[string]string) (*Finished, error) {
	t.Helper()
	var def definition
	if err := json.Unmarshal([]byte(stageJSON), &def); err != nil {
		t.Fatal(fmt.Errorf("stage.json: %w", err))
	}
	given := map[string][]byte{}
	for name, text := range files {
		given[name] = []byte(text)
	}
	return Execute(t.Context(), k, build(t, k, def, given), t.TempDir(), cas.NewMem(), def.Limit)
}
