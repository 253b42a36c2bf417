// Package quality measures how clearly a preference pair is one: the gap between its responses, how many voters stood
// behind the label, and the tier that follows from both. It is for the kinds that validate pairs and report on them,
// and for gates.
//
// Every gap is signed: positive agrees with the label, and swapping chosen and rejected negates it exactly, so that a
// data set with its sides swapped fails the gate that it passed. There are four, because a number such as 0.15 means
// nothing until it is said what it is a difference of; a spec names one. The package refuses gaps without a declared
// unit: raw reward differences, differences of lengths, and scores rescaled to the range of a batch, which one added
// row would change for all.
//
// Scores and votes must come from outside the model that is being built; whether they do, only the caller can know.
package quality

import (
	"fmt"
	"math"
	"slices"
)

// Version names the behaviour of this package in cache keys; it is raised when the same pairs would be judged otherwise.
const Version = "quality/1"

// The names of the gaps, as a spec writes them.
const (
	GapProbability = "rm_prob_gap" // ProbabilityGap
	GapJudge       = "judge_gap"   // Scale.Gap
	GapCDF         = "rm_cdf_gap"  // CDF.Gap
	GapVotes       = "vote_gap"    // Votes.Gap
)

// ProbabilityGap is the gap of calibrated rewards with the given difference, chosen minus rejected:
// 2*sigma(d/T) - 1 = tanh(d/2T), the excess of the probability that chosen wins over an even chance, doubled. It lies in
// [-1, 1]; 0.10, 0.15, 0.20 and 0.30 are probabilities of .55, .575, .60 and .65. The temperature is to come from
// held-out pairs. It fails on a difference that is not a number and on a temperature that is not positive and finite.
func ProbabilityGap(difference, temperature float64) (float64, error) {
	if !(temperature > 0) || math.IsInf(temperature, 1) {
		return 0, fmt.Errorf("temperature %v: want a finite number above 0", temperature)
	}
	if math.IsNaN(difference) {
		return 0, fmt.Errorf("the difference of rewards is not a number")
	}
	return math.Tanh(difference / (2 * temperature)), nil
}

// Scale is the declared range of ratings, such as 1 to 10.
type Scale struct {
	Min, Max float64
}

// Gap is (chosen - rejected)/(Max - Min), in [-1, 1]. It fails on an empty or unbounded scale and on ratings outside
// it: a rating of 11 out of 10 is a mistake of the data or of the scale, and clipping would hide it.
func (s Scale) Gap(chosen, rejected float64) (float64, error) {
	if !(s.Min < s.Max) || math.IsInf(s.Max-s.Min, 0) {
		return 0, fmt.Errorf("rating scale from %v to %v: want a minimum below the maximum", s.Min, s.Max)
	}
	for _, r := range [2]float64{chosen, rejected} {
		if !(r >= s.Min && r <= s.Max) {
			return 0, fmt.Errorf("rating %v is outside the declared scale of %v to %v", r, s.Min, s.Max)
		}
	}
	return (chosen - rejected) / (s.Max - s.Min), nil
}

// CDF is the empirical distribution of rewards on a fixed calibration set. It makes rewards of any scale comparable: any
// monotone change of the rewards, made to the set as well, leaves its gaps as they are.
type CDF struct {
	sorted []float64
}

// NewCDF returns the distribution of the given rewards, in any order; they are copied. It fails when there is none or
// one is not a number.
func NewCDF(rewards []float64) (*CDF, error) {
	if len(rewards) == 0 {
		return nil, fmt.Errorf("the calibration set has no rewards")
	}
	if i := slices.IndexFunc(rewards, math.IsNaN); i >= 0 {
		return nil, fmt.Errorf("reward %d of the calibration set is not a number", i)
	}
	return &CDF{slices.Sorted(slices.Values(rewards))}, nil
}

// At is the share of the calibration set below the reward, those equal to it counting one half.
func (c *CDF) At(reward float64) float64 {
	below, equal := slices.BinarySearch(c.sorted, reward)
	end := below
	if equal {
		end, _ = slices.BinarySearch(c.sorted, math.Nextafter(reward, math.Inf(1)))
		if math.IsInf(reward, 1) {
			end = len(c.sorted)
		}
	}
	return float64(below+end) / float64(2*len(c.sorted))
}

// Gap is At(chosen) - At(rejected), in [-1, 1]. It fails when a reward is not a number.
func (c *CDF) Gap(chosen, rejected float64) (float64, error) {
	if math.IsNaN(chosen) || math.IsNaN(rejected) {
		return 0, fmt.Errorf("a reward of the pair is not a number")
	}
	return c.At(chosen) - c.At(rejected), nil
}

// Votes counts judgements of one pair by the response that they preferred. The responses have to be told apart by something
// fixed before anyone voted: counting votes for "whatever the majority chose" makes noise look like agreement.
type Votes struct {
	Chosen, Rejected, Ties int
}

// N is the number of votes.
func (v Votes) N() int { return v.Chosen + v.Rejected + v.Ties }

// Gap is (chosen - rejected)/all, in [-1, 1]; ok is false without votes.
func (v Votes) Gap() (gap float64, ok bool) {
	if v.N() == 0 {
		return 0, false
	}
	return float64(v.Chosen-v.Rejected) / float64(v.N()), true
}

// Share is the raw majority share: the votes of the response that has more, over all votes, ties included. It can be
// below one half, and is 0 when all votes are ties. ok is false without votes.
func (v Votes) Share() (share float64, ok bool) {
	if v.N() == 0 {
		return 0, false
	}
	return float64(max(v.Chosen, v.Rejected)) / float64(v.N()), true
}

// Pairwise is the share of pairs of voters who agree, ties being an opinion like the others; ok is false for fewer than
// two votes. It is not the majority share: 4 of 5 votes are a share of .8 and a pairwise agreement of .6.
func (v Votes) Pairwise() (share float64, ok bool) {
	n := v.N()
	if n < 2 {
		return 0, false
	}
	agreeing := v.Chosen*(v.Chosen-1) + v.Rejected*(v.Rejected-1) + v.Ties*(v.Ties-1)
	return float64(agreeing) / float64(n*(n-1)), true
}

// JeffreysShare is the posterior mean of the majority share under Jeffreys' prior, (k+1/2)/(n+1): what k of n votes say
// about the voters who were not asked. Three unanimous votes give .875. Without votes it is one half.
func (v Votes) JeffreysShare() float64 { return Jeffreys(max(v.Chosen, v.Rejected), v.N()) }

// Jeffreys is (k+1/2)/(n+1). It panics unless 0 <= k <= n.
func Jeffreys(k, n int) float64 {
	if k < 0 || k > n {
		panic(fmt.Sprintf("quality: %d of %d votes", k, n))
	}
	return (float64(k) + 0.5) / (float64(n) + 1)
}
