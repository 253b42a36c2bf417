package cli

import (
	"github.com/agext/levenshtein"

	"github.com/prefab-build/prefab/spec"
)

// suggest returns a hint at the stage whose address is nearest to what was written, or nothing.
func suggest(p *spec.Pipeline, text string) string {
	best, at := "", 4 // more than three slips are no slip
	for i := range p.Blocks {
		name := p.Blocks[i].Addr.String()
		if d := levenshtein.Distance(text, name, nil); d < at {
			best, at = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}
