package history_test

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prefab-build/prefab/executor/history"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// open returns a history that collects its warnings.
func open(t testing.TB, path string) (*history.DB, *[]string) {
	t.Helper()
	warnings := new([]string)
	h := history.Open(path, func(s string) { *warnings = append(*warnings, s) })
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h, warnings
}

// check returns a value that must have come without an error.
func check[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func at(minute int) time.Time { return time.Date(2026, 3, 1, 12, minute, 0, 7, time.UTC) }

func run(minute, limit int) history.Run {
	return history.Run{
		Start: at(minute), Command: "apply --yes", Prefab: "0.1.0", Spec: spec.HashBytes([]byte("pipeline")), Limit: limit,
	}
}

var (
	split = spec.Addr{Kind: "split", Name: "main"}
	bench = spec.Addr{Kind: "dataset", Name: "bench", Key: "gsm8k"}
)

// node returns what a stage came to, with a key made of two words.
func node(addr spec.Addr, state, base, inputs string, took time.Duration) history.Node {
	list := func(word string) []planner.Component {
		return []planner.Component{{Name: "kind", Value: addr.Kind}, {Name: "x", Value: word}}
	}
	n := history.Node{
		Addr: addr, Kind: addr.Kind, State: state, Base: list(base), BaseDigest: planner.Digest(list(base)),
		Duration: took, RowsIn: 100, RowsOut: 90, Metrics: []spec.Metric{spec.Value("rows", 90, 90), spec.Unavailable("gap", "no scores")},
	}
	if inputs != "" {
		n.Inputs, n.InputsDigest = list(inputs), planner.Digest(list(inputs))
	}
	return n
}

func begin(t testing.TB, h *history.DB, r history.Run) *history.Recorder {
	t.Helper()
	return check[*history.Recorder](t)(h.Begin(t.Context(), r))
}

func TestRunComesBackWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a folder?with#odd%41letters", "history.db")
	h, warnings := open(t, path)
	ctx := t.Context()
	want := run(0, 0)
	rec := begin(t, h, want)
	nodes := []history.Node{node(bench, "ran", "a", "b", time.Second), node(split, "skipped", "c", "", 0)}
	nodes[1].Message = "dataset.bench[\"gsm8k\"] failed"
	files := []history.File{
		{Path: "b.jsonl", Size: 10, Digest: spec.HashBytes([]byte("b")), Records: 2},
		{Path: "a.jsonl", Size: 20, Digest: spec.HashBytes([]byte("a")), Records: 4},
	}
	verdicts := []planner.Verdict{
		{Subject: spec.Addr{Kind: "gate", Name: "ship"}, Check: "accuracy", Severity: "error", Outcome: planner.Fail, Condition: "x > 1", Message: "too low"},
		{Subject: split, Check: "leak", Threshold: true, Severity: "error", Outcome: planner.Pass, Metrics: []spec.Metric{spec.Value("leak", 0, 3)}},
	}
	must(t, rec.Nodes(ctx, nodes...))
	must(t, rec.Files(ctx, map[string][]history.File{bench.String(): files}))
	must(t, rec.Verdicts(ctx, verdicts[:1]))
	must(t, rec.Verdicts(ctx, verdicts)) // in place of the first ones
	must(t, rec.End(ctx, at(3), 3, "blocked"))
	must(t, h.Keep(ctx, rec.ID(), true))

	want.ID, want.End, want.ExitCode, want.Verdict, want.Kept = rec.ID(), at(3), 3, "blocked", true
	want.States = map[string]int{"ran": 1, "skipped": 1}
	for i := range nodes {
		nodes[i].Run = rec.ID()
	}
	must(t, h.Close())
	for name, dir := range map[string]string{"after closing": path, "as another process": path} {
		other, _ := open(t, dir)
		got := check[*history.Record](t)(other.Run(ctx, rec.ID()))
		same(t, name+": run", got.Run, want)
		same(t, name+": nodes", got.Nodes, nodes)
		same(t, name+": files", got.Files, map[string][]history.File{bench.String(): files})
		same(t, name+": verdicts", got.Verdicts, verdicts)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error("the file is not where it was asked for:", err)
	}
	same(t, "a run that is not there", check[*history.Record](t)(h.Run(ctx, 99)), (*history.Record)(nil))
	if err := h.Keep(ctx, 99, true); err == nil || !strings.Contains(err.Error(), "there is no run 99") {
		t.Errorf("keeping a run that is not there: %v", err)
	}
	same(t, "warnings", *warnings, []string(nil))
}

