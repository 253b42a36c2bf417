package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"

	"github.com/prefab-build/prefab/planner"
)

// Plan prints what would be done. Cached stages are counted, and listed with all.
func (v *View) Plan(p *planner.Plan, all bool, saved string) {
	if v.opts.JSON {
		v.printJSON(planner.Save(p))
		return
	}
	if len(p.Changes) > 0 {
		fmt.Fprintln(v.out, v.styles.bold.Render("Inputs changed since the last run"))
		for _, c := range p.Changes {
			fmt.Fprintf(v.out, "  %s %s  %s\n", v.styles.warn.Render("~"), c.Addr, v.wrap(c.Text, 6+lipgloss.Width(c.Addr.String())))
		}
		fmt.Fprintln(v.out)
	}
	v.planNodes(p, all)
	v.planVerdicts(p)
	v.planSummary(p, saved)
}

var planWords = map[planner.State]string{
	planner.Cached: "cached", planner.Restore: "restore", planner.WillRun: "will run", planner.MayRun: "may run",
	planner.Blocked: "blocked", planner.Waiting: "waiting", planner.Excluded: "left out",
}

func (v *View) planMark(s planner.State) (string, lipgloss.Style) {
	switch s {
	case planner.Cached, planner.Restore:
		return "=", v.styles.faint
	case planner.WillRun:
		return "+", v.styles.good
	case planner.MayRun:
		return "?", v.styles.busy
	case planner.Blocked:
		return "x", v.styles.bad
	}
	return ".", v.styles.faint
}

func (v *View) planNodes(p *planner.Plan, all bool) {
	var shown []*planner.Node
	width := 0
	for _, n := range p.Nodes {
		quiet := n.State == planner.Cached && n.Note == "" && len(openGuards(p, n)) == 0 && v.placing(p, n) == ""
		if (quiet && !all) || n.Kind == planner.UnionKind {
			continue
		}
		shown = append(shown, n)
		width = max(width, lipgloss.Width(n.Addr.String()))
	}
	if len(shown) == 0 {
		return
	}
	width = min(width, 34)
	for _, n := range shown {
		v.planNode(p, n, width)
	}
	fmt.Fprintln(v.out)
}

