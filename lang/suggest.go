package lang

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/spec/diag"
)

// didYouMean returns " Did you mean x?" for the candidate that is closest to what was written, or nothing when none is.
func didYouMean(given string, candidates []string) string {
	if best := diag.Closest(given, candidates); best != "" {
		return fmt.Sprintf(" Did you mean %s?", best)
	}
	return ""
}

// choices returns a sentence that suggests the closest candidate, or else lists them.
func choices(given string, candidates []string, what string) string {
	if s := didYouMean(given, candidates); s != "" {
		return s
	}
	if len(candidates) == 0 {
		return ""
	}
	return fmt.Sprintf(" %s %s.", what, listed(candidates))
}

// article begins a sentence with a noun: A source, An output.
func article(noun string) string {
	if strings.ContainsAny(noun[:1], "aeiou") {
		return "An " + noun
	}
	return "A " + noun
}

// listed joins names for a sentence, sorted, and two dozen at most: all that a block may hold, and all that there is at
// the top of a file.
func listed(names []string) string {
	sorted := slices.Compact(slices.Sorted(slices.Values(names)))
	const most = 24
	if len(sorted) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(sorted[:most], ", "), len(sorted)-most)
	}
	if len(sorted) < 2 {
		return strings.Join(sorted, "")
	}
	return strings.Join(sorted[:len(sorted)-1], ", ") + " and " + sorted[len(sorted)-1]
}
