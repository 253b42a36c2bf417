package planner

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/spec"
)

// ship is a whole pipeline: rows are kept, a model is trained and judged, rows that the model likes are placed.
func ship() *spec.Pipeline {
	return &spec.Pipeline{Blocks: []spec.Block{
		stage("data.a"),
		stage("data.b"),
		stage("judge.m", "model: model.m.model", "pairs: keep.a.pairs"),
		stage("keep.a", "pairs: data.a.pairs + data.b.pairs"),
		stage("keep.liked", "pairs: keep.a.pairs", "model: model.m.model"),
		stage("model.m", "pairs: data.a.pairs + data.b.pairs"),
		stage("put.all", "pairs: keep.a.pairs"),
		stage("put.liked", "pairs: keep.liked.pairs"),
	}}
}

func order(p *Plan) (list []string) {
	for _, n := range p.Nodes {
		list = append(list, n.Addr.String())
	}
	return list
}

func TestNodesComeAfterWhatTheyReadAndInOneOrder(t *testing.T) {
	p := ship()
	p.Gates = []spec.Gate{gateOn("gate.g", "judge.m")}
	p.Blocks[6] = requires(p.Blocks[6], "gate.g")
	p.Blocks[3] = limited(p.Blocks[3], spec.Threshold{OnFailure: "stop"})
	first := mustMake(t, p, nil, Options{})
	for seed := range uint64(30) {
		plan := mustMake(t, shuffled(p, seed), nil, Options{})
		if !slices.Equal(order(plan), order(first)) {
			t.Fatalf("shuffled blocks are ordered as %v, want %v", order(plan), order(first))
		}
		for i, n := range plan.Nodes {
			if n.Index != i {
				t.Fatalf("%s has the index %d at %d", n.Addr, n.Index, i)
			}
			for _, in := range n.Inputs {
				if in.Node >= i {
					t.Errorf("%s comes before %s, which it reads", n.Addr, plan.Nodes[in.Node].Addr)
				}
			}
			for _, a := range n.After {
				if a >= i {
					t.Errorf("%s comes before %s, on whose verdict it waits", n.Addr, plan.Nodes[a].Addr)
				}
			}
		}
	}
}

func TestOneUnionServesAllThatJoinTheSame(t *testing.T) {
	plan := mustMake(t, ship(), nil, Options{})
	unions := 0
	for _, n := range plan.Nodes {
		if n.Kind == UnionKind {
			unions++
		}
	}
	if unions != 1 {
		t.Errorf("there are %d unions of the same two inputs", unions)
	}
}

func TestAddressesOfUnionsCanBeReadBack(t *testing.T) {
	p := &spec.Pipeline{Blocks: []spec.Block{
		stage("data.a"), stage("data.b"),
		stage(`keep.x["one"]`, "pairs: data.a.pairs + data.b.pairs"),
		stage(`keep.x["two"]`, "pairs: data.b.pairs + data.a.pairs"),
	}}
	p.Blocks[3].Inputs[0].Member = `odd [name] "`
	plan := mustMake(t, p, nil, Options{})
	seen := map[spec.Addr]bool{}
	for _, n := range plan.Nodes {
		if back, err := spec.ParseAddr(n.Addr.String()); err != nil || back != n.Addr {
			t.Errorf("%s is read back as %v (%v)", n.Addr, back, err)
		}
		if seen[n.Addr] {
			t.Errorf("two nodes are called %s", n.Addr)
		}
		seen[n.Addr] = true
	}
}

