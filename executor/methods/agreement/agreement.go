// Package agreement measures how far raters of the same items agree beyond chance: percent agreement, Cohen, Fleiss,
// Gwet's AC1 and AC2, Brennan-Prediger and Krippendorff's alpha, with intervals over items. It is for reports on votes and
// ratings, and for gates on them.
//
// Ratings must be of something fixed before anyone rated: "response A", not "the response that won". Agreement on a
// label that was derived from the votes is a different, and much worse, number. A coefficient that does not exist for
// some data says so and why; it is never 0, 1 or NaN in disguise. The package does not estimate true labels or the
// skill of raters.
//
// Every figure is a function of the multiset of items: their order does not show.
package agreement

import (
	"fmt"
	"slices"
)

// Version names the behaviour of this package in cache keys; it is raised when the same ratings would give other figures.
const Version = "agreement/1"

// Table counts, for each item, the ratings in each category. Items with the same counts are kept once, with their number:
// ten thousand items with five votes of three kinds are about fifty rows, and a bootstrap over them is cheap.
type Table struct {
	values []float64 // of the categories, ascending
	rows   []row     // distinct, ordered by counts; some may have times 0 in a resampled table
}

type row struct {
	counts []int
	n      int // ratings: the sum of counts
	times  int // items that have these counts
}

// Builder collects items for a Table.
type Builder struct {
	values []float64
	rows   map[string]*row
	key    []byte
}

// NewBuilder returns a Builder for categories with the given values, which must ascend; interval and ratio distances
// and the linear and quadratic weights are taken from them. All declared categories count, whether the data uses them
// or not. For A, tie and B use -1, 0 and 1. It panics on fewer than two categories and on values that do not ascend.
func NewBuilder(values ...float64) *Builder {
	if len(values) < 2 {
		panic(fmt.Sprintf("agreement: %d categories", len(values)))
	}
	for i := 1; i < len(values); i++ {
		if !(values[i-1] < values[i]) {
			panic("agreement: the values of categories do not ascend")
		}
	}
	return &Builder{values: slices.Clone(values), rows: map[string]*row{}}
}

// Nominal returns a Builder for categories that have no values, numbered from 0.
func Nominal(categories int) *Builder {
	values := make([]float64, categories)
	for i := range values {
		values[i] = float64(i)
	}
	return NewBuilder(values...)
}

// Add adds an item by its number of ratings in each category. Items with no rating are left out. It panics when the number
// of categories is another, or a count is negative or above 2^31.
func (b *Builder) Add(counts ...int) {
	if len(counts) != len(b.values) {
		panic(fmt.Sprintf("agreement: an item with %d categories among items with %d", len(counts), len(b.values)))
	}
	b.key = b.key[:0]
	n := 0
	for _, c := range counts {
		if c < 0 || c>>31 != 0 {
			panic(fmt.Sprintf("agreement: %d ratings in a category", c))
		}
		n += c
		b.key = append(b.key, byte(c>>24), byte(c>>16), byte(c>>8), byte(c))
	}
	if n == 0 {
		return
	}
	r := b.rows[string(b.key)]
	if r == nil {
		r = &row{counts: slices.Clone(counts), n: n}
		b.rows[string(b.key)] = r
	}
	r.times++
}

// AddRatings adds an item by its single ratings, each the number of a category, or negative for a rater who did not rate it.
func (b *Builder) AddRatings(ratings ...int) {
	counts := make([]int, len(b.values))
	for _, c := range ratings {
		if c >= 0 {
			counts[c]++
		}
	}
	b.Add(counts...)
}

// Table returns the items added so far. The Builder may go on.
func (b *Builder) Table() *Table {
	t := &Table{values: b.values, rows: make([]row, 0, len(b.rows))}
	for _, r := range b.rows {
		t.rows = append(t.rows, *r)
	}
	slices.SortFunc(t.rows, func(x, y row) int { return slices.Compare(x.counts, y.counts) })
	return t
}

// Items returns the number of items with one rating or more.
func (t *Table) Items() int {
	n := 0
	for _, r := range t.rows {
		n += r.times
	}
	return n
}

// Pairable returns the number of items with two ratings or more, the only ones that can show agreement.
func (t *Table) Pairable() int {
	n := 0
	for _, r := range t.rows {
		if r.n > 1 {
			n += r.times
		}
	}
	return n
}

// Ratings returns the number of ratings.
func (t *Table) Ratings() int {
	n := 0
	for _, r := range t.rows {
		n += r.n * r.times
	}
	return n
}

// Coefficient is an agreement beyond chance, (Observed - Expected)/(1 - Expected), or why there is none.
type Coefficient struct {
	Value              float64
	Observed, Expected float64 // of agreement; for alpha 1 minus the disagreements
	Undefined          string  // the reason; "" means that Value holds
}

// OK reports whether the coefficient is defined.
func (c Coefficient) OK() bool { return c.Undefined == "" }

// The reasons for which a coefficient is undefined.
const (
	NoPairs     = "no item has two ratings"
	OneCategory = "all ratings that could be compared are in one category, so that there is no disagreement to expect"
	NotPositive = "the ratio distance needs positive values"
)

// beyond makes a coefficient from an observed and an expected agreement.
func beyond(observed, expected float64) Coefficient {
	c := Coefficient{Observed: observed, Expected: expected}
	if expected >= 1 {
		c.Undefined = OneCategory
		return c
	}
	c.Value = (observed - expected) / (1 - expected)
	return c
}

// Majority is what the ratings of one item say of it.
type Majority struct {
	Category int     // with the most ratings
	Votes    int     // for it
	Share    float64 // Votes over all ratings, those of ties among them
	Even     bool    // another category has as many: there is no majority, and Category is only the first
}

// MajorityOf returns the majority of an item's counts. The category tie, if not negative, is no candidate but counts in
// the denominator. ok is false when there is no rating at all, or only ties.
func MajorityOf(counts []int, tie int) (m Majority, ok bool) {
	n := 0
	for category, c := range counts {
		n += c
		switch {
		case category == tie || c == 0:
		case c > m.Votes:
			m.Category, m.Votes, m.Even = category, c, false
		case c == m.Votes:
			m.Even = true
		}
	}
	if m.Votes == 0 {
		return Majority{}, false
	}
	m.Share = float64(m.Votes) / float64(n)
	return m, true
}
