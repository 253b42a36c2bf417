package quality

import "fmt"

// Tier is the quality of a pair. A higher value is better.
type Tier int

// The tiers. Unrated is a pair of which nothing is known; it is not a bad pair.
const (
	Unrated Tier = iota
	Poor
	Marginal
	Good
	Excellent
)

// String returns the tier's name in lower case.
func (t Tier) String() string {
	if t < Unrated || t > Excellent {
		return fmt.Sprintf("tier(%d)", int(t))
	}
	return [...]string{"unrated", "poor", "marginal", "good", "excellent"}[t]
}

// Limits are where tiers begin; every boundary belongs to the tier above it.
type Limits struct {
	Gap   [3]float64 // Marginal, Good and Excellent
	Share [3]float64 // the same, of the raw majority share
	// MinAgreement: a pair with a smaller majority share is to be discarded, whatever its tier.
	MinAgreement float64
	// MinPosterior is the same for the posterior of the majority share; 0, the default, asks for nothing. Jeffreys'
	// share of two against one is .625, so a limit that suits the raw share discards far too much here.
	MinPosterior float64
	// FewVotes: pairs with fewer votes are Good at best.
	FewVotes int
}

// DefaultLimits are those of the documented quality matrix.
func DefaultLimits() Limits {
	return Limits{
		Gap:          [3]float64{0.10, 0.15, 0.30},
		Share:        [3]float64{0.50, 0.70, 0.90},
		MinAgreement: 0.60,
		FewVotes:     3,
	}
}

// Evidence is what is known of a pair.
type Evidence struct {
	// Gap is the named gap; it counts only if HasGap.
	Gap    float64
	HasGap bool
	// Votes; none at all means that agreement is unavailable.
	Votes Votes
	// Posterior of the majority share, from a model of the voters; nil takes Jeffreys' share.
	Posterior *float64
}

// Verdict is what follows.
type Verdict struct {
	Tier     Tier
	Inverted bool // the gap or the votes contradict the label
	Discard  bool // agreement is below a limit
}

// Judge rates a pair. It is a total function: every combination of gap and votes, or the lack of either, has one answer.
//
//   - The tier is the lower of the tier by gap and the tier by majority share.
//   - A negative gap, or more votes for rejected than for chosen, is Poor and Inverted.
//   - Without a gap the votes decide alone, without votes the gap does; then, and with few votes, Good is the limit.
//   - A gap that was itself computed from the votes says nothing new: leave HasGap false.
func (l Limits) Judge(e Evidence) Verdict {
	share, voted := e.Votes.Share()
	if !voted && !e.HasGap {
		return Verdict{}
	}
	v := Verdict{Tier: Excellent}
	if e.HasGap {
		v.Tier = tierOf(e.Gap, l.Gap)
		v.Inverted = e.Gap < 0
	}
	if voted {
		v.Tier = min(v.Tier, tierOf(share, l.Share))
		v.Inverted = v.Inverted || e.Votes.Rejected > e.Votes.Chosen
		posterior := e.Votes.JeffreysShare()
		if e.Posterior != nil {
			posterior = *e.Posterior
		}
		v.Discard = share < l.MinAgreement || posterior < l.MinPosterior
	}
	if !voted || e.Votes.N() < l.FewVotes {
		v.Tier = min(v.Tier, Good)
	}
	if v.Inverted {
		v.Tier = Poor
	}
	return v
}

func tierOf(x float64, from [3]float64) Tier {
	switch {
	case x >= from[2]:
		return Excellent
	case x >= from[1]:
		return Good
	case x >= from[0]:
		return Marginal
	}
	return Poor
}

// Matrix counts verdicts. The zero Matrix is empty; Add and Merge fill it in any order.
type Matrix struct {
	Tiers    [Excellent + 1]int // by tier, Unrated among them
	Inverted int
	Discard  int
}

// Add counts one verdict.
func (m *Matrix) Add(v Verdict) {
	m.Tiers[v.Tier]++
	if v.Inverted {
		m.Inverted++
	}
	if v.Discard {
		m.Discard++
	}
}

// Merge adds the counts of another matrix.
func (m *Matrix) Merge(o Matrix) {
	for t, n := range o.Tiers {
		m.Tiers[t] += n
	}
	m.Inverted += o.Inverted
	m.Discard += o.Discard
}

// Score is the mean over rated pairs of 1 for Excellent, .75 for Good, .4 for Marginal and 0 for Poor, those inverted
// among them. ok is false when no pair is rated: no gap and no votes are no score, not a score of 0.
func (m *Matrix) Score() (score float64, ok bool) {
	n := m.Tiers[Poor] + m.Tiers[Marginal] + m.Tiers[Good] + m.Tiers[Excellent]
	if n == 0 {
		return 0, false
	}
	return float64(100*m.Tiers[Excellent]+75*m.Tiers[Good]+40*m.Tiers[Marginal]) / float64(100*n), true
}
