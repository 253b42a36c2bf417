package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/spec"
)

// A Taint is what holds a row of a dataset.
type Taint struct {
	Dataset spec.Addr `json:"dataset"`
	Row     string    `json:"row"`
	Place
	Runs []TaintRun `json:"runs"`
}

// A TaintRun is what holds the row among the results of one run.
type TaintRun struct {
	Name    string        `json:"run,omitempty"`    // empty: the results for the spec and the inputs as they are
	Absent  bool          `json:"absent,omitempty"` // the dataset has no such row there
	Unread  bool          `json:"unread,omitempty"` // the dataset has no result there
	Copies  []string      `json:"copies,omitempty"` // other rows of the dataset with the same texts: what holds them is listed, too
	Exports []TaintExport `json:"exports"`
	Models  []TaintModel  `json:"models"`
	Stages  []TaintStage  `json:"stages,omitempty"`
	Went    []TaintWent   `json:"went,omitempty"`
	Unsure  []spec.Addr   `json:"unsure,omitempty"`  // they make rows and cannot say of which
	Blocked []spec.Addr   `json:"blocked,omitempty"` // they are behind the row, and a gate keeps them from being made
	Unknown []spec.Addr   `json:"unknown,omitempty"` // they are behind the row, and have no result
}

// The states of an exported file.
const (
	FileThis    = "there"   // with these bytes
	FileOther   = "other"   // with other bytes
	FileMissing = "missing" // not there
)

// A TaintExport is an export that holds the row.
type TaintExport struct {
	Addr    spec.Addr `json:"addr"`
	Path    string    `json:"path"`
	Lines   []int64   `json:"lines"`
	Parquet bool      `json:"parquet,omitempty"` // the lines are rows
	File    string    `json:"file"`              // what lies at the path: see FileThis
}

// A TaintModel is a model that saw the row.
type TaintModel struct {
	Addr   spec.Addr `json:"addr"`
	Inputs []string  `json:"inputs"`
}

// A TaintStage is an output that holds the row, or rows made of it.
type TaintStage struct {
	Addr spec.Addr `json:"addr"`
	Port string    `json:"port"`
	Rows int       `json:"rows"`
}

// A TaintWent is a stage that did not let the row, or rows made of it, go on.
type TaintWent struct {
	Addr   spec.Addr `json:"addr"`
	Ledger []Cited   `json:"ledger"`
}

// Holds reports whether an export or a model holds the row.
func (t *Taint) Holds() bool {
	return slices.ContainsFunc(t.Runs, func(r TaintRun) bool { return len(r.Exports)+len(r.Models) > 0 })
}

// Open reports whether it cannot be told of some run.
func (t *Taint) Open() bool {
	return slices.ContainsFunc(t.Runs, func(r TaintRun) bool { return len(r.Unknown) > 0 })
}

// Taint prints what holds a row.
func (v *View) Taint(t Taint) {
	if v.opts.JSON {
		v.printJSON(t)
		return
	}
	head := fmt.Sprintf("row %s of %s", t.Row[:shortID], t.Dataset)
	if at := v.placeText(t.Place); at != "" {
		head += ", " + at
	}
	fmt.Fprintln(v.out, v.styles.bold.Render(head))
	for _, r := range t.Runs {
		v.taintRun(r)
	}
}

func (v *View) taintRun(r TaintRun) {
	name := "As the spec and the inputs are now"
	if r.Name != "" {
		name = "In " + r.Name
	}
	fmt.Fprintf(v.out, "\n%s\n", name)
	say := func(text string) { fmt.Fprintln(v.out, "  "+v.wrap(text, 2)) }
	switch {
	case r.Absent:
		say("the dataset has no such row")
		return
	case r.Unread:
		say("the dataset was not read: prefab apply reads it")
		return
	case len(r.Exports)+len(r.Models)+len(r.Unknown) == 0:
		say("no export and no model holds it")
	}
	if n := len(r.Copies); n > 0 {
		var names []string
		for _, id := range r.Copies[:min(n, 3)] {
			names = append(names, id[:shortID])
		}
		if n > 3 {
			names = append(names, fmt.Sprintf("%d more", n-3))
		}
		say("its texts are those of " + strings.Join(names, ", ") + ", too, and what holds these is listed with it")
	}
	lines := v.taintLines(r)
	width := 0
	for _, l := range lines {
		width = max(width, len(l[0]))
	}
	for _, l := range lines {
		fmt.Fprintln(v.out, "  "+pad(l[0], width)+"  "+v.wrap(l[1], 4+width))
	}
}

// taintLines says what each stage made of the row, by address.
func (v *View) taintLines(r TaintRun) (lines [][2]string) {
	add := func(a spec.Addr, text string) { lines = append(lines, [2]string{a.String(), text}) }
	for _, e := range r.Exports {
		text := fmt.Sprintf("%s, %s", v.Path(e.Path), lineList(e))
		switch e.File {
		case FileOther:
			text += " (another file lies there)"
		case FileMissing:
			text += " (it is not there)"
		}
		add(e.Addr, text)
	}
	for _, m := range r.Models {
		add(m.Addr, fmt.Sprintf("a model that got it as %s", strings.Join(m.Inputs, " and ")))
	}
	for _, w := range r.Went {
		for i := range w.Ledger {
			l := &w.Ledger[i]
			text := fmt.Sprintf("left out %s: %s", v.where(l), l.Reason)
			if l.Detail != "" {
				text += ": " + l.Detail
			}
			add(w.Addr, text)
		}
	}
	for _, a := range r.Unsure {
		add(a, "makes rows and cannot say of which: all of them are counted")
	}
	for _, a := range r.Blocked {
		add(a, "blocked: it is not written")
	}
	for _, a := range r.Unknown {
		add(a, "not known: there is no result")
	}
	return lines
}

func lineList(e TaintExport) string {
	const most = 10
	word := "line"
	if e.Parquet {
		word = "row"
	}
	if len(e.Lines) > 1 {
		word += "s"
	}
	var list []string
	for i, l := range e.Lines {
		if i == most {
			list = append(list, fmt.Sprintf("and %d more", len(e.Lines)-i))
			break
		}
		list = append(list, fmt.Sprint(l))
	}
	return word + " " + strings.Join(list, ", ")
}
