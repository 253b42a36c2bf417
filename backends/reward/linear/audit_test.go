package linear

import (
	"context"
	"math"
	"testing"

	"github.com/prefab-build/prefab/backends/reward"
)

func prepare(t testing.TB, examples []reward.Example, cfg Config) *Corpus {
	t.Helper()
	c, err := Prepare(context.Background(), examples, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNullIsACoin(t *testing.T) {
	examples := synthetic(400, 15, 8)
	folds := groupFolds(examples, 4)
	c := prepare(t, examples, quick())
	draws, err := c.Null(context.Background(), folds, 1e-2, 12, 99, nil)
	if err != nil {
		t.Fatal(err)
	}
	mean := 0.0
	for _, d := range draws {
		mean += d.Accuracy / float64(len(draws))
	}
	// Groups of two rows: 200 coins a draw, 12 draws.
	if se := 0.5 / math.Sqrt(200*12); math.Abs(mean-0.5) > 4*se {
		t.Errorf("flipped labels are learnt with accuracy %.4f", mean)
	}
	again, err := prepare(t, reversed(examples), quick()).Null(context.Background(), reversed(folds), 1e-2, 2, 99, nil)
	if err != nil || again[0] != draws[0] || again[1] != draws[1] {
		t.Errorf("in another order of rows the draws are %v, not %v (%v)", again, draws[:2], err)
	}
	if draws[0] == draws[1] {
		t.Error("two draws flipped the same labels")
	}
}

// A model that has seen its held-out rows must fail the test that the null is
// for: rows of one group in two folds would do, so the fit refuses them; here
// the labels flip row by row instead of group by group, and copies leak.
func TestNullCatchesLeaks(t *testing.T) {
	examples := synthetic(200, 15, 8)
	var twins []reward.Example
	for i, e := range examples {
		e.Group = i
		twin := e
		twin.Key[0] ^= 1
		twin.Group = i + len(examples) // wrong: a copy in a group of its own
		twins = append(twins, e, twin)
	}
	folds := make([]int, len(twins))
	for i := range folds {
		folds[i] = i % 2 // each copy opposite its original
	}
	c := prepare(t, twins, quick())
	flipped := make([]bool, len(twins))
	for row, i := range c.order {
		flipped[row] = i/2%2 == 0
	}
	_, curve, err := c.cross(context.Background(), trial{folds: c.byRow(folds), k: 2, runs: []run{{1e-2, flipped}}}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	if curve[0].Accuracy < 0.8 {
		t.Errorf("copies of the held-out rows give accuracy %.3f on random labels: the test has no power", curve[0].Accuracy)
	}
}

func TestCurveRises(t *testing.T) {
	examples := synthetic(1000, 15, 9)
	folds := groupFolds(examples, 5)
	c := prepare(t, examples, quick())
	points, err := c.Curve(context.Background(), folds, []float64{0.05, 0.3, 1}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if points[0].Pairs != 40 || points[2].Pairs != 800 {
		t.Errorf("sizes %+v", points)
	}
	if points[0].LogLoss <= points[1].LogLoss || points[1].LogLoss <= points[2].LogLoss {
		t.Errorf("the loss does not fall with more data: %+v", points)
	}
	full, err := c.CrossFit(context.Background(), folds, points[2].Penalty, nil)
	if err != nil || math.Abs(full.LogLoss-points[2].LogLoss) > 1e-4 {
		t.Errorf("the whole of the data gives %.6f on the curve and %.6f without (%v)", points[2].LogLoss, full.LogLoss, err)
	}
	for _, bad := range []float64{0, 1.5, math.NaN()} {
		if _, err := c.Curve(context.Background(), folds, []float64{bad}, 1, nil); err == nil {
			t.Errorf("the share %g was accepted", bad)
		}
	}
}

// A fold's model must not depend on its held-out rows in any way: their text is
// replaced, and the margins of the other folds' held-out rows, which do depend
// on it, are not looked at.
func TestHeldOutRowsDoNotReachTheirModel(t *testing.T) {
	examples := synthetic(300, 15, 10)
	folds := groupFolds(examples, 3)
	fit := func(examples []reward.Example) []PenaltyPoint {
		c := prepare(t, examples, quick())
		_, curve, err := c.Choose(context.Background(), folds, nil)
		if err != nil {
			t.Fatal(err)
		}
		return curve
	}
	before := fit(examples)
	probe := append([]reward.Example(nil), examples...)
	for i := range probe {
		if folds[i] == 0 && i%2 == 0 {
			probe[i].Chosen, probe[i].Rejected = "unseen text here", "other unseen text"
		}
	}
	// The rows of fold 0 that stayed must have the margins that they had.
	c, d := prepare(t, examples, quick()), prepare(t, probe, quick())
	a, err := c.CrossFit(context.Background(), folds, 1e-2, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.CrossFit(context.Background(), folds, 1e-2, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range examples {
		// Weights are numbered, and so added up, in order of the frequencies of all
		// rows: equal but for rounding.
		if folds[i] == 0 && i%2 == 1 && math.Abs(a.Margins[i]-b.Margins[i]) > 2e-3 {
			t.Fatalf("row %d of the held-out fold moved from %g to %g when other held-out rows changed", i, a.Margins[i], b.Margins[i])
		}
	}
	if len(before) != 3 || before[0].Penalty != 0.1 || before[2].Penalty != 0.001 {
		t.Errorf("the curve runs over %+v", before)
	}
}

func TestThinnedPenaltyCoversAllRows(t *testing.T) {
	examples := synthetic(500, 15, 11)
	cfg := quick()
	cfg.PenaltyPairs = 150
	_, r := train(t, examples, cfg)
	if r.PenaltyPairs < 150 || r.PenaltyPairs > 160 {
		t.Errorf("the penalty was chosen on %d pairs, want about 150", r.PenaltyPairs)
	}
	if len(r.CrossFit.Margins) != 500 || r.CrossFit.Accuracy < 0.75 {
		t.Errorf("%d held-out margins with accuracy %.3f", len(r.CrossFit.Margins), r.CrossFit.Accuracy)
	}
	cfg.PenaltyPairs = 1 // still one group from each fold
	if _, r := train(t, examples, cfg); r.PenaltyPairs < 5 || r.PenaltyPairs > 10 {
		t.Errorf("the penalty was chosen on %d pairs, want one group of each fold", r.PenaltyPairs)
	}
}

func reversed[T any](list []T) []T {
	out := make([]T, len(list))
	for i, v := range list {
		out[len(list)-1-i] = v
	}
	return out
}