func TestTrialsAndKilledRunsAreNotTheLast(t *testing.T) {
	h, _ := open(t, filepath.Join(t.TempDir(), "history.db"))
	ctx := t.Context()
	full, killed, trial := begin(t, h, run(0, 0)), begin(t, h, run(1, 0)), begin(t, h, run(2, 50))
	must(t, full.Nodes(ctx, node(split, "ran", "old", "in", time.Minute)))
	must(t, full.End(ctx, at(1), 0, "passed"))
	must(t, killed.Nodes(ctx, node(split, "ran", "new", "in", 2*time.Minute)))
	must(t, trial.Nodes(ctx, node(split, "ran", "trial", "in", time.Second), node(bench, "ran", "trial", "in", time.Second)))
	must(t, trial.Files(ctx, map[string][]history.File{bench.String(): {{Path: "a"}}}))
	must(t, trial.End(ctx, at(3), 0, "trial"))

	if last := check[*history.Run](t)(h.Last(ctx)); last == nil || last.ID != full.ID() || !last.Ended() {
		t.Errorf("the last run is %+v, want %d", last, full.ID())
	}
	var ids []int64
	for _, r := range check[[]history.Run](t)(h.Runs(ctx, 2)) {
		ids = append(ids, r.ID)
	}
	same(t, "the last two", ids, []int64{trial.ID(), killed.ID()})
	if all := check[[]history.Run](t)(h.Runs(ctx, 0)); len(all) != 3 || all[1].Ended() {
		t.Errorf("all runs: %+v", all)
	}

	// What a killed run finished is as true as anything.
	if n := check[*history.Node](t)(h.LastOf(ctx, split)); n == nil || n.Base[1].Value != "new" || n.Run != killed.ID() {
		t.Errorf("last of split: %+v", n)
	}
	if n := check[*history.Node](t)(h.LastOf(ctx, bench)); n != nil {
		t.Errorf("a trial is the last of a stage: %+v", n)
	}
	prev := check[*planner.Previous](t)(h.Previous(ctx))
	if prev.Run != killed.ID() || len(prev.Nodes) != 1 || len(prev.Files) != 0 {
		t.Errorf("previous: %+v", prev)
	}
}

func TestPreviousComparesWithTheLastKnownInputs(t *testing.T) {
	h, _ := open(t, filepath.Join(t.TempDir(), "history.db"))
	ctx := t.Context()
	same(t, "before any run", check[*planner.Previous](t)(h.Previous(ctx)), (*planner.Previous)(nil))
	first, second, third := begin(t, h, run(0, 0)), begin(t, h, run(1, 0)), begin(t, h, run(2, 0))
	ran, skipped, never := node(split, "ran", "a", "b", 1), node(split, "skipped", "c", "", 0), node(bench, "skipped", "d", "", 0)
	must(t, first.Nodes(ctx, ran, never))
	must(t, first.Files(ctx, map[string][]history.File{bench.String(): {{Path: "old", Records: 1}}}))
	must(t, second.Nodes(ctx, skipped))
	must(t, second.Files(ctx, map[string][]history.File{bench.String(): {{Path: "new", Size: 5, Digest: spec.HashBytes(nil), Records: 2}}}))
	same(t, "previous", check[*planner.Previous](t)(h.Previous(ctx)), &planner.Previous{
		Run: third.ID(),
		Nodes: map[string]planner.PreviousNode{
			split.String(): {Base: ran.Base, Inputs: ran.Inputs, State: "ran"},
			bench.String(): {Base: never.Base, State: "skipped"},
		},
		Files: map[string][]planner.PreviousFile{bench.String(): {{Path: "new", Digest: spec.HashBytes(nil), Records: 2}}},
	})
	if n := check[*history.Node](t)(h.LastOf(ctx, split)); n.State != "skipped" || !n.InputsDigest.IsZero() {
		t.Errorf("last of split: %+v", n)
	}
	must(t, third.Nodes(ctx, node(split, "cached", "e", "f", 0)))
	if got := check[*planner.Previous](t)(h.Previous(ctx)).Nodes[split.String()]; got.State != "cached" || got.Base[1].Value != "e" {
		t.Errorf("previous: %+v", got)
	}
}

