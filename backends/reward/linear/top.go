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
	for i, w := range m.denseWeight {
		f := Feature{Kind: "interaction", Text: interactions[i], Weight: float64(w), Impact: float64(m.denseImpact[i])}
		positive, negative = file(f, positive, negative)
	}
	for i, w := range m.weights {
		f := Feature{
			Kind: shape(m.shapes[i]).String(), Text: m.texts[i], Weight: float64(w),
			Documents: int(m.df[i]), Impact: float64(m.impact[i]),
		}
		positive, negative = file(f, positive, negative)
	}
	return strongest(positive, k), strongest(negative, k)
}

func file(f Feature, positive, negative []Feature) (p, n []Feature) {
	switch {
	case f.Weight > 0:
		positive = append(positive, f)
	case f.Weight < 0:
		negative = append(negative, f)
	}
	return positive, negative
}

func strongest(list []Feature, k int) []Feature {
	slices.SortStableFunc(list, func(a, b Feature) int { return cmp.Compare(b.Impact, a.Impact) })
	return slices.Clip(list[:min(k, len(list))])
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
