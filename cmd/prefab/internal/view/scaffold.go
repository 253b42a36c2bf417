package view

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prefab-build/prefab/cmd/prefab/internal/scaffold"
)

// Scaffold tells what init wrote and on what grounds.
func (v *View) Scaffold(path string, s *scaffold.Spec) {
	if v.opts.JSON {
		v.printJSON(struct {
			Type string `json:"type"`
			Path string `json:"path"`
			*scaffold.Spec
		}{"init", path, s})
		return
	}
	fmt.Fprintln(v.out, v.styles.bold.Render("wrote "+path))
	if s.Format == "" {
		fmt.Fprintln(v.out, v.wrap("The spec generates its data. With --from FILE init writes one for yours.", 0))
	} else {
		fmt.Fprintf(v.out, "%s as %s, guessed from the first %s of %s\n", s.Rows, s.Format, count(s.Seen, "record"), s.Paths[0])
		width := 0
		for column := range s.Columns {
			width = max(width, len(column))
		}
		for _, column := range slices.Sorted(maps.Keys(s.Columns)) {
			fmt.Fprintf(v.out, "  %s  %s\n", pad(column, width), v.wrap(s.Columns[column], width+4))
		}
		for _, n := range s.Notes {
			fmt.Fprintln(v.out, v.styles.warn.Render("note: ")+v.wrap(n+".", 6))
		}
	}
	fmt.Fprintf(v.out, "next: prefab plan, prefab apply\n")
}