func TestTimings(t *testing.T) {
	h, _ := open(t, filepath.Join(t.TempDir(), "history.db"))
	ctx := t.Context()
	full, trial := begin(t, h, run(0, 0)), begin(t, h, run(1, 9))
	renamed := spec.Addr{Kind: "split", Name: "renamed"}
	must(t, full.Nodes(ctx, node(split, "ran", "a", "1", 10), node(split, "same", "a", "2", 20), node(split, "ran", "b", "1", 30),
		node(split, "cached", "a", "2", 40), node(split, "failed", "a", "3", 50)))
	must(t, trial.Nodes(ctx, node(split, "ran", "a", "1", 60)))
	a, other := node(split, "", "a", "", 0).BaseDigest, spec.HashBytes([]byte("other"))
	for _, c := range []struct {
		name string
		addr spec.Addr
		base spec.Digest
		most int
		want []history.Timing
	}{
		{"same work, other name", renamed, a, 9, []history.Timing{{Duration: 20, RowsIn: 100}, {Duration: 10, RowsIn: 100}}},
		{"other work, same name", split, other, 2, []history.Timing{{Duration: 30, RowsIn: 100}, {Duration: 20, RowsIn: 100}}},
		{"neither", renamed, other, 9, nil},
	} {
		same(t, c.name, check[[]history.Timing](t)(h.Timings(ctx, c.addr, c.base, c.most)), c.want)
	}
}

func TestView(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	h, warnings := open(t, path)
	v := h.View(t.Context())
	if v.Previous() != nil || v.Estimate(split, spec.Digest{}) != 0 {
		t.Error("an empty history has answers")
	}
	rec := begin(t, h, run(0, 0))
	for _, took := range []time.Duration{900, 800, 10, 30, 500, 20, 40} { // the median of the last five is 30
		must(t, rec.Nodes(t.Context(), node(split, "ran", "a", "1", took)))
	}
	if got := v.Estimate(split, spec.Digest{}); got != 30 {
		t.Errorf("estimated %d, want 30", got)
	}
	if p := v.Previous(); p == nil || len(p.Nodes) != 1 || len(*warnings) != 0 {
		t.Errorf("previous %+v, warned of %q", p, *warnings)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if h.View(done).Previous() != nil || len(*warnings) != 1 {
		t.Errorf("a question that cannot be answered warned of %q", *warnings)
	}
}

// A run that did nothing repeats long lists; they are stored once.
func TestRepeatedRunsAreSmall(t *testing.T) {
	dir := t.TempDir()
	h, _ := open(t, filepath.Join(dir, "history.db"))
	long := node(split, "cached", strings.Repeat("a long value ", 10_000), "in", 0)
	for i := range 50 {
		must(t, begin(t, h, run(i, 0)).Nodes(t.Context(), long, long, long))
	}
	must(t, h.Close())
	info, err := os.Stat(filepath.Join(dir, "history.db"))
	must(t, err)
	if info.Size() > 600_000 {
		t.Errorf("150 records of one list of 130 kB take %d bytes", info.Size())
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("beside the closed file lies %v, %v", files, err)
	}
}

func TestNothingIsTouchedBeforeItIsNeeded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), ".prefab")
	h, warnings := open(t, filepath.Join(dir, "history.db"))
	checkEmpty(t, h)
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("reading made a folder")
	}
	same(t, "warnings", *warnings, []string(nil))
}