// openGuards names the gates, and the stages with thresholds, that may yet keep a stage from running.
func openGuards(p *planner.Plan, n *planner.Node) []string {
	var names []string
	if n.State == planner.Blocked || n.State == planner.Excluded {
		return nil
	}
	for _, g := range n.Guards {
		v := &p.Verdicts[g]
		if v.Outcome != planner.Open {
			continue
		}
		if name := v.Subject.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// placing says which of a stage's files are not as they should be, and what becomes of them.
func (v *View) placing(p *planner.Plan, n *planner.Node) string {
	paths := map[planner.PlaceState][]string{}
	for _, f := range p.Placements {
		if f.Addr == n.Addr {
			paths[f.State] = append(paths[f.State], v.Path(f.Path))
		}
	}
	text := ""
	for _, state := range []planner.PlaceState{planner.Missing, planner.Outdated, planner.Edited, planner.Foreign} {
		if list := paths[state]; len(list) > 0 {
			words := placeWords[state]
			text = joined(text, words[0]+strings.Join(list, ", ")+words[min(len(list), 2)])
		}
	}
	return text
}

// placeWords stand before the paths, behind one, and behind several.
var placeWords = map[planner.PlaceState][3]string{
	planner.Missing:  {"will write ", ": it is missing", ": they are missing"},
	planner.Outdated: {"will write ", ": it holds an earlier result", ": they hold an earlier result"},
	planner.Edited:   {"", " was changed by hand: apply --force overwrites it", " were changed by hand: apply --force overwrites them"},
	planner.Foreign:  {"", " is not prefab's: apply --force overwrites it", " are not prefab's: apply --force overwrites them"},
}

// joined puts a semicolon between two texts, where there are two.
func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// planNode prints a stage on one line, or on more when the reason is long: what a stage waits for is said whole.
func (v *View) planNode(p *planner.Plan, n *planner.Node, width int) {
	mark, style := v.planMark(n.State)
	files := v.placing(p, n)
	if files != "" && n.State == planner.Cached {
		mark, style = "~", v.styles.warn
	}
	left := fmt.Sprintf("  %s %s  %s  ", mark, pad(clip(n.Addr.String(), width), width), pad(planWords[n.State], 8))
	text, right := n.Reason, ""
	if n.Note != "" {
		text = n.Note
	}
	text = joined(text, files)
	if gates := openGuards(p, n); len(gates) > 0 {
		text = joined(text, "behind "+strings.Join(gates, ", "))
	}
	if n.Estimate > 0 && (n.State == planner.WillRun || n.State == planner.MayRun) {
		right = "~" + round(n.Estimate)
	}
	const estimate = 7 // columns at the right, on every line, so that the reasons have one edge
	room, under := v.width-lipgloss.Width(left)-estimate, lipgloss.Width(left)
	lines := wrapText(text, max(room, 16))
	if slices.ContainsFunc(lines, func(line string) bool { return lipgloss.Width(line) > room }) {
		const indent = 8 // a word does not fit: all of them get lines of their own
		under = indent
		lines = append([]string{""}, wrapText(text, v.width-indent)...)
	}
	for i, line := range lines {
		if i > 0 {
			fmt.Fprintln(v.out, strings.Repeat(" ", under)+line)
			continue
		}
		line = style.Render(left) + line
		if right != "" {
			line = pad(line, v.width-len(right)) + v.styles.faint.Render(right)
		}
		fmt.Fprintln(v.out, strings.TrimRight(line, " "))
	}
}

// planVerdicts prints what is judged already, and counts what is not.
func (v *View) planVerdicts(p *planner.Plan) {
	var judged []*planner.Verdict
	width := 0
	for i := range p.Verdicts {
		if d := &p.Verdicts[i]; d.Outcome != planner.Open && d.Outcome != planner.Pending {
			judged = append(judged, d)
			width = max(width, lipgloss.Width(verdictName(d)))
		}
	}
	if len(judged) == 0 {
		return // the summary counts those that are open
	}
	fmt.Fprintln(v.out, v.styles.bold.Render("Judged from stored metrics"))
	for _, d := range judged {
		v.verdict(d, min(width, 34), "")
	}
	if open := p.Summary.Judge; open > 0 {
		fmt.Fprintf(v.out, "  %s\n", v.styles.faint.Render(count(open, "verdict")+" to judge when the stages have run"))
	}
	fmt.Fprintln(v.out)
}

func (v *View) planSummary(p *planner.Plan, saved string) {
	if len(p.Nodes) == 0 {
		fmt.Fprintln(v.out, noStages)
		return
	}
	fmt.Fprintln(v.out, v.styles.bold.Render(planLine(p)+"."))
	for _, r := range p.Disk {
		if need := r.Need(); need >= worthTelling || need > r.Free/10 {
			fmt.Fprintln(v.out, "Disk: "+v.wrap(roomText(r)+".", 6))
		}
	}
	if p.Options.Limit > 0 {
		fmt.Fprintln(v.out, v.wrap(fmt.Sprintf("A trial of %s per dataset: verdicts are trial verdicts, nothing is exported.", count(p.Options.Limit, "row")), 0))
	}
	if saved != "" {
		fmt.Fprintf(v.out, "Saved. To run exactly this: prefab apply %s\n", saved)
	}
}

// worthTelling is from how many bytes on a plan tells what it adds to a disk, when the disk is not nearly full.
const worthTelling = 100e6

// roomText says what a run adds to a disk, and what is free there.
func roomText(r planner.Room) string {
	var parts []string
	if r.Cache > 0 {
		parts = append(parts, bytesText(r.Cache)+" new in the cache")
	}
	if r.Exports > 0 {
		parts = append(parts, bytesText(r.Exports)+" of exports")
	}
	text := "about " + strings.Join(parts, " and ")
	if r.Scratch > 0 {
		text += ", " + bytesText(r.Scratch) + " for a while"
	}
	return text + ", " + bytesText(r.Free) + " free"
}

// NoRoom says that a disk may be too small for a run.
func NoRoom(r planner.Room) string {
	return "the disk of " + r.Path + " has little room for this run: " + roomText(r) + "."
}

// planLine sums a plan up.
func planLine(p *planner.Plan) string {
	s := p.Summary
	var parts []string
	add := func(n int, text string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", thousands(int64(n)), text))
		}
	}
	add(s.Cached, "cached")
	add(s.Restore, "to restore")
	add(s.Run, "to run")
	add(s.MayRun, "may run")
	add(s.Blocked, "blocked")
	add(s.Waiting, "waiting")
	write, refuse := 0, 0
	for _, f := range p.Placements {
		if f.State == planner.Missing || f.State == planner.Outdated {
			write++
		} else {
			refuse++
		}
	}
	if write > 0 {
		parts = append(parts, count(write, "file")+" to write")
	}
	if refuse > 0 {
		parts = append(parts, count(refuse, "file")+" in the way")
	}
	line := strings.Join(parts, ", ")
	if p.Idle() {
		line = "Nothing to run: " + line
	} else {
		line = "Plan: " + line
	}
	if s.Judge > 0 {
		line += "; " + count(s.Judge, "verdict") + " open"
	}
	var low, high time.Duration
	known := true
	for _, n := range p.Nodes {
		if n.State == planner.WillRun || n.State == planner.MayRun {
			known = known && n.Estimate > 0
			high += n.Estimate
			if n.State == planner.WillRun {
				low += n.Estimate
			}
		}
	}
	if known && high > 0 {
		line += ". About " + round(high)
		if low < high {
			line = strings.TrimSuffix(line, round(high)) + round(low) + " to " + round(high)
		}
	}
	return line
}

// round writes a duration as a person would say it.
func round(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "<1ms"
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()+.5))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()+.5))
	}
	return fmt.Sprintf("%.1fh", d.Hours())
}
