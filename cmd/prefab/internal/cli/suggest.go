package cli

import (
	"github.com/agext/levenshtein"

	"github.com/prefab-build/prefab/spec"
)

// suggest returns a hint at the stage whose address is nearest to what was written, or nothing.
func suggest(p *spec.Pipeline, text string) string {
	names := make([]string, len(p.Blocks))
	for i := range p.Blocks {
		names[i] = p.Blocks[i].Addr.String()
	}
	return nearest(names, text)
}

// nearest returns a hint at the name that is nearest to what was written, or nothing.
func nearest(names []string, text string) string {
	best, at := "", 4 // more than three slips are no slip
	for _, name := range names {
		if d := levenshtein.Distance(text, name, nil); d < at {
			best, at = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}
