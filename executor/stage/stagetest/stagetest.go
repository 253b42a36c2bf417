// Package stagetest tests stage kinds: it runs the cases in a kind's testdata folder through the real planner and
// executor, and checks what the contract asks of every kind.
//
// A case is a .txtar file:
//
//	-- stage.json --        {"config": {...}, "unkeyed": {...}, "seed": 0, "limit": 0, "backend": {...}, "inputs": {"pairs": "pairs.jsonl"}}
//	-- pairs.jsonl --       the rows of an input, by canonical column names; "id" is optional
//	-- want/pairs.jsonl --  the rows of an output port, in order, without ids
//	-- want/metrics.json -- metrics by name: a number, or "unavailable: reason"; those not named are not compared
//	-- want/ledger.jsonl -- {"chunk": 0, "row": 1, "reason": "..."}; details are compared only where given
//	-- want/verdicts.json -- by profile and metric, what a bare threshold comes to: pass, warn, fail or not_evaluated
//	-- want/error --        a part of the error that the stage must end with
//
// An input that is no table, such as a model, is a JSON object of file names and texts; a text that begins with base64:
// is decoded. Tables have chunks of three rows: the fourth is chunk 1, row 0. Inputs of a List port are a list of files, of a Map port an object. Files with other names are put into a folder
// that is the pipeline's. Config attributes that are left out get their defaults. Numbers are compared to nine digits.
package stagetest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// Run tests a kind on every case of testdata/*.txtar.
func Run(t *testing.T, k *stage.Kind) {
	t.Helper()
	Contract(t, k)
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("stagetest: the kind %s has no cases in testdata (%v)", k.Name, err)
	}
	for _, path := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			runCase(t, k, archive)
		})
	}
}

// A definition is stage.json.
type definition struct {
	Config  map[string]any
	Unkeyed map[string]any
	Seed    int64
	Limit   int
	Backend map[string]any
	Inputs  map[string]any
}

