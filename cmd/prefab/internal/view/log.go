package view

import (
	"fmt"
	"time"

	"github.com/prefab-build/prefab/backends"
	"github.com/prefab-build/prefab/executor/history"
)

// Runs lists past runs, the latest first.
func (v *View) Runs(list []history.Run) {
	if v.opts.JSON {
		v.printJSON(list)
		return
	}
	if len(list) == 0 {
		fmt.Fprintln(v.out, "No runs yet: prefab apply makes the first.")
		return
	}
	for _, r := range list {
		fmt.Fprintln(v.out, clip(runLine(r), v.width))
	}
}

func runLine(r history.Run) string {
	end := "did not end"
	if r.Ended() {
		end = fmt.Sprintf("%s, exit code %d", round(r.End.Sub(r.Start)), r.ExitCode)
	}
	line := fmt.Sprintf("%4d  %s  %s", r.ID, r.Start.Local().Format(time.DateTime), end)
	for _, s := range stateOrder {
		if n := r.States[string(s)]; n > 0 {
			line += fmt.Sprintf(", %d %s", n, s)
		}
	}
	if r.Limit > 0 {
		line += fmt.Sprintf(" (trial of %d rows)", r.Limit)
	}
	return line
}

// RunLog prints one run: every stage and every verdict.
func (v *View) RunLog(r *history.Record) {
	if v.opts.JSON {
		v.printJSON(r)
		return
	}
	fmt.Fprintf(v.out, "%s\n%s %s\n\n", runLine(r.Run), "prefab", r.Run.Command)
	width := 0
	for _, n := range r.Nodes {
		width = max(width, len(n.Addr.String()))
	}
	for _, n := range r.Nodes {
		line := fmt.Sprintf("  %s  %s  %6s  %9s rows in  %9s out", pad(clip(n.Addr.String(), 34), min(width, 34)), pad(n.State, 7),
			round(n.Duration), thousands(n.RowsIn), thousands(n.RowsOut))
		fmt.Fprintln(v.out, clip(line, v.width))
		if n.Message != "" {
			fmt.Fprintln(v.out, "      "+v.wrap(n.Message, 6))
		}
	}
	for i := range r.Verdicts {
		v.verdict(&r.Verdicts[i], 34, "")
	}
}

// StageLog prints the last result of one stage, and what it wrote when it was made.
func (v *View) StageLog(n *history.Node, lines []history.LogLine) {
	if v.opts.JSON {
		v.printJSON(struct {
			*history.Node
			Log []history.LogLine `json:"log,omitempty"`
		}{n, lines})
		return
	}
	fmt.Fprintf(v.out, "%s in run %d: %s, %s, %s rows in, %s out\n", v.styles.bold.Render(n.Addr.String()), n.Run, n.State,
		round(n.Duration), thousands(n.RowsIn), thousands(n.RowsOut))
	if n.Message != "" {
		fmt.Fprintln(v.out, "  "+v.wrap(n.Message, 2))
	}
	for _, l := range lines {
		at := l.Time.Local().Format(time.TimeOnly) + "  "
		fmt.Fprintln(v.out, "  "+v.styles.faint.Render(at)+v.wrap(l.Text, 2+len(at)))
	}
	v.metrics(n.Metrics, nil)
}

// Backends says what compute devices there are.
func (v *View) Backends(list []backends.Status) {
	if v.opts.JSON {
		v.printJSON(list)
		return
	}
	for _, s := range list {
		if s.Available {
			fmt.Fprintf(v.out, "%s %s\n    %s\n    numerics %s\n", v.styles.good.Render("yes"), s.Name, s.Detail, s.Numerics)
			continue
		}
		fmt.Fprintf(v.out, "%s  %s\n    %s\n", v.styles.warn.Render("no"), s.Name, v.wrap(s.Why+". "+s.Remedy, 4))
	}
}
