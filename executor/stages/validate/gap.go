package validate

import (
	"github.com/prefab-build/prefab/executor/methods/quality"
)

// The gaps, in the order in which they are kept.
var gapNames = [4]string{quality.GapJudge, quality.GapVotes, quality.GapProbability, quality.GapCDF}

// named returns the number of the gap that the spec names, or -1.
func (c *config) named() int {
	for i, name := range gapNames {
		if c.Gap == name {
			return i
		}
	}
	return -1
}

// gaps are those of a row that can be told.
type gaps struct {
	value [4]float64
	has   [4]bool
}

// gaps computes what the row's scores, votes and margin allow. The row has passed check, so a failure of a method is
// a gap that is not there.
func (r *rowReader) gaps(row int, c *config, cdf *quality.CDF) (g gaps) {
	set := func(i int, x float64, ok bool) { g.value[i], g.has[i] = x, ok }
	if chosen, rejected := r.scores[0], r.scores[1]; !chosen.Null(row) && !rejected.Null(row) {
		if r.scaled {
			x, err := r.scale.Gap(chosen.At(row), rejected.At(row))
			set(0, x, err == nil)
		}
		if cdf != nil {
			x, err := cdf.Gap(chosen.At(row), rejected.At(row))
			set(3, x, err == nil)
		}
	}
	x, voted := r.votesOf(row).Gap()
	set(1, x, voted)
	if c.MarginUnit == logit && !r.margin.Null(row) {
		x, err := quality.ProbabilityGap(r.margin.At(row), c.Temperature)
		set(2, x, err == nil)
	}
	return g
}

// lacking says why no row has a gap.
func (c *config) lacking(gap int) string {
	_, scaled := c.scale()
	switch gap {
	case 0:
		if !scaled {
			return "the scale of the ratings is not declared: scale = [1, 10]"
		}
		return "no row has a chosen_score and a rejected_score"
	case 1:
		return "no row has votes"
	case 2:
		if c.MarginUnit == "" {
			return "the unit of the column margin is not declared: margin_unit = \"logit\""
		}
		return "no row has a margin"
	}
	if !c.Calibration {
		return "there is no calibration set: calibration = dataset.reference.pairs"
	}
	return "no row has a chosen_score and a rejected_score"
}