func runCase(t *testing.T, k *stage.Kind, archive *txtar.Archive) {
	files := map[string][]byte{}
	dir := t.TempDir()
	for _, f := range archive.Files {
		files[f.Name] = f.Data
		if f.Name == "stage.json" || strings.HasPrefix(f.Name, "want/") {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var def definition
	if err := json.Unmarshal(files["stage.json"], &def); err != nil {
		t.Fatalf("stage.json: %v", err)
	}
	first, err := Execute(t.Context(), k, build(t, k, def, files), dir, cas.NewMem(), def.Limit)
	if want, ok := files["want/error"]; ok {
		if err == nil || !strings.Contains(err.Error(), strings.TrimSpace(string(want))) {
			t.Fatalf("the stage must fail with %q; it gave: %v", strings.TrimSpace(string(want)), err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	compare(t, first, files)
	if want, ok := files["want/verdicts.json"]; ok {
		compareVerdicts(t, k, first, want)
	}
	if k.Determinism == "sampled" || k.Determinism == "tolerance" {
		return
	}
	second, err := Execute(t.Context(), k, build(t, k, def, files), dir, cas.NewMem(), def.Limit)
	if err != nil {
		t.Fatalf("a second run fails: %v", err)
	}
	if first.Result.Digest() != second.Result.Digest() {
		t.Errorf("two runs gave different results")
	}
}

// A Finished is a stage that ran, and the store that holds what it made.
type Finished struct {
	Config spec.Config
	Result *executor.Result
	Store  executor.Store
	Ledger executor.Ledger
}

// Execute runs one stage of a pipeline: the block of the kind that is tested.
func Execute(ctx context.Context, k *stage.Kind, p *spec.Pipeline, dir string, s *cas.Mem, limit int) (*Finished, error) {
	kinds := []*stage.Kind{given, k}
	specs := []*spec.KindSpec{&given.KindSpec, &k.KindSpec}
	now := func() time.Time { return time.Unix(1_700_000_000, 0) }
	r := &resolve.Resolver{Dir: dir, Now: now}
	found, err := r.Files(ctx, p, map[string]*spec.KindSpec{k.Name: &k.KindSpec})
	if err != nil {
		return nil, err
	}
	facts := planner.Facts{Arch: "test/1", Files: found, Classes: map[string]string{"backend.cpu": "test"}}
	plan, err := planner.Make(p, specs, facts, executor.NewKnown(s, nil, false), planner.Options{Limit: limit}, "test")
	if err != nil {
		return nil, err
	}
	out, err := executor.Run(ctx, plan, kinds, s, executor.Options{Dir: dir, Now: now})
	if err != nil {
		return nil, err
	}
	for _, n := range out.Nodes {
		if n.Err != nil {
			return nil, n.Err
		}
		if n.Node.Kind != k.Name {
			continue
		}
		f := &Finished{Config: n.Node.Block.Config, Result: n.Result, Store: s}
		if n.Result == nil {
			return nil, fmt.Errorf("the stage came to %s: %s", n.State, n.Reason)
		}
		f.Ledger, err = executor.LoadLedger(ctx, s, n.Result)
		return f, err
	}
	return nil, fmt.Errorf("the pipeline has no %s", k.Name)
}

// build makes the pipeline of a case: the stage, and a stage that gives each of its inputs.
func build(t *testing.T, k *stage.Kind, def definition, files map[string][]byte) *spec.Pipeline {
	t.Helper()
	config := withDefaults(k.Schema, def.Config)
	b := spec.Block{Addr: spec.Addr{Kind: k.Name, Name: "test"}, Seed: def.Seed}
	p := &spec.Pipeline{Project: spec.Project{Seed: 1, Profile: "documented"}}
	give := func(port, member string, artifact spec.Artifact, file string) {
		name := fmt.Sprintf("in%d", len(p.Blocks))
		text, ok := files[file]
		if !ok {
			t.Fatalf("stage.json names the file %q, which the case does not have", file)
		}
		p.Blocks = append(p.Blocks, spec.Block{
			Addr:   spec.Addr{Kind: given.Name, Name: name},
			Config: spec.Canonical(map[string]any{"artifact": artifact, "rows": string(text)}),
		})
		b.Inputs = append(b.Inputs, spec.Input{
			Port: port, Member: member,
			Refs: []spec.Ref{{Addr: spec.Addr{Kind: given.Name, Name: name}, Port: string(artifact)}},
		})
	}
	for _, a := range k.Schema.Attrs {
		in, ok := def.Inputs[a.Name]
		if a.Type != spec.TypeReference || !ok || a.Artifact == spec.Backend {
			continue
		}
		switch in := in.(type) {
		case string:
			config[a.Name] = true
			give(a.Name, "", a.Artifact, in)
		case []any:
			config[a.Name] = len(in)
			for i, f := range in {
				give(a.Name, fmt.Sprint(i), a.Artifact, f.(string))
			}
		case map[string]any:
			var names []string
			for _, m := range slices.Sorted(maps.Keys(in)) {
				names = append(names, m)
				give(a.Name, m, a.Artifact, in[m].(string))
			}
			config[a.Name] = names
		}
	}
	if def.Backend != nil {
		b.Backend = spec.Addr{Kind: "backend", Name: "cpu"}
		p.Backends = []spec.Setting{{Addr: b.Backend, Config: spec.Canonical(def.Backend)}}
	}
	b.Config = spec.Canonical(config)
	if def.Unkeyed != nil {
		b.Unkeyed = spec.Canonical(def.Unkeyed)
	}
	if k.Check != nil {
		for _, problem := range k.Check(b.Full()) {
			t.Logf("Check says: %s: %s", problem.Summary, problem.Detail)
		}
	}
	p.Blocks = append(p.Blocks, b)
	return p
}

// withDefaults fills in the defaults of a schema, as package lang does.
func withDefaults(s spec.Schema, config map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range config {
		out[k] = v
	}
	for _, a := range s.Attrs {
		if _, set := out[a.Name]; !set && a.Default != nil && !a.Unkeyed {
			out[a.Name] = a.Default
		}
	}
	for _, b := range s.Blocks {
		list, _ := out[b.Name].([]any)
		for i, e := range list {
			inner, ok := e.(map[string]any)
			if !ok {
				continue
			}
			schema := b.Schema
			for _, d := range b.Drivers {
				if d.Label == inner["label"] {
					schema = &d.Schema
				}
			}
			if schema != nil {
				list[i] = withDefaults(*schema, inner)
			}
		}
	}
	return out
}
