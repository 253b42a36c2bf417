package view

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/history"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A Report is what a plan or a run came to, for a file that is read elsewhere: beside a pull request, or by a CI server.
// No time of day is in it, so that a run in which nothing is done reports the same as the one before.
type Report struct {
	title    string // what it is of: "prefab apply"
	summary  string
	planned  bool // nothing ran yet
	stages   []reportStage
	verdicts []reportVerdict
	placed   []executor.Placement
}

type reportStage struct {
	addr    spec.Addr
	outcome stageOutcome
	word    string // what it came to
	reason  string
	elapsed time.Duration // of work that was done
	rows    int64
}

// A stageOutcome is what a test of a stage would come to.
type stageOutcome int

const (
	stageDone   stageOutcome = iota
	stageFailed              // it was to run, and did not get to its end
	stageHeld                // a verdict or a failure before it keeps it from running
	stageOpen                // it did not run, and nothing is wrong with that
)

type reportVerdict struct {
	*planner.Verdict
	beside string // what to compare a failure with
}

// reportForms are the forms of a report, by the ending of its file.
var reportForms = map[string]func(*Report) []byte{".md": (*Report).markdown, ".xml": (*Report).junit}

// CheckReport refuses a file that no report could be written to.
func CheckReport(path string) error {
	if reportForms[strings.ToLower(filepath.Ext(path))] == nil {
		return fmt.Errorf("--report %s: the ending says what is written: .md for Markdown, .xml for JUnit", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fmt.Errorf("--report %s: there is no folder %s: make it first, or give another path", path, filepath.Dir(path))
	}
	info, _ := os.Stat(path)
	switch {
	case info == nil:
		return nil // what keeps it from being made is told when it is made
	case info.IsDir():
		return fmt.Errorf("--report %s: this is a folder: give the path of a file", path)
	case resolve.Regular(info) != nil:
		return fmt.Errorf("--report %s: %w", path, resolve.Regular(info))
	}
	head, err := beginning(path)
	if err == nil && len(head) > 0 && !bytes.HasPrefix(head, []byte(markdownHead)) && !bytes.HasPrefix(head, []byte(junitHead)) {
		err = errors.New("what is there is no report of prefab's: move it away, or give another path")
	}
	if err != nil {
		return fmt.Errorf("--report %s: %w", path, err)
	}
	return nil
}

// How reports begin, by which one is told from a file that somebody would miss: an input, a card, whatever a link leads to.
const (
	markdownHead = "## prefab "
	junitHead    = xml.Header + `<testsuites name="prefab `
)

func beginning(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, int64(len(junitHead))))
}

// Report writes a report to a file. One that is answered from memory writes it again.
func (v *View) Report(r *Report, path string) error {
	b := reportForms[strings.ToLower(filepath.Ext(path))](r)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if w, ok := v.out.(*transcriber); ok {
		w.t.filed(path, b)
	}
	return nil
}

// ReportPlan reports a plan.
func ReportPlan(p *planner.Plan) *Report {
	r := &Report{title: "prefab plan", summary: planLine(p) + ".", planned: true}
	if len(p.Nodes) == 0 {
		r.summary = noStages
	}
	for _, n := range p.Nodes {
		s := reportStage{addr: n.Addr, word: planWords[n.State], reason: n.Reason, outcome: stageOpen}
		switch n.State {
		case planner.Cached, planner.Restore:
			s.outcome = stageDone
		case planner.Blocked:
			s.outcome = stageHeld
		}
		r.stage(n.Kind, s)
	}
	for i := range p.Verdicts {
		r.verdicts = append(r.verdicts, reportVerdict{Verdict: &p.Verdicts[i]})
	}
	return r
}

// ReportRun reports a run.
func ReportRun(p *planner.Plan, out *executor.Outcome) *Report {
	r := &Report{title: "prefab apply", summary: summaryLine(out), placed: out.Placed}
	if p.Options.Limit > 0 {
		r.title += fmt.Sprintf(", a trial on %s per dataset", count(p.Options.Limit, "row"))
	}
	for _, n := range out.Nodes {
		s := reportStage{addr: n.Node.Addr, word: string(n.State), reason: n.Reason, outcome: ran(n.State)}
		if n.State == executor.Ran || n.State == executor.Same {
			s.elapsed = n.Elapsed
		}
		if n.Result != nil {
			for _, rows := range n.Result.Counts.Out {
				s.rows += rows
			}
		}
		r.stage(n.Node.Kind, s)
	}
	for i := range out.Verdicts {
		r.verdicts = append(r.verdicts, reportVerdict{&out.Verdicts[i], comparison(out, &out.Verdicts[i])})
	}
	return r
}

