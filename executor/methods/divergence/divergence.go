// Package divergence estimates the Kullback-Leibler divergence of a policy from a reference model on text that the
// policy sampled. For a token x of such a text let l = log policy(x) - log reference(x), in nats. Then
//
//	k1 = l              is unbiased, and noisy: single terms have either sign
//	k3 = exp(-l) - 1 + l is unbiased and never negative, with less variance where the models are near
//
// (J. Schulman, "Approximating KL divergence", 2020). The terms of a text add up to an estimate for the whole text, since
// the divergence of sequences is the expected sum of that of their tokens. On text that the policy did not sample neither
// estimates a divergence; nothing here can tell.
package divergence

import "math"

// Version names the method in cache keys.
const Version = "divergence/1"

// K3 is the term of a token whose log-probabilities differ by l nats, policy minus reference. Its absolute error is about
// 1e-16 times l where l is near 0, and it is +Inf where the reference is likelier by more than a float64 can hold.
func K3(l float64) float64 { return max(math.Expm1(-l)+l, 0) }

// Linearised gives one value a sample whose mean is the ratio sum(terms) / sum(tokens), and whose standard error is that
// of the ratio to first order: a mean per token over samples of unequal length (the delta method; W. Cochran, "Sampling
// Techniques", 1977, section 6.3). So a ratio has the intervals of a mean, clustered ones among them. It needs a token.
func Linearised(terms, tokens []float64, ratio float64) []float64 {
	var n float64
	for _, t := range tokens {
		n += t
	}
	mean := n / float64(len(tokens))
	values := make([]float64, len(terms))
	for i := range terms {
		values[i] = ratio + (terms[i]-float64(ratio*tokens[i]))/mean
	}
	return values
}
