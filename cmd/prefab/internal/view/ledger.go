package view

import (
	"fmt"
	"strings"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/dataset/read"
)

// LedgerLines is how many lines of a ledger a person is shown; --json has all.
const LedgerLines = 10

// Cited is a line of a ledger with what it takes to find its row.
type Cited struct {
	executor.LedgerLine
	ID string `json:"id,omitempty"` // of a row; a record that made none has none
	Place
}

// A Place is where a record stands, in a file or a generated source.
type Place struct {
	File   string `json:"file,omitempty"`
	Line   int64  `json:"line,omitempty"`
	Last   int64  `json:"last_line,omitempty"` // of a record of several lines
	Part   int    `json:"part,omitempty"`      // of a generated source, from 1
	Record int    `json:"record,omitempty"`
	Edited bool   `json:"edited,omitempty"` // the files are not those that were read: this is where the texts stand now, if they do
}

// placeText names a place; empty is none.
func (v *View) placeText(p Place) string {
	switch {
	case p.File != "":
		text := fmt.Sprintf("%s:%d", v.Path(p.File), p.Line)
		if p.Last > p.Line {
			text += fmt.Sprintf("-%d", p.Last)
		}
		return text
	case p.Part > 0:
		return fmt.Sprintf("part %d, record %d", p.Part, p.Record)
	}
	return ""
}

// where names the row of a ledger line: its place, and its id as far as cat --row needs it.
func (v *View) where(c *Cited) string {
	var parts []string
	if at := v.placeText(c.Place); at != "" {
		parts = append(parts, at)
	}
	if len(c.ID) >= shortID {
		parts = append(parts, "row "+c.ID[:shortID])
	}
	if parts == nil {
		return fmt.Sprintf("chunk %d, row %d", c.Chunk, c.Row)
	}
	return strings.Join(parts, ", ")
}

func (v *View) ledger(s Shown) {
	c := s.Result.Counts
	var out, gone int64
	for _, n := range c.Out {
		out += n
	}
	for _, n := range c.Dropped {
		gone += n
	}
	text := fmt.Sprintf("%s in, %s out", thousands(c.In), thousands(out))
	if c.In != out+gone { // what comes out is not what goes in
		text = count(int(c.In), "row") + " read"
		if out > 0 {
			text += ", " + thousands(out) + " made"
		}
	}
	fmt.Fprintf(v.out, "\n%s  %s\n", v.styles.bold.Render("Ledger"), text)
	for _, reason := range sortedKeys(c.Dropped) {
		if reason == read.NotSelected {
			fmt.Fprintf(v.out, "  %s %s\n", thousands(c.Dropped[reason]), reason)
			continue
		}
		fmt.Fprintf(v.out, "  %s  %s\n", v.styles.warn.Render("dropped "+thousands(c.Dropped[reason])), reason)
	}
	for _, reason := range sortedKeys(c.Noted) {
		fmt.Fprintf(v.out, "  %s  %s\n", v.styles.faint.Render("noted   "+thousands(c.Noted[reason])), reason)
	}
	for i := range s.Ledger {
		l := &s.Ledger[i]
		text := v.where(l) + ": " + l.Reason
		if l.Detail != "" {
			text += ": " + l.Detail
		}
		const least, step = 4, 2
		fmt.Fprintln(v.out, strings.Repeat(" ", least)+v.wrap(text, least+step))
	}
	if s.More > 0 {
		fmt.Fprintf(v.out, "  and %s more: prefab show %s --json\n", thousands(int64(s.More)), s.Node.Addr)
	}
}
