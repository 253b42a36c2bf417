package quality_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/prefab-build/prefab/executor/methods/quality"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.9f, want %.9f", what, got, want)
	}
}

func TestGapVectors(t *testing.T) {
	for _, v := range [][2]float64{{0.20067, 0.10}, {0.30228, 0.15}, {0.40547, 0.20}, {0.61904, 0.30}, {0.15, 2*0.5374 - 1}} {
		got, err := quality.ProbabilityGap(v[0], 1)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "ProbabilityGap", got, v[1], 1e-4) // the vectors are rounded to 5e-5 of a probability
		again, _ := quality.ProbabilityGap(2*v[0], 2)
		near(t, "ProbabilityGap at twice the temperature", again, got, 0)
	}
	scale := quality.Scale{Min: 1, Max: 10}
	for _, v := range [][3]float64{{9, 6, 0.333333}, {8, 7, 0.111111}, {7, 7, 0}, {5, 8, -0.333333}} {
		got, err := scale.Gap(v[0], v[1])
		if err != nil {
			t.Fatal(err)
		}
		near(t, "Scale.Gap", got, v[2], 5e-7)
	}
	cdf, err := quality.NewCDF([]float64{3, 1, 2, 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range [][2]float64{{0, 0}, {1, 0.125}, {1.5, 0.25}, {2, 0.5}, {3, 0.875}, {9, 1}, {math.Inf(1), 1}, {math.Inf(-1), 0}} {
		near(t, "CDF.At", cdf.At(v[0]), v[1], 0)
	}
}

func TestVoteVectors(t *testing.T) {
	for _, v := range []struct {
		k, n                      int
		share, pairwise, jeffreys float64
	}{
		{2, 3, 0.6667, 0.3333, 0.625},
		{3, 3, 1, 1, 0.875},
		{4, 5, 0.8, 0.6, 0.75},
		{5, 5, 1, 1, 0.916667},
		{9, 10, 0.9, 0.8, 0.863636},
	} {
		votes := quality.Votes{Chosen: v.k, Rejected: v.n - v.k}
		share, _ := votes.Share()
		pairwise, _ := votes.Pairwise()
		gap, _ := votes.Gap()
		near(t, "Share", share, v.share, 5e-5)
		near(t, "Pairwise", pairwise, v.pairwise, 5e-5)
		near(t, "JeffreysShare", votes.JeffreysShare(), v.jeffreys, 5e-7)
		near(t, "Gap", gap, 2*share-1, 1e-15)
	}
	votes := quality.Votes{Chosen: 2, Rejected: 1, Ties: 2}
	share, _ := votes.Share()
	gap, _ := votes.Gap()
	near(t, "Share with ties", share, 0.4, 0)
	near(t, "Gap with ties", gap, 0.2, 0)
	if _, ok := (quality.Votes{}).Share(); ok {
		t.Error("no votes have a majority share")
	}
	if _, ok := (quality.Votes{}).Gap(); ok {
		t.Error("no votes have a gap")
	}
	if _, ok := (quality.Votes{Chosen: 1}).Pairwise(); ok {
		t.Error("one vote has a pairwise agreement")
	}
}

// Swapping the sides negates every gap exactly.
func TestSwappingNegates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		score := rapid.Float64Range(0, 10)
		a, b := score.Draw(t, "a"), score.Draw(t, "b")
		cdf, err := quality.NewCDF(rapid.SliceOfN(score, 1, 20).Draw(t, "calibration"))
		if err != nil {
			t.Fatal(err)
		}
		temperature := rapid.Float64Range(0.1, 10).Draw(t, "temperature")
		votes := quality.Votes{Chosen: rapid.IntRange(0, 9).Draw(t, "chosen"), Rejected: rapid.IntRange(0, 9).Draw(t, "rejected"), Ties: rapid.IntRange(1, 9).Draw(t, "ties")}
		all := func(c, r float64, v quality.Votes) (gaps [4]float64) {
			gaps[0], _ = quality.ProbabilityGap(c-r, temperature)
			gaps[1], _ = quality.Scale{Min: 0, Max: 10}.Gap(c, r)
			gaps[2], _ = cdf.Gap(c, r)
			gaps[3], _ = v.Gap()
			return gaps
		}
		there := all(a, b, votes)
		back := all(b, a, quality.Votes{Chosen: votes.Rejected, Rejected: votes.Chosen, Ties: votes.Ties})
		for i := range there {
			if there[i] != -back[i] || math.Abs(there[i]) > 1 {
				t.Fatalf("gap %d is %v, swapped %v", i, there[i], back[i])
			}
		}
	})
}

func TestGapErrors(t *testing.T) {
	fails := func(what string, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s is no error", what)
		}
	}
	_, err := quality.ProbabilityGap(1, 0)
	fails("temperature 0", err)
	_, err = quality.ProbabilityGap(math.NaN(), 1)
	fails("a difference that is not a number", err)
	_, err = quality.Scale{Min: 1, Max: 1}.Gap(1, 1)
	fails("an empty scale", err)
	_, err = quality.Scale{Min: 1, Max: 10}.Gap(11, 1)
	if err == nil || err.Error() != "rating 11 is outside the declared scale of 1 to 10" {
		t.Errorf("a rating of 11: %v", err)
	}
	_, err = quality.Scale{Min: 1, Max: 10}.Gap(2, math.NaN())
	fails("a rating that is not a number", err)
	_, err = quality.NewCDF(nil)
	fails("an empty calibration set", err)
	_, err = quality.NewCDF([]float64{math.NaN()})
	fails("a calibration reward that is not a number", err)
}

