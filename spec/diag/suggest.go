package diag

import (
	"slices"
	"strings"
)

// Closest returns the candidate that was most likely meant by what was written, or nothing when none is close: about a
// third of the letters, and at least one, may be wrong. A tie goes to the first by name.
func Closest(given string, candidates []string) string {
	best, bestDistance := "", max(1, (len([]rune(given))+1)/3)+1
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		if bestDistance > 1 && (isBeginning(given, c) || isBeginning(c, given)) {
			best, bestDistance = c, 1
		}
		if d := distance(strings.ToLower(given), strings.ToLower(c), bestDistance); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// isBeginning reports whether s starts with a word of three letters or more, as "warning" does with "warn".
func isBeginning(word, s string) bool {
	return len(word) >= 3 && strings.HasPrefix(strings.ToLower(s), strings.ToLower(word))
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
