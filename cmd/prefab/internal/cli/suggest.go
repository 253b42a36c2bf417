package cli

import (
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// suggest returns a hint at the stage whose address is nearest to what was written, or nothing.
func suggest(p *spec.Pipeline, text string) string {
	var names []string
	for i := range p.Blocks {
		names = append(names, p.Blocks[i].Addr.String())
	}
	for i := range p.Gates {
		names = append(names, p.Gates[i].Addr.String())
	}
	return nearest(names, text)
}

// nearest returns a hint at the name that is nearest to what was written, or nothing.
func nearest(names []string, text string) string {
	if best := diag.Closest(text, names); best != "" {
		return "; did you mean " + best + "?"
	}
	return ""
}
