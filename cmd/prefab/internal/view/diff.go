package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prefab-build/prefab/executor/history"
)

// Difference prints what differs between two runs.
func (v *View) Difference(d *history.Difference) {
	if v.opts.JSON {
		v.printJSON(d)
		return
	}
	for i, r := range []history.Run{d.From, d.To} {
		fmt.Fprintf(v.out, "%s %d  %s  %s\n", []string{"from run", "to run  "}[i], r.ID, r.Start.Local().Format(time.DateTime), ended(r))
	}
	if d.Spec {
		fmt.Fprintln(v.out, "\nThe spec is another.")
	}
	v.fileDiffs(d.Files)
	if len(d.Stages) > 0 {
		fmt.Fprintln(v.out, "\n"+v.styles.bold.Render("Stages"))
	}
	for i := range d.Stages {
		v.stageDiff(&d.Stages[i])
	}
	if len(d.Verdicts) > 0 {
		fmt.Fprintln(v.out, "\n"+v.styles.bold.Render("Verdicts"))
	}
	for _, x := range d.Verdicts {
		fmt.Fprintf(v.out, "  ~ %s %s\n", x.Subject, x.Check)
		if text := orNone(x.Was) + " -> " + orNone(x.Is); x.Was != x.Is {
			v.under(text, 6)
		}
		if x.WasCondition != x.IsCondition {
			v.under("must hold: "+x.WasCondition+" -> "+x.IsCondition, 6)
		}
		for _, m := range x.Metrics {
			v.under(measurement(m), 6)
		}
	}
	if len(d.Files)+len(d.Stages)+len(d.Verdicts) == 0 && !d.Spec {
		fmt.Fprintln(v.out, "\nThey came to the same.")
	}
}

func ended(r history.Run) string {
	if !r.Ended() {
		return "did not end"
	}
	return fmt.Sprintf("%s, exit code %d", round(r.Took()), r.ExitCode)
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return strings.ReplaceAll(s, "_", " ")
}

func (v *View) fileDiffs(list []history.FileDiff) {
	if len(list) > 0 {
		fmt.Fprintln(v.out, "\n"+v.styles.bold.Render("Inputs"))
	}
	for _, f := range list {
		switch {
		case f.Was == nil:
			fmt.Fprintf(v.out, "  %s %s  %s%s\n", v.styles.good.Render("+"), f.Addr, named(f.Path), count(int(f.Is.Records), "record"))
		case f.Is == nil:
			fmt.Fprintf(v.out, "  %s %s  %s%s\n", v.styles.bad.Render("-"), f.Addr, named(f.Path), count(int(f.Was.Records), "record"))
		case f.Was.Records == f.Is.Records: // and so none of a program
			fmt.Fprintf(v.out, "  %s %s  %sedited\n", v.styles.warn.Render("~"), f.Addr, named(f.Path))
		default:
			fmt.Fprintf(v.out, "  %s %s  %s%s -> %s\n", v.styles.warn.Render("~"), f.Addr, named(f.Path),
				count(int(f.Was.Records), "record"), thousands(f.Is.Records))
		}
	}
}

// named is a file's name before what is said of it; what a generator makes has none.
func named(path string) string {
	if path == "" {
		return ""
	}
	return path + ": "
}

func (v *View) stageDiff(s *history.StageDiff) {
	switch {
	case s.Was == nil:
		fmt.Fprintf(v.out, "  %s %s  %s, %s\n", v.styles.good.Render("+"), s.Addr, s.Is.State, count(int(s.Is.RowsOut), "row"))
		return
	case s.Is == nil:
		fmt.Fprintf(v.out, "  %s %s\n", v.styles.bad.Render("-"), s.Addr)
		return
	}
	line := fmt.Sprintf("  %s %s", v.styles.warn.Render("~"), s.Addr)
	if s.Was.State != s.Is.State {
		line += fmt.Sprintf("  %s -> %s", s.Was.State, s.Is.State)
	}
	if ran := func(n *history.Node) bool { return n.State == "ran" || n.State == "same" }; ran(s.Was) && ran(s.Is) {
		line += fmt.Sprintf("  %s -> %s", round(s.Was.Duration), round(s.Is.Duration))
	}
	fmt.Fprintln(v.out, line)
	const most = 3
	for i, text := range s.Key {
		if i == most {
			v.under(fmt.Sprintf("and %d more", len(s.Key)-most), 6)
			break
		}
		v.under(text, 6)
	}
	if s.Was.RowsOut != s.Is.RowsOut {
		v.under(fmt.Sprintf("%s -> %s", count(int(s.Was.RowsOut), "row"), thousands(s.Is.RowsOut)), 6)
	}
	for _, port := range slices.Sorted(maps.Keys(s.Rows)) {
		r := s.Rows[port]
		v.under(fmt.Sprintf("%s: %s came and %s went", port, thousands(int64(r.Came)), thousands(int64(r.Went))), 6)
	}
	for _, m := range s.Metrics {
		was, is := valueOf(m.Was), valueOf(m.Is)
		if was == is {
			v.under(fmt.Sprintf("%s %s: differs in digits that are not shown", m.Name, is), 6)
			continue
		}
		v.under(fmt.Sprintf("%s %s -> %s", m.Name, was, is), 6)
	}
}