func TestTiers(t *testing.T) {
	limits := quality.DefaultLimits()
	gap := func(g float64, v quality.Votes) quality.Evidence {
		return quality.Evidence{Gap: g, HasGap: true, Votes: v}
	}
	none := quality.Votes{}
	for _, c := range []struct {
		name string
		e    quality.Evidence
		want quality.Verdict
	}{
		{"excellent by both", gap(0.30, quality.Votes{Chosen: 9, Rejected: 1}), quality.Verdict{Tier: quality.Excellent}},
		{"mixed: gap .40, share 65 %", gap(0.40, quality.Votes{Chosen: 13, Rejected: 7}), quality.Verdict{Tier: quality.Marginal}},
		{"2 of 3", gap(0.40, quality.Votes{Chosen: 2, Rejected: 1}), quality.Verdict{Tier: quality.Marginal}},
		{"3 of 5 is kept", gap(0.40, quality.Votes{Chosen: 3, Rejected: 2}), quality.Verdict{Tier: quality.Marginal}},
		{"1 of 2 is not", gap(0.40, quality.Votes{Chosen: 1, Rejected: 1}), quality.Verdict{Tier: quality.Marginal, Discard: true}},
		{"ties count", gap(0.40, quality.Votes{Chosen: 2, Ties: 3}), quality.Verdict{Tier: quality.Poor, Discard: true}},
		{"two votes are capped", gap(0.40, quality.Votes{Chosen: 2}), quality.Verdict{Tier: quality.Good}},
		{"three are not", gap(0.40, quality.Votes{Chosen: 3}), quality.Verdict{Tier: quality.Excellent}},
		{"votes alone", quality.Evidence{Votes: quality.Votes{Chosen: 4, Rejected: 1}}, quality.Verdict{Tier: quality.Good}},
		{"gap alone is capped", gap(0.90, none), quality.Verdict{Tier: quality.Good}},
		{"gap just below", gap(0.15-1e-12, none), quality.Verdict{Tier: quality.Marginal}},
		{"gap on the boundary", gap(0.15, none), quality.Verdict{Tier: quality.Good}},
		{"gap .10", gap(0.10, none), quality.Verdict{Tier: quality.Marginal}},
		{"small gap", gap(0.0, none), quality.Verdict{Tier: quality.Poor}},
		{"negative gap", gap(-0.5, quality.Votes{Chosen: 5}), quality.Verdict{Tier: quality.Poor, Inverted: true}},
		{"votes against the label", gap(0.5, quality.Votes{Chosen: 1, Rejected: 4}), quality.Verdict{Tier: quality.Poor, Inverted: true}},
		{"nothing", quality.Evidence{}, quality.Verdict{}},
	} {
		if got := limits.Judge(c.e); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	limits.MinPosterior = 0.7
	two := quality.Votes{Chosen: 2, Rejected: 1}
	if !limits.Judge(quality.Evidence{Votes: two}).Discard {
		t.Error("a Jeffreys share of .625 passes a limit of .7")
	}
	sure := 0.9
	if limits.Judge(quality.Evidence{Votes: two, Posterior: &sure}).Discard {
		t.Error("a posterior of .9 fails a limit of .7")
	}
}

func TestMatrix(t *testing.T) {
	limits := quality.DefaultLimits()
	var m, other quality.Matrix
	if _, ok := m.Score(); ok {
		t.Error("no pairs have a score")
	}
	m.Add(quality.Verdict{})
	if _, ok := m.Score(); ok {
		t.Error("an unrated pair has a score")
	}
	for _, g := range []float64{0.2, 0.12, -0.3, 0.05} {
		m.Add(limits.Judge(quality.Evidence{Gap: g, HasGap: true}))
	}
	other.Add(limits.Judge(quality.Evidence{Votes: quality.Votes{Chosen: 10}}))
	m.Merge(other)
	if score, ok := m.Score(); !ok || score != (0.75+0.4+1)/5 {
		t.Errorf("Score() = %v, %v", score, ok)
	}
	if m.Inverted != 1 || m.Discard != 0 || m.Tiers != [5]int{1, 2, 1, 1, 1} {
		t.Errorf("matrix %+v", m)
	}
}

func TestGaps(t *testing.T) {
	g := quality.NewGaps([]float64{0.5, -0.1, 0.15, 0.1, -0.3})
	value := func(what string, got float64, ok bool, want float64) {
		t.Helper()
		if !ok {
			t.Errorf("%s is unavailable", what)
		}
		near(t, what, got, want, 1e-15)
	}
	mean, ok := g.Mean()
	value("Mean", mean, ok, 0.07)
	for x, want := range map[float64]float64{0.15: 0.6, 0: 0.4, 0.1: 0.4, -1: 0, 1: 1} {
		share, ok := g.ShareBelow(x)
		value("ShareBelow", share, ok, want)
	}
	for x, want := range map[float64]float64{0.1: 0, 0.11: 0.4, 0: 0, 2: 1} {
		share, ok := g.ShareWithin(x)
		value("ShareWithin", share, ok, want)
	}
	for q, want := range map[float64]float64{0: -0.3, 0.25: -0.1, 0.5: 0.1, 0.625: 0.125, 1: 0.5} {
		x, ok := g.Quantile(q)
		value("Quantile", x, ok, want)
	}
	empty := quality.NewGaps(nil)
	if _, ok := empty.Mean(); ok {
		t.Error("no gaps have a mean")
	}
	if _, ok := empty.ShareBelow(0); ok {
		t.Error("no gaps have a share below 0")
	}
	if _, ok := empty.ShareWithin(1); ok {
		t.Error("no gaps have a share within 1")
	}
	if _, ok := empty.Quantile(0.5); ok {
		t.Error("no gaps have a median")
	}
}
