package view

import (
	"fmt"
	"strings"

	"github.com/prefab-build/prefab/planner"
)

// A Why is what there is to say of a stage's key.
type Why struct {
	Node        *planner.Node
	Previous    *planner.PreviousNode // of the last run; nil when it was not in it
	Run         int64
	Differences []string
}

// Why explains what a plan says of one stage.
func (v *View) Why(w Why) {
	if v.opts.JSON {
		v.printJSON(map[string]any{
			"addr": w.Node.Addr, "state": w.Node.State, "reason": w.Node.Reason, "differences": w.Differences,
			"base": w.Node.Base, "key": w.Node.Key, "previous": w.Previous,
		})
		return
	}
	fmt.Fprintf(v.out, "%s %s", v.styles.bold.Render(w.Node.Addr.String()), planWords[w.Node.State])
	if w.Node.Reason != "" {
		fmt.Fprintf(v.out, ": %s", w.Node.Reason)
	}
	fmt.Fprintln(v.out)
	switch {
	case w.Previous == nil:
		fmt.Fprintln(v.out, "It was in no full run before under this name.")
	case len(w.Differences) == 0 && w.Node.Key == nil:
		fmt.Fprintln(v.out, v.wrap(fmt.Sprintf("What is asked of it is what run %d asked. Whether its inputs are the same shows when the stages before it have run.", w.Run), 0))
	case len(w.Differences) == 0:
		fmt.Fprintf(v.out, "Nothing that it depends on changed since run %d.\n", w.Run)
	default:
		fmt.Fprintf(v.out, "Since run %d:\n", w.Run)
		for _, d := range w.Differences {
			fmt.Fprintln(v.out, "  "+v.wrap(d, 4))
		}
	}
	fmt.Fprintln(v.out, "\n"+v.styles.bold.Render("What is asked"))
	v.components(w.Node.Base)
	if w.Node.Key != nil {
		fmt.Fprintln(v.out, v.styles.bold.Render("Of what"))
		v.components(w.Node.Key.Inputs)
	}
}

func (v *View) components(list []planner.Component) {
	width := 0
	for _, c := range list {
		width = max(width, len(c.Name))
	}
	width = min(width, 36)
	for _, c := range list {
		value := c.Value
		if len(value) == 64 && strings.Trim(value, "0123456789abcdef") == "" {
			value = value[:12]
		}
		fmt.Fprintf(v.out, "  %s  %s\n", pad(c.Name, width), clip(value, v.width-width-4))
	}
}