// ReportRecord reports a run of the history.
func ReportRecord(rec *history.Record) *Report {
	r := &Report{title: fmt.Sprintf("prefab run %d", rec.Run.ID), summary: strings.TrimSpace(runLine(rec.Run)) + "."}
	for _, n := range rec.Nodes {
		state := executor.State(n.State)
		s := reportStage{addr: n.Addr, word: n.State, reason: n.Message, rows: n.RowsOut, outcome: ran(state)}
		if state == executor.Ran || state == executor.Same {
			s.elapsed = n.Duration
		}
		r.stage(n.Kind, s)
	}
	for i := range rec.Verdicts {
		r.verdicts = append(r.verdicts, reportVerdict{Verdict: &rec.Verdicts[i]})
	}
	return r
}

func (r *Report) stage(kind string, s reportStage) {
	if kind != planner.UnionKind {
		r.stages = append(r.stages, s)
	}
}

func ran(s executor.State) stageOutcome {
	switch s {
	case executor.Failed:
		return stageFailed
	case executor.Blocked, executor.Skipped:
		return stageHeld
	case executor.Waiting, executor.Stopped, executor.Excluded:
		return stageOpen
	}
	return stageDone
}

// headline says in a few words what a report comes to.
func (r *Report) headline() string {
	failed, stops, warns := 0, 0, 0
	for _, s := range r.stages {
		if s.outcome == stageFailed {
			failed++
		}
	}
	for _, d := range r.verdicts {
		switch {
		case d.Stops():
			stops++
		case d.Outcome == planner.Fail, d.Outcome == planner.NotEvaluated:
			warns++
		}
	}
	var parts []string
	if failed > 0 {
		parts = append(parts, count(failed, "stage")+" failed")
	}
	switch {
	case stops == 1:
		parts = append(parts, "1 verdict does not pass")
	case stops > 1:
		parts = append(parts, count(stops, "verdict")+" do not pass")
	case failed == 0 && slices.ContainsFunc(r.verdicts, func(d reportVerdict) bool { return d.open() }):
		parts = append(parts, "not all is judged")
	case failed == 0 && warns > 0:
		parts = append(parts, fmt.Sprintf("%d of %s pass, and %d only warn", len(r.verdicts)-warns, count(len(r.verdicts), "verdict"), warns))
	case failed == 0 && len(r.verdicts) > 0:
		parts = append(parts, "all verdicts pass")
	}
	if len(parts) == 0 {
		return r.title
	}
	return r.title + ": " + strings.Join(parts, ", ")
}

// open reports whether a verdict is not judged.
func (d reportVerdict) open() bool { return d.Outcome == planner.Open || d.Outcome == planner.Pending }

// word is what a verdict came to.
func (d reportVerdict) word() string {
	switch {
	case d.open():
		return "not judged"
	case d.Outcome == planner.Pass:
		return "pass"
	case d.Severity == "warn":
		return "warn"
	case d.Outcome == planner.NotEvaluated:
		return "not evaluated"
	}
	return "fail"
}

// measured is what a verdict rests on, each metric with its interval.
func (d reportVerdict) measured() string {
	var values []string
	for _, m := range d.Metrics {
		values = append(values, measurement(m))
	}
	return strings.Join(values, ", ")
}

// observations says on how many observations the metrics of a verdict rest.
func (d reportVerdict) observations() string {
	var parts []string
	for _, m := range d.Metrics {
		text := ""
		if m.N > 0 {
			text = thousands(m.N)
		}
		if m.N > 0 && m.Groups > 0 {
			text += " in " + count(int(m.Groups), "group")
		}
		if text != "" && !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "; ")
}

// advice is what to think of a verdict that does not pass.
func (d reportVerdict) advice() string {
	if d.Outcome == planner.Pass {
		return ""
	}
	text := d.Message
	if d.beside != "" {
		text = strings.TrimSpace(text + " " + strings.ToUpper(d.beside[:1]) + d.beside[1:] + ".")
	}
	return text
}

// printable takes away what no reader of a file expects: control characters, marks that turn the direction of writing,
// and bytes that are no text.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t':
			return c
		case unicode.Is(unicode.Cc, c), unicode.Is(unicode.Bidi_Control, c), c == unicode.ReplacementChar, c == 0xFFFE, c == 0xFFFF:
			return -1
		}
		return c
	}, s)
}
