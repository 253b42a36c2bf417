package linear

import (
	"cmp"
	"slices"
)

// Feature is one weight of a model, as a person reads it.
type Feature struct {
	// Kind is "words", "characters", "opening words" or "interaction".
	Kind string
	// Text is the n-gram, or the interaction's name.
	Text string
	// Weight is the coefficient; positive speaks for a response.
	Weight float64
	// Documents is in how many training responses the n-gram occurs; 0 for an
	// interaction.
	Documents int
	// Impact is the root mean square of what the feature adds to a training
	// pair's margin: a large weight on a rare word has little.
	Impact float64
}

// Top returns the k features with the greatest impact whose weight is positive,
// and the k with the greatest whose weight is negative, each with the strongest
// first.
func (m *Model) Top(k int) (positive, negative []Feature) {
	d := len(m.denseWeight)
	weight := func(i int) float32 { return pick(i, m.denseWeight, m.weights) }
	impact := func(i int) float32 { return pick(i, m.denseImpact, m.impact) }
	order := make([]int, d+len(m.weights))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(impact(b), impact(a)) })
	for _, i := range order {
		switch w := weight(i); {
		case w > 0 && len(positive) < k:
			positive = append(positive, m.feature(i))
		case w < 0 && len(negative) < k:
			negative = append(negative, m.feature(i))
		}
	}
	return positive, negative
}

// pick takes the i-th of two lists, one after the other.
func pick(i int, first, second []float32) float32 {
	if i < len(first) {
		return first[i]
	}
	return second[i-len(first)]
}

// feature describes the i-th weight, interactions first.
func (m *Model) feature(i int) Feature {
	if i < len(m.denseWeight) {
		return Feature{
			Kind: "interaction", Text: interactions[i],
			Weight: float64(m.denseWeight[i]), Impact: float64(m.denseImpact[i]),
		}
	}
	i -= len(m.denseWeight)
	return Feature{
		Kind: shape(m.shapes[i]).String(), Text: m.ngram(i),
		Weight: float64(m.weights[i]), Impact: float64(m.impact[i]), Documents: int(m.df[i]),
	}
}

// String names the family of an n-gram.
func (s shape) String() string {
	switch s &^ 15 {
	case wordShape:
		return "words"
	case charShape:
		return "characters"
	case leadShape:
		return "opening words"
	}
	return "unknown"
}
