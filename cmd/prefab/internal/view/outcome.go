package view

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// Outcome prints what a run came to: failures, verdicts, placed files, outputs and a summary. For machines it is the
// last event of the stream.
func (v *View) Outcome(p *planner.Plan, out *executor.Outcome, values []Value) {
	if v.opts.JSON {
		v.printJSON(outcomeJSON(out, values))
		return
	}
	v.failures(out)
	if len(out.Verdicts) > 0 {
		title := "Verdicts"
		if p.Options.Limit > 0 {
			title = fmt.Sprintf("Trial verdicts, on %s per dataset", count(p.Options.Limit, "row"))
		}
		fmt.Fprintln(v.out, v.styles.bold.Render(title))
		width := 0
		for i := range out.Verdicts {
			width = max(width, lipgloss.Width(verdictName(&out.Verdicts[i])))
		}
		for i := range out.Verdicts {
			v.verdict(&out.Verdicts[i], min(width, 34), comparison(out, &out.Verdicts[i]))
		}
		fmt.Fprintln(v.out)
	}
	v.placed(out)
	v.Outputs(values)
	fmt.Fprintln(v.out, v.styles.bold.Render(summaryLine(out)))
}

func (v *View) failures(out *executor.Outcome) {
	for _, n := range out.Nodes {
		switch n.State {
		case executor.Failed:
			fmt.Fprintf(v.out, "%s\n    %s\n", v.styles.bad.Render("failed   "+n.Node.Addr.String()), v.wrap(n.Reason, 4))
		case executor.Blocked:
			v.held(v.styles.warn, "blocked  "+n.Node.Addr.String(), n.Reason)
		case executor.Skipped:
			v.held(v.styles.faint, "skipped  "+n.Node.Addr.String(), n.Reason)
		}
	}
	if out.Count(executor.Failed)+out.Count(executor.Blocked)+out.Count(executor.Skipped) > 0 {
		fmt.Fprintln(v.out)
	}
}

// held prints a stage that did not run, on one line where that is wide enough.
func (v *View) held(style lipgloss.Style, head, reason string) {
	if lipgloss.Width(head)+2+lipgloss.Width(reason) <= v.width {
		fmt.Fprintf(v.out, "%s  %s\n", style.Render(head), reason)
		return
	}
	const indent = 4
	fmt.Fprintf(v.out, "%s\n%s%s\n", style.Render(head), strings.Repeat(" ", indent), v.wrap(reason, indent))
}

func (v *View) placed(out *executor.Outcome) {
	for _, p := range out.Placed {
		word, size := placedWords(&p)
		fmt.Fprintf(v.out, "%s %s: %s\n", word, v.Path(p.Path), size)
	}
	for _, p := range out.Left {
		fmt.Fprintln(v.out, v.wrap(fmt.Sprintf("left %s, which %s wrote before: delete it, and what stands beside it, when nothing reads it",
			v.Path(p.Path), p.Addr), 2))
	}
	if len(out.Placed) > 0 {
		fmt.Fprintln(v.out)
	}
}

// Outputs prints the pipeline's outputs.
func (v *View) Outputs(values []Value) {
	if len(values) == 0 {
		return
	}
	fmt.Fprintln(v.out, v.styles.bold.Render("Outputs"))
	for _, o := range values {
		if lines, ok := v.matrix(o.Value, "    "); ok && !o.Sensitive && o.Problem == "" {
			fmt.Fprintf(v.out, "  %s\n%s", o.Name, lines)
			continue
		}
		text := o.Value.String()
		if o.Value.IsNumber() {
			text = number(o.Value.Float())
		}
		switch {
		case o.Sensitive:
			text = "(sensitive)"
		case o.Problem != "":
			text = "(" + o.Problem + ")"
		}
		fmt.Fprintln(v.out, "  "+v.wrap(o.Name+" = "+text, 4))
	}
	fmt.Fprintln(v.out)
}

var stateOrder = []executor.State{
	executor.Ran, executor.Same, executor.Cached, executor.Restored, executor.Failed, executor.Skipped,
	executor.Blocked, executor.Waiting, executor.Stopped,
}

// noStages is said instead of counts where there is nothing to count.
const noStages = "Nothing to do: the spec has no stages."

func summaryLine(out *executor.Outcome) string {
	var parts []string
	written := putBack(out)
	for _, s := range stateOrder {
		if s == executor.Cached && written > 0 {
			parts = append(parts, count(written, "file")+" written")
		}
		if n := out.Count(s); n > 0 {
			word := string(s)
			if s == executor.Same {
				word = "ran with the same result"
			}
			parts = append(parts, fmt.Sprintf("%d %s", n, word))
		}
	}
	if len(parts) == 0 && !out.Interrupted {
		return noStages
	}
	head := "Done: "
	switch {
	case out.Interrupted:
		head = "Stopped: "
	case out.Count(executor.Failed) > 0:
		head = "Failed: "
	case out.Count(executor.Ran)+out.Count(executor.Same)+out.Count(executor.Restored)+out.Count(executor.Blocked)+written == 0:
		head = "Nothing to do: "
	}
	return head + strings.Join(parts, ", ") + "."
}

// putBack counts the files that were written although their stages did not run.
func putBack(out *executor.Outcome) (n int) {
	cached := map[spec.Addr]bool{}
	for _, o := range out.Nodes {
		cached[o.Node.Addr] = o.State == executor.Cached
	}
	for _, p := range out.Placed {
		if p.Wrote && cached[p.Addr] {
			n++
		}
	}
	return n
}

// outcomeJSON is the last event of apply --json.
func outcomeJSON(out *executor.Outcome, values []Value) map[string]any {
	summary := map[string]int{}
	for _, s := range stateOrder {
		summary[string(s)] = out.Count(s)
	}
	outputs := map[string]any{}
	for _, o := range values {
		if !o.Sensitive && o.Problem == "" {
			outputs[o.Name] = o.Value
		}
	}
	verdicts := out.Verdicts
	if verdicts == nil {
		verdicts = []planner.Verdict{}
	}
	placed := out.Placed
	if placed == nil {
		placed = []executor.Placement{}
	}
	left := out.Left
	if left == nil {
		left = []executor.Placement{}
	}
	return map[string]any{
		"type": "summary", "summary": summary, "verdicts": verdicts, "placed": placed, "left": left, "outputs": outputs,
		"interrupted": out.Interrupted,
	}
}

// bytesText writes a size in units of a thousand.
func bytesText(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1000*1000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1000*1000*1000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}

// placedWords says what became of a file, and how large it is.
func placedWords(p *executor.Placement) (word, size string) {
	word, size = "unchanged", bytesText(p.Size)
	if p.Wrote {
		word = "wrote"
	}
	if p.Rows > 0 {
		size = count(int(p.Rows), "row") + ", " + size
	}
	return word, size
}
