package planner

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

// The kinds of these tests: data reads a file, keep passes rows on, model is trained, judge measures a model and has no
// output that guards reach through, put places files.
func labKinds() []*spec.KindSpec {
	score := []spec.MetricDef{{Name: "score", Unit: "share", Interval: true, Limits: map[string]spec.Limit{
		"documented": {Min: spec.F(0.7), End: "point"}, "strict": {Min: spec.F(0.7), End: "low"},
	}}}
	pairs := spec.InPort{Name: "pairs", Artifact: spec.Pairs, Columns: []string{"prompt", "chosen"}}
	mapped := pairs
	mapped.Mapped = true
	optional := spec.InPort{Name: "model", Artifact: spec.Model, Optional: true}
	kind := func(name string, p spec.Ports) *spec.KindSpec {
		return &spec.KindSpec{Name: name, Version: 3, Determinism: "bitwise", Ports: func(spec.Config) spec.Ports { return p }}
	}
	rows := []spec.OutPort{{Name: "pairs", Artifact: spec.Pairs, From: "pairs"}, {Name: "page", Artifact: spec.Report}}
	data := kind("data", spec.Ports{Out: []spec.OutPort{{Name: "pairs", Artifact: spec.Pairs}}})
	data.Sources = func(spec.Config) []spec.Source { return []spec.Source{{Format: "jsonl", Paths: []string{"a.jsonl"}}} }
	data.Limits = true
	model := kind("model", spec.Ports{
		In: []spec.InPort{pairs}, Out: []spec.OutPort{{Name: "model", Artifact: spec.Model}},
	})
	model.Random, model.Determinism, model.Methods = true, "bitwise per numerics class", []string{"fit/2", "text/1"}
	put := kind("put", spec.Ports{
		In:  []spec.InPort{pairs, {Name: "page", Artifact: spec.Report, Optional: true}},
		Out: []spec.OutPort{{Name: "files", Artifact: spec.Report}},
	})
	put.Places = true
	return []*spec.KindSpec{
		data, model, put,
		kind("keep", spec.Ports{In: []spec.InPort{mapped, optional}, Out: rows, Metrics: score}),
		kind("judge", spec.Ports{
			In:  []spec.InPort{{Name: "model", Artifact: spec.Model}, pairs},
			Out: []spec.OutPort{{Name: "page", Artifact: spec.Report}}, Metrics: score,
		}),
	}
}

func addr(text string) spec.Addr {
	a, err := spec.ParseAddr(text)
	if err != nil {
		panic(err)
	}
	return a
}

// stage writes a block: its inputs are "port: ref", a union "port: ref + ref".
func stage(name string, inputs ...string) spec.Block {
	b := spec.Block{Addr: addr(name), Config: spec.Config("{}")}
	for _, text := range inputs {
		port, list, _ := strings.Cut(text, ": ")
		in := spec.Input{Port: port}
		for _, ref := range strings.Split(list, " + ") {
			at := strings.LastIndexByte(ref, '.')
			in.Refs = append(in.Refs, spec.Ref{Addr: addr(ref[:at]), Port: ref[at+1:]})
		}
		b.Inputs = append(b.Inputs, in)
	}
	return b
}

func requires(b spec.Block, gates ...string) spec.Block {
	for _, g := range gates {
		b.Require = append(b.Require, addr(g))
	}
	return b
}

func limited(b spec.Block, t spec.Threshold) spec.Block {
	if t.Metric == "" {
		t.Metric = "score"
	}
	b.Limits = append(b.Limits, t)
	return b
}

func gateOn(name, of string, require ...string) spec.Gate {
	g := spec.Gate{Addr: addr(name), Checks: []spec.Check{{Name: "score", Condition: &expr.Node{
		Op: expr.Binary, Name: ">=", Args: []*expr.Node{
			{Op: expr.Metric, Name: of, Path: []string{"score"}}, {Op: expr.Literal, Value: 0.5},
		},
	}}}}
	for _, r := range require {
		g.Require = append(g.Require, addr(r))
	}
	return g
}

// A fakeArtifact has the same digest for each of its columns.
type fakeArtifact string

func (a fakeArtifact) Key(columns []string, _ bool) ([]spec.Digest, error) {
	list := []spec.Digest{spec.HashBytes([]byte(a))}
	for _, c := range columns[min(1, len(columns)):] {
		list = append(list, spec.HashBytes([]byte(string(a)+c)))
	}
	return list, nil
}
func (a fakeArtifact) Rows() int64 { return int64(len(a)) }

// A fakeKnown knows a result for every address in done, with that score; bases are known for the addresses in base.
type fakeKnown struct {
	done     map[string]float64
	base     map[string]bool
	previous *Previous
	bases    map[spec.Digest]bool // learnt from base by learn
}

func (k *fakeKnown) Lookup(n *Node, _ []Member) (*Result, error) {
	score, ok := k.done[n.Addr.String()]
	if !ok {
		return nil, nil
	}
	r := &Result{Outputs: map[string]Artifact{}, Metrics: []spec.Metric{spec.Value("score", score, 10)}}
	for _, port := range []string{"pairs", "model", "page", "files", "rows"} {
		r.Outputs[port] = fakeArtifact(n.Addr.String() + port)
	}
	return r, nil
}
func (k *fakeKnown) HasBase(base spec.Digest) bool { return k.bases[base] }
func (k *fakeKnown) Previous() *Previous           { return k.previous }
func (k *fakeKnown) Estimate(*Node) time.Duration  { return 0 }

var labFacts = Facts{Arch: "test/1", Files: map[string][]File{"data.a": {{
	Path: "a.jsonl", Segments: []Segment{{Digest: spec.HashBytes([]byte("one")), Records: 3}},
}}}}

func mustMake(t *testing.T, p *spec.Pipeline, known *fakeKnown, opts Options) *Plan {
	t.Helper()
	if known == nil {
		known = &fakeKnown{}
	}
	plan, err := Make(p, labKinds(), labFacts, known, opts, "test")
	if err != nil {
		t.Fatal(err)
	}
	if len(known.base) > 0 && known.bases == nil { // the digests are known only now
		known.bases = map[spec.Digest]bool{}
		for _, n := range plan.Nodes {
			known.bases[n.BaseDigest] = known.base[n.Addr.String()]
		}
		return mustMake(t, p, known, opts)
	}
	return plan
}

func node(t *testing.T, p *Plan, name string) *Node {
	t.Helper()
	n, ok := p.Node(addr(name))
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	return n
}

func shuffled(p *spec.Pipeline, seed uint64) *spec.Pipeline {
	q := *p
	q.Blocks = append([]spec.Block{}, p.Blocks...)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(q.Blocks), func(i, j int) { q.Blocks[i], q.Blocks[j] = q.Blocks[j], q.Blocks[i] })
	return &q
}