// checkEmpty asks everything of a history that knows nothing.
func checkEmpty(t *testing.T, h *history.DB) {
	t.Helper()
	ctx := t.Context()
	last := check[*history.Run](t)(h.Last(ctx))
	rec := check[*history.Record](t)(h.Run(ctx, 1))
	of := check[*history.Node](t)(h.LastOf(ctx, split))
	prev := check[*planner.Previous](t)(h.Previous(ctx))
	if last != nil || rec != nil || of != nil || prev != nil {
		t.Errorf("got %v, %v, %v, %v", last, rec, of, prev)
	}
	if len(check[[]history.Run](t)(h.Runs(ctx, 0))) != 0 || len(check[[]history.Timing](t)(h.Timings(ctx, split, spec.Digest{}, 5))) != 0 {
		t.Error("an empty history has runs or times")
	}
}

func BenchmarkRecord(b *testing.B) {
	h, _ := open(b, filepath.Join(b.TempDir(), "history.db"))
	nodes := make([]history.Node, 50)
	for i := range nodes {
		nodes[i] = node(spec.Addr{Kind: "split", Name: string(bytes.Repeat([]byte{'a'}, i+1))}, "cached", "a", "b", 1)
	}
	for b.Loop() {
		rec := begin(b, h, run(0, 0))
		must(b, rec.Nodes(b.Context(), nodes...))
		must(b, rec.End(b.Context(), at(1), 0, "passed"))
	}
}

func BenchmarkPrevious(b *testing.B) {
	path := filepath.Join(b.TempDir(), "history.db")
	h, _ := open(b, path)
	nodes := make([]history.Node, 50)
	for i := range nodes {
		nodes[i] = node(spec.Addr{Kind: "split", Name: string(bytes.Repeat([]byte{'a'}, i+1))}, "cached", "a", "b", 1)
	}
	for range 200 {
		must(b, begin(b, h, run(0, 0)).Nodes(b.Context(), nodes...))
	}
	for b.Loop() {
		other := history.Open(path, nil)
		if p, err := other.Previous(b.Context()); err != nil || len(p.Nodes) != len(nodes) {
			b.Fatal(err)
		}
		must(b, other.Close())
	}
}

// TestLogIsThatOfTheRunThatDidTheWork: a run that finds a stage cached writes nothing and hides nothing.
func TestLogIsThatOfTheRunThatDidTheWork(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	h, _ := open(t, path)
	ctx := t.Context()
	same(t, "before any run", check[[]history.LogLine](t)(h.LogOf(ctx, split)), []history.LogLine(nil))
	line := func(minute int, text string) history.LogLine {
		return history.LogLine{Addr: split, Time: at(minute), Text: text}
	}
	for i, r := range []struct {
		state string
		lines []history.LogLine
	}{
		{"ran", []history.LogLine{line(0, "old")}},
		{"failed", []history.LogLine{line(1, "step 1"), {Addr: bench, Time: at(1), Text: "other"}, line(2, "step 2")}},
		{"cached", nil},
	} {
		rec := begin(t, h, run(i, 0))
		must(t, rec.Nodes(ctx, node(split, r.state, "a", "b", 1)))
		must(t, rec.Logs(ctx, r.lines))
	}
	want := []history.LogLine{line(1, "step 1"), line(2, "step 2")}
	same(t, "log", check[[]history.LogLine](t)(h.LogOf(ctx, split)), want)
}

