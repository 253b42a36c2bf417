package splitting

import (
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"
)

// Sizes returns the number of rows in each part.
func (a *Assignment) Sizes() []int {
	sizes := make([]int, len(a.Counts))
	for p, counts := range a.Counts {
		for _, n := range counts {
			sizes[p] += n
		}
	}
	return sizes
}

// Balance tests whether the parts have the same mix of strata: Pearson's chi-square of the parts by strata table, its
// degrees of freedom and the probability of a value at least as large if rows were dealt out independently. Rows come
// in groups, so the probability is too small where groups are large; it is a reading, not a verdict. With one stratum
// df is 0 and p is 1.
func (a *Assignment) Balance() (chi2 float64, df int, p float64) {
	sizes, all := a.Sizes(), 0
	strata := make([]int, len(a.Counts[0]))
	for part, counts := range a.Counts {
		all += sizes[part]
		for s, n := range counts {
			strata[s] += n
		}
	}
	used := 0
	for s, n := range strata {
		if n == 0 {
			continue
		}
		used++
		for part := range sizes {
			want := float64(float64(n)*float64(sizes[part])) / float64(all)
			d := float64(a.Counts[part][s]) - want
			chi2 += float64(d*d) / want
		}
	}
	df = (len(sizes) - 1) * (used - 1)
	if df == 0 {
		return 0, 0, 1
	}
	return chi2, df, distuv.ChiSquared{K: float64(df)}.Survival(chi2)
}

// Other is the name of the stratum that Strata puts small ones into.
const Other = "other"

// Strata numbers the strata of rows by name, in the order of the names, after putting those with fewer than least rows
// together with the ones named Other: too few rows cannot be shared out in proportion and would only add noise to the
// rest. It returns the number of each row's stratum and the names by number.
func Strata(names []string, least int) (numbers []int, kept []string) {
	count := map[string]int{}
	for _, n := range names {
		count[n]++
	}
	merged := func(name string) string {
		if count[name] < least {
			return Other
		}
		return name
	}
	number := map[string]int{}
	for name := range count {
		if m := merged(name); number[m] == 0 {
			number[m] = -1
			kept = append(kept, m)
		}
	}
	slices.SortFunc(kept, strings.Compare)
	for i, name := range kept {
		number[name] = i
	}
	numbers = make([]int, len(names))
	for i, name := range names {
		numbers[i] = number[merged(name)]
	}
	return numbers, kept
}
