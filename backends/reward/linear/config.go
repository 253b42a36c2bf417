package linear

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Config says what the features are and how the weights are found. Its JSON form
// is stored with the model.
type Config struct {
	// Ngrams lists the lengths of the word n-grams that are features, 1 to 5.
	Ngrams []int `json:"ngrams"`
	// CharNgrams lists the lengths of the character n-grams, 1 to 8; empty for
	// none. With {4} the held-out log-loss falls by .002 on HH harmless and .02 on
	// instruction pairs, at two to three times the time and four times the memory.
	CharNgrams []int `json:"char_ngrams"`
	// Lead makes features of the first one, two and three words.
	Lead bool `json:"lead"`
	// Interactions makes features of counts and of what response and prompt have
	// to do with each other (the list is in Interactions()). Without them the
	// model never sees the prompt.
	Interactions bool `json:"interactions"`
	// MinDF is in how many responses an n-gram must occur to be a feature, at
	// least 1.
	MinDF int `json:"min_df"`
	// Penalties is the grid of L2 penalties (lambda in mean loss + lambda/2
	// |w|^2) that cross-validation chooses from; one value fixes it.
	Penalties []float64 `json:"penalties"`
	// PenaltyPairs is how many pairs, at most, the choice of the penalty looks
	// at; more are thinned out by whole groups.
	PenaltyPairs int `json:"penalty_pairs"`
	// Tolerance is how far above its minimum the loss of a fit may end, at most:
	// with gradient g and penalty lambda the minimum is less than |g|^2/(2 lambda)
	// below, so a fit has converged when that is no more than Tolerance.
	Tolerance float64 `json:"tolerance"`
	// MaxIterations ends a fit that does not converge; the report says so.
	MaxIterations int `json:"max_iterations"`
}

// Defaults returns the configuration of an empty architecture block.
func Defaults() Config {
	return Config{
		Ngrams:        []int{1, 2},
		CharNgrams:    []int{},
		Lead:          true,
		Interactions:  true,
		MinDF:         3,
		Penalties:     []float64{1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1},
		PenaltyPairs:  100_000,
		Tolerance:     1e-5,
		MaxIterations: 500,
	}
}

// Problem is a fault of one attribute of a configuration.
type Problem struct {
	// Attribute is the JSON name of the attribute.
	Attribute string
	// Text says what is wrong and what would be right.
	Text string
}

func (p Problem) Error() string { return p.Attribute + ": " + p.Text }

// Check lists all that is wrong with a configuration.
func (c Config) Check() []Problem {
	var found []Problem
	bad := func(attribute, format string, args ...any) {
		found = append(found, Problem{attribute, fmt.Sprintf(format, args...)})
	}
	lengths := func(attribute string, list []int, most int) {
		for i, n := range list {
			if n < 1 || n > most {
				bad(attribute, "%d is not a length from 1 to %d", n, most)
			}
			if slices.Contains(list[:i], n) {
				bad(attribute, "%d is listed twice", n)
			}
		}
	}
	lengths("ngrams", c.Ngrams, 5)
	lengths("char_ngrams", c.CharNgrams, 8)
	if len(c.Ngrams) == 0 && len(c.CharNgrams) == 0 && !c.Lead && !c.Interactions {
		bad("ngrams", "no features are left: give at least one length, or turn on lead or interactions")
	}
	if c.MinDF < 1 {
		bad("min_df", "%d is less than 1, the smallest count of responses", c.MinDF)
	}
	if len(c.Penalties) == 0 {
		bad("penalties", "the list is empty: give at least one value, such as 0.001")
	}
	for i, p := range c.Penalties {
		if !(p > 0) || math.IsInf(p, 0) {
			bad("penalties", "%g is not a positive number; without a penalty the weights have no finite optimum", p)
		}
		if slices.Contains(c.Penalties[:i], p) {
			bad("penalties", "%g is listed twice", p)
		}
	}
	if c.PenaltyPairs < 1 {
		bad("penalty_pairs", "%d pairs are too few to choose a penalty from", c.PenaltyPairs)
	}
	if !(c.Tolerance > 0) || c.Tolerance > 1 {
		bad("tolerance", "%g is not in (0, 1]", c.Tolerance)
	}
	if c.MaxIterations < 1 {
		bad("max_iterations", "%d iterations fit nothing", c.MaxIterations)
	}
	return found
}

// check is Check as one error, for callers that were handed a configuration that
// nobody checked.
func (c Config) check() error {
	var errs []error
	for _, p := range c.Check() {
		errs = append(errs, p)
	}
	return errors.Join(errs...)
}

// path returns the penalties from the largest to the smallest: the order in
// which fits are made, each starting from the last.
func (c Config) path() []float64 {
	path := slices.Clone(c.Penalties)
	slices.Sort(path)
	slices.Reverse(path)
	return path
}

// sorted returns the configuration with its lists in ascending order, so that
// two ways of writing one configuration give one model.
func (c Config) sorted() Config {
	c.Ngrams = slices.Sorted(slices.Values(c.Ngrams))
	c.CharNgrams = append([]int{}, slices.Sorted(slices.Values(c.CharNgrams))...)
	c.Penalties = slices.Sorted(slices.Values(c.Penalties))
	return c
}