func TestQuotes(t *testing.T) {
	h, _ := open(t, filepath.Join(t.TempDir(), "history.db"))
	ctx := t.Context()
	holds := func(text string) bool {
		return check[bool](t)(h.Quotes(ctx, func(b []byte) bool { return bytes.Contains(b, []byte(text)) }))
	}
	same(t, "before any run", holds("no scores"), false)
	rec := begin(t, h, run(0, 0))
	n := node(split, "failed", "a", "b", 1)
	n.Message = "a row says hello"
	must(t, rec.Nodes(ctx, n))
	must(t, rec.Logs(ctx, []history.LogLine{{Addr: split, Time: at(0), Text: "a log says so"}}))
	for text, want := range map[string]bool{"row says hello": true, "no scores": true, "log says": true, "nobody says": false} {
		same(t, text, holds(text), want)
	}
}

// TestARunThatRepeatsAnother has that one's nodes, and is the last run of each of them.
func TestARunThatRepeatsAnother(t *testing.T) {
	h, _ := open(t, filepath.Join(t.TempDir(), "history.db"))
	ctx := t.Context()
	rec := begin(t, h, run(0, 0))
	must(t, rec.Nodes(ctx, node(split, "cached", "a", "b", 1)))
	if err := h.Repeat(ctx, rec.ID(), at(1), at(2)); err == nil {
		t.Error("a run that has not ended is repeated")
	}
	must(t, rec.End(ctx, at(1), 3, "exit code 3"))
	must(t, h.Repeat(ctx, rec.ID(), at(2), at(3)))
	if err := h.Repeat(ctx, 99, at(2), at(3)); err == nil {
		t.Error("a run that is not there is repeated")
	}
	list := check[[]history.Run](t)(h.Runs(ctx, 0))
	if len(list) != 2 {
		t.Fatalf("%d runs", len(list))
	}
	last := list[0]
	same(t, "states", last.States, map[string]int{"cached": 1})
	same(t, "exit code", last.ExitCode, 3)
	same(t, "command", last.Command, list[1].Command)
	full := check[*history.Record](t)(h.Run(ctx, last.ID))
	if len(full.Nodes) != 1 || full.Nodes[0].Run != last.ID {
		t.Errorf("its nodes are %v", full.Nodes)
	}
	same(t, "last run of the stage", check[*history.Node](t)(h.LastOf(ctx, split)).Run, last.ID)
	same(t, "last run", check[*planner.Previous](t)(h.Previous(ctx)).Run, last.ID)
}

func TestTablesOfVersion1AreCarriedOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	h, _ := open(t, path)
	ctx := t.Context()
	must(t, begin(t, h, run(0, 0)).Nodes(ctx, node(split, "ran", "a", "b", 1)))
	must(t, h.Close())
	db, err := sql.Open("sqlite", path)
	must(t, err)
	_, err = db.ExecContext(ctx, `DROP TABLE logs; DROP INDEX runs_repeats; ALTER TABLE runs DROP COLUMN repeats; ALTER TABLE nodes DROP COLUMN reads;
		DROP INDEX timed_by_addr; DROP INDEX timed_by_base; CREATE INDEX nodes_by_base ON nodes (base, id); PRAGMA user_version = 1`)
	must(t, err)
	must(t, db.Close())
	h, warnings := open(t, path)
	same(t, "log", check[[]history.LogLine](t)(h.LogOf(ctx, split)), []history.LogLine(nil))
	same(t, "runs", len(check[[]history.Run](t)(h.Runs(ctx, 0))), 1)
	same(t, "last run of the stage", check[*history.Node](t)(h.LastOf(ctx, split)).Run, int64(1))
	rec := begin(t, h, run(1, 0))
	must(t, rec.Nodes(ctx, node(split, "ran", "a", "b", 1)))
	must(t, rec.Logs(ctx, []history.LogLine{{Addr: split, Time: at(1), Text: "new"}}))
	same(t, "log", check[[]history.LogLine](t)(h.LogOf(ctx, split)), []history.LogLine{{Addr: split, Time: at(1), Text: "new"}})
	if list := check[[]history.Run](t)(h.Runs(ctx, 0)); len(list) != 2 || len(*warnings) != 0 {
		t.Errorf("runs %v, warned of %q", list, *warnings)
	}
}
