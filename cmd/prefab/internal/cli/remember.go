package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/cmd/prefab/internal/recall"
	"github.com/prefab-build/prefab/cmd/prefab/internal/view"
	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/gc"
	"github.com/prefab-build/prefab/executor/history"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
)

// A remembering is a plan or an apply that may be answered with what was answered before; see package recall. It knows what
// such a command depends on, and when its answer is the same if it is asked again: when there was nothing to do. A nil
// one remembers nothing.
type remembering struct {
	*app
	self    string // the program
	memory  *recall.Memory
	witness *recall.Witness
	said    *view.Transcript
	store   *watchedStore
}

// remember begins to note what the command depends on, if it may be remembered at all.
func (a *app) remember(may bool) *remembering {
	self, err := os.Executable()
	abs, absErr := filepath.Abs(a.dir)
	at, wdErr := os.Getwd()
	if !may || err != nil || absErr != nil || wdErr != nil {
		return nil
	}
	host, _ := os.Hostname() // the folder may be shared by machines of different kinds
	words := append([]string{Version, self, host, at, abs, a.view.Look()}, a.args...)
	return &remembering{
		app: a, self: self, memory: recall.At(filepath.Join(a.dir, ".prefab", "recall"), words...),
		witness: recall.NewWitness(a.now(), answerAsked),
	}
}

// plan answers a plan from memory.
func (r *remembering) plan() (code int, ok bool) {
	if r == nil {
		return 0, false
	}
	if answer, ok := r.memory.Recall(r.witness); ok {
		return r.replay(answer), true
	}
	r.watch(markerPath(r.dir)) // first: a run may end while this plan is made
	r.begin()
	return 0, false
}

// apply answers an apply from memory. It holds the project meanwhile, and records a run: the one that it repeats stands
// for all that there is to say of it.
func (r *remembering) apply(ctx context.Context) (code int, ok bool) {
	if r == nil {
		return 0, false
	}
	s := &session{app: r.app}
	if unlock, locked := s.tryLock(); locked {
		defer unlock()
		start := r.now()
		if answer, ok := r.memory.Recall(r.witness); ok {
			h := history.Open(s.historyPath(), r.view.Warning)
			defer h.Close()
			if h.Repeat(ctx, answer.Run, start, r.now()) == nil {
				_ = os.Chtimes(answer.Root, start, start) // as cas.PutRoot does with a root that says the same
				return r.replay(answer), true
			}
		}
	}
	r.begin()
	return 0, false
}

// replay gives an answer again, and returns its exit code.
func (r *remembering) replay(a *recall.Answer) int {
	if r.Recalled != nil {
		r.Recalled()
	}
	if err := r.view.Replay(a.Output); err != nil {
		r.view.Error(err)
		return max(a.Code, exitError)
	}
	return a.Code
}

// begin notes what every command depends on.
func (r *remembering) begin() {
	r.witness.Stamp(r.self)
	for _, name := range []string{"PREFAB_CACHE", "HOME", "XDG_CACHE_HOME", "LocalAppData"} { // see cacheDir and os.UserCacheDir
		r.witness.Env(name)
	}
	r.said = r.view.Transcribe()
}

// watch notes a small file by its content.
func (r *remembering) watch(path string) {
	if r != nil {
		r.witness.File(path)
	}
}

// keepPlan keeps the answer of a plan by which nothing is to be done. What it says of changes and of new names is said
// until the next apply, and is not kept.
func (r *remembering) keepPlan(s *session, p *planner.Plan) {
	told := len(p.Changes) > 0 || slices.ContainsFunc(p.Nodes, func(n *planner.Node) bool { return n.Note != "" })
	if r == nil || told || !idle(p) {
		return
	}
	r.keep(s, p, recall.Answer{})
}

// keepRun keeps the answer of a run in which nothing was done.
func (r *remembering) keepRun(s *session, p *planner.Plan, out *executor.Outcome, run int64, code int) {
	if r == nil || !idle(p) || len(out.Warnings) > 0 || (code != exitOK && code != exitGate) {
		return
	}
	for _, n := range out.Nodes {
		if n.State != executor.Cached && n.State != executor.Blocked && n.State != executor.Excluded {
			return
		}
	}
	if slices.ContainsFunc(out.Placed, func(f executor.Placement) bool { return f.Wrote }) {
		return
	}
	dir, err := r.project()
	if err != nil {
		return
	}
	name := gc.LastRun
	if code == exitOK {
		name = gc.LastGoodRun
	}
	r.watch(markerPath(s.dir))
	root := s.local.RootPath(dir, name)
	if r.witness.Kept(root) {
		r.keep(s, p, recall.Answer{Code: code, Run: run, Root: root})
	}
}

// giveUp says that there is work to do: nothing more is noted or taken down, which of a long run would be much.
func (r *remembering) giveUp() {
	if r != nil {
		r.witness.Doubt("there was work to do")
		r.said.Stop()
		r.store.stop()
	}
}

// idle reports whether a plan leaves nothing to do and nothing open.
func idle(p *planner.Plan) bool {
	u := p.Summary
	return p.Idle() && u.Waiting+u.Judge == 0 && p.Options.Limit == 0
}

func (r *remembering) keep(s *session, p *planner.Plan, a recall.Answer) {
	if len(s.warnings) > 0 || s.deep || s.closed != nil {
		return
	}
	for _, files := range p.Facts.Files {
		for _, f := range files {
			if f.Path != "" {
				r.witness.Stamp(resolve.Path(s.dir, f.Path))
			}
		}
	}
	for _, t := range s.targets() {
		path := resolve.Path(s.dir, t.name)
		r.witness.Stamp(path)
		r.ask(asked{Path: path}, t.real)
	}
	if !r.store.kept(r.witness) {
		return
	}
	a.Output = r.said.Pieces()
	// A memory that cannot be written is none: the next plan takes the long way.
	_, _ = r.memory.Keep(r.witness, a)
}

// watchSources notes what is looked for by globs, and by names that look like globs, before it is.
func (r *remembering) watchSources(s *session) {
	if r == nil {
		return
	}
	for i := range s.pipeline.Blocks {
		b := &s.pipeline.Blocks[i]
		k := s.specs[b.Addr.Kind]
		if k == nil || k.Sources == nil {
			continue
		}
		for _, source := range k.Sources(b.Full()) {
			for _, path := range source.Paths {
				if strings.ContainsAny(path, resolve.Wildcards) {
					r.askNow(asked{Dir: s.dir, Glob: path})
					r.witness.Stamp(resolve.Path(s.dir, path))
				}
			}
		}
	}
}

// markerPath is the file that says which run was recorded last. It changes whenever a plan has another run to compare with.
func markerPath(dir string) string { return filepath.Join(dir, ".prefab", "last") }