func guardsOf(t *testing.T, plan *Plan) string {
	t.Helper()
	var list []string
	for _, n := range plan.Nodes {
		if len(n.Guards) > 0 && n.Kind != UnionKind {
			list = append(list, n.Addr.String())
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func TestWhatIsGuarded(t *testing.T) {
	score := spec.Threshold{Metric: "score"}
	stop, warn := spec.Threshold{OnFailure: "stop"}, spec.Threshold{OnFailure: "warn"}
	for _, c := range []struct {
		name string
		set  func(p *spec.Pipeline)
		want string
	}{
		{"a gate guards what names it", func(p *spec.Pipeline) {
			p.Gates = []spec.Gate{gateOn("gate.g", "judge.m")}
			p.Blocks[6] = requires(p.Blocks[6], "gate.g")
		}, "put.all"},
		{"and all behind", func(p *spec.Pipeline) {
			p.Gates = []spec.Gate{gateOn("gate.g", "keep.a")}
			p.Blocks[5] = requires(p.Blocks[5], "gate.g")
		}, "judge.m keep.liked model.m put.liked"},
		{"a gate behind a gate guards with it", func(p *spec.Pipeline) {
			p.Gates = []spec.Gate{gateOn("gate.g", "keep.a"), gateOn("gate.h", "judge.m", "gate.g")}
			p.Blocks[7] = requires(p.Blocks[7], "gate.h")
		}, "put.liked"},
		{"a gate that nobody names guards nothing", func(p *spec.Pipeline) {
			p.Gates = []spec.Gate{gateOn("gate.g", "keep.a")}
		}, ""},
		{"a threshold guards exports downstream", func(p *spec.Pipeline) { p.Blocks[3] = limited(p.Blocks[3], score) }, "put.all put.liked"},
		{"of a judge, those downstream of its model", func(p *spec.Pipeline) { p.Blocks[2] = limited(p.Blocks[2], score) }, "put.liked"},
		{"with stop, all behind", func(p *spec.Pipeline) { p.Blocks[3] = limited(p.Blocks[3], stop) }, "judge.m keep.liked put.all put.liked"},
		{"with warn, nothing", func(p *spec.Pipeline) { p.Blocks[3] = limited(p.Blocks[3], warn) }, ""},
		{"a permissive profile guards nothing", func(p *spec.Pipeline) {
			p.Project.Profile = "permissive"
			p.Blocks[3] = limited(p.Blocks[3], stop)
		}, ""},
		{"a report stays open", func(p *spec.Pipeline) {
			p.Blocks = append(p.Blocks, stage("put.page", "pairs: data.a.pairs", "page: keep.liked.page"))
			p.Blocks[4] = limited(p.Blocks[4], score)
		}, "put.liked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := ship()
			c.set(p)
			if got := guardsOf(t, mustMake(t, p, nil, Options{})); got != c.want {
				t.Errorf("guarded are %q, want %q", got, c.want)
			}
		})
	}
}

// all is what is known when everything ran.
func all(except ...string) *fakeKnown {
	k := &fakeKnown{done: map[string]float64{}, base: map[string]bool{}}
	for _, a := range order0() {
		k.base[a] = true
		if !slices.Contains(except, a) {
			k.done[a] = 0.8
		}
	}
	return k
}

func order0() []string {
	list := []string{"union.model.m.pairs"}
	for _, b := range ship().Blocks {
		list = append(list, b.Addr.String())
	}
	return list
}

func checkStates(t *testing.T, plan *Plan, want string) {
	t.Helper()
	wanted := map[string]string{}
	for _, w := range strings.Fields(want) {
		a, s, _ := strings.Cut(w, "=")
		wanted[a] = s
	}
	for _, n := range plan.Nodes {
		w := wanted[n.Addr.String()]
		if w == "" {
			w = "cached"
		}
		if string(n.State) != w {
			t.Errorf("%s is %s (%s), want %s", n.Addr, n.State, n.Reason, w)
		}
	}
}

func TestStates(t *testing.T) {
	none := func(*spec.Pipeline) {}
	gated := func(p *spec.Pipeline) {
		p.Gates = []spec.Gate{gateOn("gate.g", "judge.m")}
		p.Blocks[4] = requires(p.Blocks[4], "gate.g")
	}
	failing := all()
	failing.done["judge.m"] = 0.3
	for _, c := range []struct {
		name  string
		set   func(*spec.Pipeline)
		known *fakeKnown
		opts  Options
		want  string
	}{
		{"all is cached", none, all(), Options{}, ""},
		{
			"behind what runs, what ran before may run", none, all("keep.a"),
			Options{},
			"keep.a=run judge.m=may_run keep.liked=may_run put.all=may_run put.liked=may_run",
		},
		{
			"replaced", none, all(),
			Options{Replace: []spec.Addr{addr("keep.a")}},
			"keep.a=run judge.m=may_run keep.liked=may_run put.all=may_run put.liked=may_run",
		},
		{
			"replaced behind what runs", none, all(),
			Options{Replace: []spec.Addr{addr("keep.a"), addr("put.all")}},
			"keep.a=run judge.m=may_run keep.liked=may_run put.all=run put.liked=may_run",
		},
		{
			"a target and what it needs", none, all(),
			Options{Targets: []spec.Addr{addr("keep.a")}},
			"judge.m=excluded keep.liked=excluded model.m=excluded put.all=excluded put.liked=excluded",
		},
		{
			"left out, with all behind", none, all(),
			Options{Exclude: []spec.Addr{addr("model.m")}},
			"model.m=excluded judge.m=excluded keep.liked=excluded put.liked=excluded",
		},
		{"blocked beats cached", gated, failing, Options{}, "keep.liked=blocked put.liked=blocked"},
		{"a gate that passes", gated, all(), Options{}, ""},
		{"an open gate keeps nobody from planning", gated, all("judge.m"), Options{}, "judge.m=run"},
		{
			"a gate on what is left out", gated, all(),
			Options{Exclude: []spec.Addr{addr("judge.m")}},
			"judge.m=excluded keep.liked=excluded put.liked=excluded",
		},
		{"a target takes along what its gates read", gated, all(), Options{Targets: []spec.Addr{addr("put.liked")}}, "put.all=excluded"},
		{"blocked beats running", func(p *spec.Pipeline) {
			p.Gates = []spec.Gate{gateOn("gate.g", "judge.m")}
			p.Blocks = append(p.Blocks, requires(stage("keep.blocked", "pairs: keep.a.pairs"), "gate.g"),
				stage("keep.both", "pairs: data.c.pairs + keep.blocked.pairs"), stage("data.c"))
		}, failing, Options{}, "keep.blocked=blocked keep.both=blocked union.keep.both.pairs=blocked data.c=run"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := ship()
			c.set(p)
			checkStates(t, mustMake(t, p, &fakeKnown{done: c.known.done, base: c.known.base}, c.opts), c.want)
		})
	}
}

func TestVerdictsOfAPlan(t *testing.T) {
	p := ship()
	p.Gates = []spec.Gate{gateOn("gate.g", "judge.m"), gateOn("gate.h", "keep.liked", "gate.g")}
	p.Blocks[4] = requires(p.Blocks[4], "gate.g")
	outcomes := func(k *fakeKnown, o Options) string {
		var list []string
		for _, v := range mustMake(t, p, k, o).Verdicts {
			list = append(list, fmt.Sprintf("%s=%s", v.Subject, v.Outcome))
		}
		return strings.Join(list, " ")
	}
	failing := all()
	failing.done["judge.m"] = 0.3
	for _, c := range []struct {
		name  string
		known *fakeKnown
		opts  Options
		want  string
	}{
		{"known", all(), Options{}, "gate.g=pass gate.h=pass"},
		{"to come", all("judge.m"), Options{}, "gate.g=open gate.h=pass"},
		{"behind one that does not pass", failing, Options{}, "gate.g=fail gate.h=not_evaluated"},
		{"of what is left out", all(), Options{Exclude: []spec.Addr{addr("judge.m")}}, "gate.g=pending gate.h=pending"},
	} {
		if got := outcomes(c.known, c.opts); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// previous is the last run as a plan left it.
func previous(p *Plan) *Previous {
	prev := &Previous{Run: 1, Ended: true, Nodes: map[string]PreviousNode{}, Files: map[string][]PreviousFile{}}
	for _, n := range p.Nodes {
		was := PreviousNode{Base: n.Base, State: "ran"}
		if n.Key != nil {
			was.Inputs = n.Key.Inputs
		}
		prev.Nodes[n.Addr.String()] = was
	}
	return prev
}

func TestReasons(t *testing.T) {
	base := mustMake(t, ship(), all(), Options{})
	reason := func(k *fakeKnown, set func(*spec.Pipeline, *Previous), name string) *Node {
		p, prev := ship(), previous(base)
		set(p, prev)
		k.previous = prev
		return node(t, mustMake(t, p, k, Options{}), name)
	}
	nothing := func(*spec.Pipeline, *Previous) {}
	for _, c := range []struct {
		name  string
		known *fakeKnown
		set   func(*spec.Pipeline, *Previous)
		of    string
		want  string
	}{
		{"lost", all("keep.a"), nothing, "keep.a", "its result is no longer in the cache"},
		{"new", all("keep.a"), func(_ *spec.Pipeline, prev *Previous) { delete(prev.Nodes, "keep.a") }, "keep.a", "new"},
		{"killed", all("keep.a"), func(_ *spec.Pipeline, prev *Previous) { delete(prev.Nodes, "keep.a"); prev.Ended = false }, "keep.a", "the last run did not come to its end"},
		{"config", all("keep.a"), func(p *spec.Pipeline, _ *Previous) { p.Blocks[3].Config = spec.Config(`{"n":8}`) }, "keep.a", "n = 8 added"},
		{"input", all("keep.a"), func(_ *spec.Pipeline, prev *Previous) {
			was := prev.Nodes["keep.a"]
			was.Inputs = slices.Clone(was.Inputs)
			was.Inputs[0].Value = "another"
			prev.Nodes["keep.a"] = was
		}, "keep.a", "pairs column chosen changed"},
		{"failed", all("keep.a"), func(_ *spec.Pipeline, prev *Previous) {
			was := prev.Nodes["keep.a"]
			was.State = "failed"
			prev.Nodes["keep.a"] = was
		}, "keep.a", "it did not finish last time (failed)"},
		{"blocked before its inputs were known", all("keep.a"), func(_ *spec.Pipeline, prev *Previous) {
			prev.Nodes["keep.a"] = PreviousNode{Base: prev.Nodes["keep.a"].Base, State: "blocked"}
		}, "keep.a", "it did not finish last time (blocked)"},
		{"behind", all("keep.a"), nothing, "put.all", "keep.a runs before it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if n := reason(c.known, c.set, c.of); n.Reason != c.want {
				t.Errorf("%s %s: %q, want %q", c.of, n.State, n.Reason, c.want)
			}
		})
	}
	renamed := reason(all(), func(_ *spec.Pipeline, prev *Previous) {
		prev.Nodes["keep.old"] = prev.Nodes["keep.a"]
		delete(prev.Nodes, "keep.a")
	}, "keep.a")
	if renamed.State != Cached || renamed.Note != "renamed from keep.old" {
		t.Errorf("a renamed stage is %s, %q", renamed.State, renamed.Note)
	}
}

func TestASavedPlanReadsBackAndGoesStale(t *testing.T) {
	p := ship()
	p.Gates = []spec.Gate{gateOn("gate.g", "judge.m")}
	plan := mustMake(t, p, all("keep.a"), Options{Replace: []spec.Addr{addr("model.m")}})
	saved := Save(plan)
	raw, err := json.Marshal(saved)
	if err != nil {
		t.Fatal(err)
	}
	var back Saved
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if string(spec.Canonical(back)) != string(spec.Canonical(saved)) {
		t.Errorf("a saved plan is read back as\n%s\nwant\n%s", spec.Canonical(back), raw)
	}
	bound, why := back.Bind(plan.Pipeline, plan.Facts, plan.Prefab)
	if why != "" {
		t.Fatalf("a plan is stale although nothing changed: %s", why)
	}
	if got, want := string(spec.Canonical(bound)), string(spec.Canonical(plan)); got != want {
		t.Errorf("a saved plan comes back as\n%s\nwant\n%s", got, want)
	}
	for want, change := range map[string]func(*Plan){
		"it was made by prefab test":     func(n *Plan) { n.Prefab = "other" },
		"the spec or a variable changed": func(n *Plan) { n.Pipeline = ship() },
		"an input changed":               func(n *Plan) { n.Facts.Arch = "test/2" },
	} {
		now := mustMake(t, p, all(), Options{})
		change(now)
		if _, why := back.Bind(now.Pipeline, now.Facts, now.Prefab); why != want {
			t.Errorf("stale since %q, want %q", why, want)
		}
	}
	// A changed threshold is a changed spec, though it is in no key.
	tight := ship()
	tight.Gates = p.Gates
	tight.Blocks[3] = limited(tight.Blocks[3], spec.Threshold{Min: spec.F(0.9)})
	if _, why := back.Bind(tight, plan.Facts, plan.Prefab); why == "" {
		t.Error("a changed threshold leaves the plan fresh")
	}
}

// TestABentPlanIsRefused: a file that was written by hand with a right digest must not lead the executor out of the
// plan.
func TestABentPlanIsRefused(t *testing.T) {
	p := ship()
	for name, bend := range map[string]func(*Saved){
		"a node is missing":         func(s *Saved) { s.Nodes[1] = nil },
		"nodes are out of order":    func(s *Saved) { s.Nodes[0], s.Nodes[1] = s.Nodes[1], s.Nodes[0] },
		"an input is its own":       func(s *Saved) { last := s.Nodes[len(s.Nodes)-1]; last.Inputs[0].Node = last.Index },
		"an input is not there":     func(s *Saved) { s.Nodes[len(s.Nodes)-1].Inputs[0].Node = -1 },
		"a guard is not there":      func(s *Saved) { s.Nodes[0].Guards = []int{99} },
		"it waits for what follows": func(s *Saved) { s.Nodes[0].After = []int{1} },
		"a stage is not the spec's": func(s *Saved) { s.Nodes[0].Addr = addr("data.other") },
	} {
		plan := mustMake(t, p, all(), Options{})
		saved := Save(plan)
		for i, n := range saved.Nodes { // Save shares the inner lists
			n.Inputs = slices.Clone(n.Inputs)
			saved.Nodes[i] = n
		}
		bend(&saved)
		if bound, why := saved.Bind(p, plan.Facts, plan.Prefab); why == "" {
			t.Errorf("%s: the plan is taken: %s", name, spec.Canonical(bound))
		}
	}
}
