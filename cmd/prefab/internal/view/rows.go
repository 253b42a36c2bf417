package view

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A WhyRow is the way of one row from its source to a line of an exported file.
type WhyRow struct {
	Export  spec.Addr
	Path    string
	Line    int64
	Parquet bool // what is counted are rows
	Record  int64
	Row     string // its id
	Notes   []string
	Steps   []RowStep
}

// A RowStep is one stage on the way, and what it did with the rows that lead to the line.
type RowStep struct {
	Node  *planner.Node
	Other bool // its settings were others then
	Rows  []StepRow
}

// A StepRow is a row as it left a stage.
type StepRow struct {
	ID    string   `json:"id"`
	Port  string   `json:"port,omitempty"`
	Place          // of a stage that reads files
	Why   string   `json:"why,omitempty"`
	Of    []string `json:"of,omitempty"` // the rows that it was made of
	Added []Added  `json:"added,omitempty"`
	Noted []Cited  `json:"noted,omitempty"` // what the ledger says of it
	Named []Cited  `json:"named,omitempty"` // lines of the ledger on other rows, which name it
}

// Added is what a stage wrote into a column of a row.
type Added struct {
	Column string          `json:"column"`
	Value  json.RawMessage `json:"value"`
}

// WhyRow prints the way of a row.
func (v *View) WhyRow(w WhyRow) {
	if v.opts.JSON {
		steps := make([]any, len(w.Steps))
		for i, s := range w.Steps {
			steps[i] = map[string]any{"addr": s.Node.Addr, "kind": s.Node.Kind, "other_settings": s.Other, "rows": s.Rows}
		}
		v.printJSON(map[string]any{
			"export": w.Export, "path": w.Path, "line": w.Line, "record": w.Record, "row": w.Row, "notes": w.Notes, "steps": steps,
		})
		return
	}
	word := "line"
	if w.Parquet {
		word = "row"
	}
	fmt.Fprintf(v.out, "%s\n", v.styles.bold.Render(fmt.Sprintf("%s, %s %d: row %s", v.Path(w.Path), word, w.Line, w.Row[:shortID])))
	for _, note := range w.Notes {
		fmt.Fprintln(v.out, v.wrap(note, 0))
	}
	fmt.Fprintln(v.out)
	for _, s := range w.Steps {
		v.step(s, w)
	}
}

// stepRows is how many rows of one stage a person is shown.
const stepRows = 10

func (v *View) step(s RowStep, w WhyRow) {
	fmt.Fprintf(v.out, "  %s\n", v.styles.good.Render(s.Node.Addr.String()))
	if s.Other {
		v.stepLine("its settings were others in that run, so it cannot say why")
	}
	for i, r := range s.Rows {
		if i == stepRows {
			v.stepLine(fmt.Sprintf("and %s: --json lists them", count(len(s.Rows)-i, "more row")))
			break
		}
		name := ""
		if r.ID != w.Row {
			name = "row " + r.ID[:shortID] + ": "
		}
		v.stepLine(name + strings.Join(v.did(s, r, w), "; "))
		v.mentions(s, r)
	}
}

// did says what a stage did with a row.
func (v *View) did(s RowStep, r StepRow, w WhyRow) (did []string) {
	at := v.placeText(r.Place)
	switch {
	case s.Node.Addr == w.Export:
		did = append(did, fmt.Sprintf("written, as record %d", w.Record))
	case r.Edited && at != "":
		did = append(did, "read from a file that was edited since; its texts stand in "+at+" now")
	case r.Edited:
		did = append(did, "read from a file that was edited since; its texts are not found in it any more")
	case at != "":
		did = append(did, "read from "+at)
	case s.Node.Kind == planner.UnionKind:
		did = append(did, "joined with the other inputs")
	}
	if len(r.Of) > 0 {
		did = append(did, "made of "+rowNames(r.Of))
	}
	if r.Why != "" {
		did = append(did, r.Why)
	}
	for _, a := range r.Added {
		did = append(did, clip(fmt.Sprintf("%s %s", a.Column, valueText(a.Value)), v.width-8))
	}
	if did == nil {
		did = []string{"passed on"}
	}
	return did
}

// valueText shortens a number to what a person reads.
func valueText(raw json.RawMessage) string {
	var x float64
	if json.Unmarshal(raw, &x) == nil {
		return number(x)
	}
	return string(raw)
}

func rowNames(ids []string) string {
	const most = 5
	var names []string
	for i, id := range ids {
		if i == most {
			names = append(names, fmt.Sprintf("%d more", len(ids)-i))
			break
		}
		names = append(names, id[:shortID])
	}
	if len(names) == 1 {
		return "row " + names[0]
	}
	return "rows " + strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// mentions prints the lines of the ledger that are about a row.
func (v *View) mentions(s RowStep, r StepRow) {
	for _, l := range r.Noted {
		text := "noted: " + l.Reason
		if l.Detail != "" {
			text += ": " + l.Detail
		}
		v.stepLine(text)
	}
	for i := range r.Named {
		if i == stepRows {
			v.stepLine(fmt.Sprintf("and %s that name it: prefab show %s --json", count(len(r.Named)-i, "more line"), s.Node.Addr))
			break
		}
		l := &r.Named[i]
		v.stepLine(fmt.Sprintf("%s went: %s: %s", v.where(l), l.Reason, l.Detail))
	}
}

func (v *View) stepLine(text string) {
	const indent, step = 6, 2
	fmt.Fprintln(v.out, strings.Repeat(" ", indent)+v.wrap(text, indent+step))
}
