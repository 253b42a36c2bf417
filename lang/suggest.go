package lang

import (
	"fmt"
	"slices"
	"strings"
)

// didYouMean returns " Did you mean x?" for the candidate that is closest to what was written, or nothing when none is
// close: about a third of the letters, and at least one, may be wrong. A tie goes to the first by name.
func didYouMean(given string, candidates []string) string {
	best, bestDistance := "", max(1, (len([]rune(given))+1)/3)+1
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		if isBeginning(given, c) || isBeginning(c, given) {
			best, bestDistance = c, 1
		}
		if d := distance(strings.ToLower(given), strings.ToLower(c), bestDistance); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %s?", best)
}

// isBeginning reports whether s starts with a word of three letters or more, as "warning" does with "warn".
func isBeginning(word, s string) bool {
	return len(word) >= 3 && strings.HasPrefix(strings.ToLower(s), strings.ToLower(word))
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

// listed joins names for a sentence, sorted, a dozen at most.
func listed(names []string) string {
	sorted := slices.Compact(slices.Sorted(slices.Values(names)))
	const most = 12
	if len(sorted) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(sorted[:most], ", "), len(sorted)-most)
	}
	if len(sorted) < 2 {
		return strings.Join(sorted, "")
	}
	return strings.Join(sorted[:len(sorted)-1], ", ") + " and " + sorted[len(sorted)-1]
}

// distance returns how many letters must be inserted, deleted, replaced or swapped with their neighbour to make b of a
// (Levenshtein's distance with adjacent transpositions), or limit when it is that much or more.
func distance(a, b string, limit int) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) >= limit || len(y)-len(x) >= limit {
		return limit
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row[0] = i + 1
		least := row[0]
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
			least = min(least, row[j+1])
		}
		if least >= limit {
			return limit
		}
		before, last, row = last, row, before
	}
	return min(last[len(y)], limit)
}
