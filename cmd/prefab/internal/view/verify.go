package view

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/spec"
)

// A Comparison says how a stage that was run again compares with what is stored of it.
type Comparison struct {
	Addr        spec.Addr
	Determinism string
	Outcome     string
	Reason      string // why it was not compared
	Behind      string // the stage whose difference makes that of this one's inputs
	// The key, and what was found under it twice.
	Base, Inputs spec.Digest
	executor.Comparison
}

// What a comparison comes to.
const (
	Agrees      = "agrees"
	Differs     = "differs"
	Behind      = "behind" // another stage's difference
	Failed      = "failed"
	NotCompared = "not compared"
)

// Disagree reports whether some stage did not give what is stored.
func Disagree(list []Comparison) bool {
	for _, c := range list {
		if c.Outcome == Differs || c.Outcome == Failed || c.Outcome == Behind {
			return true
		}
	}
	return false
}

// Verified prints how stages that were run again compare with what is stored.
func (v *View) Verified(list []Comparison) {
	counts := map[string]int{}
	for _, c := range list {
		counts[c.Outcome]++
	}
	if v.opts.JSON {
		v.printJSON(map[string]any{"type": "verified", "summary": counts, "stages": comparisonsJSON(list)})
		return
	}
	width := 0
	for _, c := range list {
		width = max(width, lipgloss.Width(c.Addr.String()))
	}
	for _, c := range list {
		v.comparison(c, min(width, 34))
	}
	parts := []string{count(counts[Agrees], "stage") + " as stored"}
	for _, outcome := range []string{Differs, Behind, Failed, NotCompared} {
		if n := counts[outcome]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, verifyWords[outcome]))
		}
	}
	fmt.Fprintf(v.out, "\n%s\n", v.styles.bold.Render("Verified: "+strings.Join(parts, ", ")+"."))
}

var verifyWords = map[string]string{
	Agrees: "same", Differs: "DIFFERS", Behind: "behind one that differs", Failed: "failed", NotCompared: "not compared",
}

func (v *View) comparison(c Comparison, width int) {
	const indent = 11
	line := func(mark string, style lipgloss.Style, text string) {
		left := "  " + pad(mark, 7) + "  " + pad(clip(c.Addr.String(), width), width)
		fmt.Fprintln(v.out, style.Render(left)+"  "+v.wrap(text, indent))
	}
	switch c.Outcome {
	case Agrees:
		text := c.Determinism
		if len(c.Differences) > 0 {
			text += ": " + strings.Join(c.Differences, "; ")
		}
		line("same", v.styles.good, text)
	case Differs:
		line("DIFFERS", v.styles.bad, c.Determinism)
		v.under(fmt.Sprintf("the key of base %s and inputs %s gave two results", c.Base.Short(), c.Inputs.Short()), indent)
		v.under(fmt.Sprintf("stored %s, now %s", c.Was.Short(), c.Is.Short()), indent)
		const most = 5
		for i, d := range c.Differences {
			if i == most {
				v.under(fmt.Sprintf("and %d more differences", len(c.Differences)-most), indent)
				break
			}
			v.under("then and now: "+d, indent)
		}
	case Behind:
		text := "its inputs are others than when it was stored"
		if c.Behind != "" {
			text += ": " + c.Behind + " differs"
		}
		line("behind", v.styles.warn, text)
	case Failed:
		line("FAILED", v.styles.bad, c.Reason)
	default:
		line("....", v.styles.faint, c.Reason)
	}
}

func comparisonsJSON(list []Comparison) []map[string]any {
	out := []map[string]any{}
	for _, c := range list {
		m := map[string]any{"addr": c.Addr, "determinism": c.Determinism, "outcome": c.Outcome}
		if c.Reason != "" {
			m["reason"] = c.Reason
		}
		if c.Behind != "" {
			m["behind"] = c.Behind
		}
		if !c.Was.IsZero() {
			m["base_digest"], m["inputs_digest"], m["stored"], m["now"] = c.Base, c.Inputs, c.Was, c.Is
			if len(c.Differences) > 0 {
				m["differences"] = c.Differences
			}
		}
		out = append(out, m)
	}
	return out
}
