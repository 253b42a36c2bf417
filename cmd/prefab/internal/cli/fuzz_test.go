package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prefab-build/prefab/executor/stages"
	"github.com/prefab-build/prefab/lang"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// nothing is what is known before the first run.
type nothing struct{}

func (nothing) Lookup(*planner.Node, []planner.Member) (*planner.Result, error) { return nil, nil }
func (nothing) HasBase(spec.Digest) bool                                        { return false }
func (nothing) Previous() *planner.Previous                                     { return nil }
func (nothing) Estimate(*planner.Node) time.Duration                            { return 0 }

// FuzzPlan loads any text with the kinds that there are, looks for proofs in what is sound of it, and plans what loads
// with nothing known of the outside: no panic, a plan of every stage, and one that can be saved.
func FuzzPlan(f *testing.F) {
	root := filepath.Join("..", "..", "..", "..")
	for _, pattern := range []string{"lang/testdata/*.hcl", "examples/*/*.prefab.hcl", "testdata/script/*.txtar"} {
		names, _ := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		for _, name := range names {
			src, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			for chunk := range strings.SplitSeq(string(src), "\n-----\n") {
				if _, file, found := strings.Cut(chunk, "-- main.prefab.hcl --\n"); found {
					chunk, _, _ = strings.Cut(file, "\n-- ")
				}
				f.Add(chunk)
			}
		}
	}
	kinds := stages.All()
	byName := map[string]*spec.KindSpec{}
	var specs []*spec.KindSpec
	for _, k := range kinds {
		byName[k.Name] = &k.KindSpec
		specs = append(specs, &k.KindSpec)
	}
	f.Fuzz(func(t *testing.T, src string) {
		p, _, diags := lang.LoadSound(t.Context(), ".", lang.Options{
			Kinds: kindSpecs(kinds), Backends: backendDrivers, FS: fstest.MapFS{"main.prefab.hcl": {Data: []byte(src)}},
			Given: []lang.Given{}, Version: Version,
		})
		if p == nil {
			return
		}
		s := &session{app: &app{dir: "."}, specs: byName, pipeline: p}
		_ = append(s.destinations(), planner.Prove(p, byName)...)
		planner.Edges(p)
		if diags.HasErrors() {
			return
		}
		plan, err := planner.Make(p, specs, planner.Facts{}, nothing{}, planner.Options{}, Version)
		if err != nil {
			t.Fatalf("what loads cannot be planned: %v", err)
		}
		for _, b := range p.Blocks {
			if n, ok := plan.Node(b.Addr); !ok || n.State == "" {
				t.Errorf("the plan has no state of %s", b.Addr)
			}
		}
		if _, err := json.Marshal(planner.Save(plan)); err != nil {
			t.Errorf("the plan cannot be saved: %v", err)
		}
		values(p, func(spec.Addr) ([]spec.Metric, planner.Outcome) { return nil, planner.Pending })
	})
}
