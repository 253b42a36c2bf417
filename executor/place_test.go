package executor_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

func read(t *testing.T, parts ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, text string, parts ...string) {
	t.Helper()
	path := filepath.Join(parts...)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, parts ...string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(parts...)); err != nil {
		t.Fatal(err)
	}
}

func provenance(t *testing.T, l *lab) (p executor.Provenance) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, l.dir, "out/total.txt.provenance.json")), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestADeletedExportIsPlacedAgain(t *testing.T) {
	l := newLab(t)
	p := chain([]int64{2}, []int64{4})
	l.apply(p)
	for _, name := range []string{"out/total.txt", "out/total.txt.card.md", "out/total.txt.provenance.json"} {
		was := read(t, l.dir, name)
		remove(t, l.dir, name)
		states(t, l.apply(p), want{"put.a": "cached"})
		if is := read(t, l.dir, name); is != was {
			t.Errorf("%s is placed again as %q, want %q", name, is, was)
		}
	}
	out := l.apply(p)
	if len(out.Placed) != 2 || out.Placed[0].Wrote || out.Placed[0].Path != "out/total.txt" || out.Placed[1].Wrote {
		t.Errorf("files that are there already are placed as %+v", out.Placed)
	}
}

func TestAFileEditedByHandIsRefused(t *testing.T) {
	for _, name := range []string{"out/total.txt", "out/total.txt.card.md"} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			l := newLab(t)
			p := chain([]int64{2})
			l.apply(p)
			write(t, "mine", l.dir, name)
			out := l.apply(p)
			states(t, out, want{"put.a": "failed"})
			if r := outcome(t, out, "put.a").Reason; !strings.Contains(r, name+" was changed by hand") || !strings.Contains(r, "--force") {
				t.Errorf("the reason is %q", r)
			}
			if read(t, l.dir, name) != "mine" {
				t.Fatal("the file was overwritten")
			}
			out = l.run(t.Context(), p, func(o *executor.Options, _ *planner.Options) { o.Force = true })
			states(t, out, want{"put.a": "cached"})
			if read(t, l.dir, name) == "mine" {
				t.Error("--force did not overwrite the file")
			}
		})
	}
}

func TestAForeignFileIsRefused(t *testing.T) {
	l := newLab(t)
	write(t, "mine", l.dir, "out/total.txt")
	states(t, l.apply(chain([]int64{2})), want{"sum.a": "ran", "put.a": "failed"})
}

func TestWhatAnEarlierRunPlacedIsOverwritten(t *testing.T) {
	l := newLab(t)
	l.apply(chain([]int64{2}))
	out := l.apply(chain([]int64{2, 4}))
	states(t, out, want{"put.a": "ran"})
	if read(t, l.dir, "out/total.txt") != "6\n" || provenance(t, l).Digest != spec.HashBytes([]byte("6\n")) {
		t.Error("the file or its provenance is not the new one")
	}
}

func TestProvenanceFollowsTheVerdicts(t *testing.T) {
	l := newLab(t)
	p := chain([]int64{2}, []int64{4})
	p.Gates = []spec.Gate{gate("sum.a", 6)}
	p.Blocks[3].Require = []spec.Addr{p.Gates[0].Addr}
	l.apply(p)
	if prov := provenance(t, l); !prov.Allowed || len(prov.Verdicts) != 1 || prov.Verdicts[0].Outcome != planner.Pass {
		t.Errorf("the provenance of an allowed export is %+v", prov)
	}
	p.Gates = []spec.Gate{gate("sum.a", 7)}
	states(t, l.apply(p), want{"put.a": "blocked"})
	if prov := provenance(t, l); prov.Allowed || prov.Verdicts[0].Outcome != planner.Fail {
		t.Errorf("the provenance of an export that is not allowed any more is %+v", prov)
	}
	if read(t, l.dir, "out/total.txt") != "6\n" {
		t.Error("the file is gone")
	}
	p.Gates = []spec.Gate{gate("sum.a", 5)}
	states(t, l.apply(p), want{"put.a": "cached"})
	if !provenance(t, l).Allowed {
		t.Error("the export is allowed again, and its provenance does not say so")
	}
}

func TestDestinationsThatCannotBeWritten(t *testing.T) {
	for name, set := range map[string]func(t *testing.T, l *lab){
		"give the path of a file": func(t *testing.T, l *lab) {
			if err := os.MkdirAll(filepath.Join(l.dir, "out/total.txt"), 0o750); err != nil {
				t.Fatal(err)
			}
		},
		"is a file and no folder": func(t *testing.T, l *lab) { write(t, "a file", l.dir, "out") },
		"you may write": func(t *testing.T, l *lab) {
			if os.Getuid() == 0 {
				t.Skip("root may write everywhere")
			}
			if err := os.Mkdir(filepath.Join(l.dir, "out"), 0o500); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			set(t, l)
			out := l.apply(chain([]int64{2}))
			states(t, out, want{"sum.a": "ran", "put.a": "failed"})
			if r := outcome(t, out, "put.a").Reason; !strings.Contains(r, name) {
				t.Errorf("the reason is %q", r)
			}
		})
	}
}

// A lossy store has lost some blobs, until they are put again.
type lossy struct {
	*cas.Mem
	mu   sync.Mutex
	lost map[spec.Digest]bool
}

func (s *lossy) gone(d spec.Digest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost[d]
}

func (s *lossy) Has(d spec.Digest) bool { return !s.gone(d) && s.Mem.Has(d) }

func (s *lossy) Get(ctx context.Context, d spec.Digest) ([]byte, error) {
	if s.gone(d) {
		return nil, cas.ErrNotFound
	}
	return s.Mem.Get(ctx, d)
}

func (s *lossy) Put(ctx context.Context, b []byte) (spec.Digest, error) {
	d, err := s.Mem.Put(ctx, b)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.lost, d)
	return d, err
}

func TestALostColumnIsMadeAgain(t *testing.T) {
	mem := &lossy{Mem: cas.NewMem(), lost: map[spec.Digest]bool{}}
	l := newLab(t)
	l.store = mem
	p := chain([]int64{1, 2}, []int64{4})
	out := l.apply(p)
	for _, d := range executor.Blobs(outcome(t, out, "give.a").Result) {
		mem.lost[d] = true
	}
	p.Blocks[2].Config = spec.Canonical(labConfig{Salt: "reads the columns anew"})
	out = l.apply(p)
	states(t, out, want{"give.a": "cached", "sum.a": "failed"})
	if !out.Lost() {
		t.Fatal("the run does not say that it met a loss")
	}
	// The caller plans again, and trusts nothing it has not seen.
	var specs []*spec.KindSpec
	for _, k := range l.kinds() {
		specs = append(specs, &k.KindSpec)
	}
	plan, err := planner.Make(p, specs, planner.Facts{Arch: "test/1"}, executor.NewKnown(mem, nil, true), planner.Options{}, "test")
	if err != nil {
		t.Fatal(err)
	}
	out, err = executor.Run(t.Context(), plan, l.kinds(), mem, executor.Options{Dir: l.dir, Now: clock, Deep: true})
	if err != nil {
		t.Fatal(err)
	}
	states(t, out, want{"give.a": "ran", "sum.a": "ran"})
}
