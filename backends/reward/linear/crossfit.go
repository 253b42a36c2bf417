package linear

import (
	"context"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/prefab-build/prefab/backends/reward"
)

// CrossFit holds what models say about pairs whose groups they have not seen:
// row by row the margin of the model of the other folds. Slices of rows are in
// the order of the examples given to Prepare.
type CrossFit struct {
	// Penalty is the penalty of the models.
	Penalty float64
	// Folds is how many models there were.
	Folds int
	// Margins are as the models gave them.
	Margins []float64
	// Calibrated are the margins divided by the one temperature that suits all of
	// them best; sigmoid of one is the probability that its label is right.
	Calibrated []float64
	// Calibration is that temperature and what it does to the log-loss.
	Calibration reward.Calibration
	// LogLoss and Accuracy are over all rows, from Margins; the loss is weighted.
	LogLoss, Accuracy float64
}

// PenaltyPoint is one penalty of the grid as cross-validation saw it.
type PenaltyPoint struct {
	Penalty float64 `json:"penalty"`
	// LogLoss and Accuracy are over all held-out rows.
	LogLoss  float64 `json:"log_loss"`
	Accuracy float64 `json:"accuracy"`
	// FoldLogLoss and FoldAccuracy are those of each fold.
	FoldLogLoss  []float64 `json:"fold_log_loss"`
	FoldAccuracy []float64 `json:"fold_accuracy"`
	// TrainLogLoss is the mean log-loss of the folds' models on the rows that they
	// were trained on, without the penalty.
	TrainLogLoss float64 `json:"train_log_loss"`
	// Iterations is the sum over the folds.
	Iterations int `json:"iterations"`
	// Converged says that every fold's fit did.
	Converged bool `json:"converged"`
}

// checkFolds checks that folds gives each row a fold, that there are at least
// two, all of them used, and that no group is in two. It returns how many.
func (c *Corpus) checkFolds(folds []int) (int, error) {
	if len(folds) != len(c.examples) {
		return 0, fmt.Errorf("%d folds are given for %d pairs", len(folds), len(c.examples))
	}
	k, home := 0, map[int]int{}
	for i, f := range folds {
		if f < 0 || f >= len(folds) {
			return 0, fmt.Errorf("row %s is in fold %d; folds are numbered from 0", c.examples[i].ID(), f)
		}
		k = max(k, f+1)
		g := c.examples[i].Group
		if other, ok := home[g]; ok && other != f {
			return 0, fmt.Errorf("group %d is in folds %d and %d: a model would be judged on rows like those it learnt", g, other, f)
		}
		home[g] = f
	}
	size := make([]float64, k)
	for i, f := range folds {
		size[f] += c.examples[i].Weight
	}
	for f, n := range size {
		if n == 0 {
			return 0, fmt.Errorf("fold %d of %d has no pair with a positive weight: use fewer folds", f, k)
		}
	}
	if k < 2 {
		return 0, fmt.Errorf("cross-validation needs two folds, and all %d pairs are in one: they may be one group of similar prompts", len(folds))
	}
	return k, nil
}

// Choose fits every penalty of the grid on each fold's training rows and returns
// the penalty with the least held-out log-loss (the larger of equals), the
// cross-fit margins at it, and the whole curve from the largest penalty to the
// smallest.
//
// folds gives the fold of each example; rows of one group must share it. Each
// fold learns its own vocabulary, document frequencies and scales.
func (c *Corpus) Choose(ctx context.Context, folds []int, progress func(done, total int)) (CrossFit, []PenaltyPoint, error) {
	k, err := c.checkFolds(folds)
	if err != nil {
		return CrossFit{}, nil, err
	}
	path := c.cfg.path()
	held, curve, err := c.cross(ctx, trial{folds: c.byRow(folds), k: k, runs: along(path...)}, ticker(progress, k*len(path)))
	if err != nil {
		return CrossFit{}, nil, err
	}
	i := best(curve)
	return c.crossFit(path[i], k, held[i]), curve, nil
}

// best is the place of the least held-out log-loss, the first of equals.
func best(curve []PenaltyPoint) int {
	best := 0
	for i := range curve {
		if curve[i].LogLoss < curve[best].LogLoss {
			best = i
		}
	}
	return best
}

// CrossFit gives the held-out margins at one penalty.
func (c *Corpus) CrossFit(ctx context.Context, folds []int, penalty float64, progress func(done, total int)) (CrossFit, error) {
	k, err := c.checkFolds(folds)
	if err != nil {
		return CrossFit{}, err
	}
	held, _, err := c.cross(ctx, trial{folds: c.byRow(folds), k: k, runs: along(penalty)}, ticker(progress, k))
	if err != nil {
		return CrossFit{}, err
	}
	return c.crossFit(penalty, k, held[0]), nil
}

// byRow puts values given by example in order of rows.
func (c *Corpus) byRow(values []int) []int {
	out := make([]int, len(c.order))
	for row, i := range c.order {
		out[row] = values[i]
	}
	return out
}

// byExample puts values in order of rows back in the order of the examples.
func (c *Corpus) byExample(values []float64) []float64 {
	out := make([]float64, len(values))
	for row, i := range c.order {
		out[i] = values[row]
	}
	return out
}

func (c *Corpus) crossFit(penalty float64, folds int, held []float64) CrossFit {
	cal := reward.Calibrate(held, c.weight)
	margins := c.byExample(held)
	calibrated := make([]float64, len(margins))
	for i, m := range margins {
		calibrated[i] = m / cal.Temperature
	}
	return CrossFit{
		Penalty: penalty, Folds: folds, Margins: margins, Calibrated: calibrated, Calibration: cal,
		LogLoss: cal.Before, Accuracy: reward.Accuracy(held),
	}
}

// trial is one round of cross-validation.
type trial struct {
	folds []int // by row
	k     int
	runs  []run
	use   []bool // by row: may be trained on; nil for all
}

// run is one fit of every fold.
type run struct {
	penalty float64
	flipped []bool // by row: labels turned round; nil for none
}

// along makes a run of each penalty.
func along(path ...float64) []run {
	runs := make([]run, len(path))
	for i, penalty := range path {
		runs[i].penalty = penalty
	}
	return runs
}

// sideBySide is how many rows, at most, are fitted fold beside fold: each fold
// holds some twenty numbers for each feature. Above it the folds come one after
// the other and each is spread over the processors. The results are the same.
const sideBySide = 200_000

// cross fits each penalty of the path on all folds but one, for each one. It
// returns the held-out margins by penalty and row, and the curve. Folds run side
// by side; one fold's path runs from the largest penalty on, each fit starting
// where the last one ended.
func (c *Corpus) cross(ctx context.Context, t trial, tick func(int)) ([][]float64, []PenaltyPoint, error) {
	held := make([][]float64, len(t.runs))
	for i := range held {
		held[i] = make([]float64, len(c.order))
	}
	fits, errs := make([][]foldFit, t.k), make([]error, t.k)
	spread := each
	if len(c.order) > sideBySide {
		spread = inTurn
	}
	err := spread(ctx, t.k, func(_, f int) { fits[f], errs[f] = c.fold(ctx, t, f, held, tick) })
	for _, e := range errs {
		if err == nil {
			err = e
		}
	}
	if err != nil {
		return nil, nil, err
	}
	curve := make([]PenaltyPoint, len(t.runs))
	for i, r := range t.runs {
		p := c.point(t, r, held[i])
		p.Penalty, p.Converged = r.penalty, true
		for f := range fits {
			p.TrainLogLoss += fits[f][i].train / float64(t.k)
			p.Iterations += fits[f][i].Iterations
			p.Converged = p.Converged && fits[f][i].Converged
		}
		curve[i] = p
	}
	return held, curve, nil
}

// foldFit is one fit of one fold.
type foldFit struct {
	Fit
	train float64 // log-loss on its own rows
}

// fold makes the runs of one fold and writes its held-out margins.
func (c *Corpus) fold(ctx context.Context, t trial, f int, held [][]float64, tick func(int)) ([]foldFit, error) {
	alone := len(c.order) <= sideBySide
	c.collect()
	in, out := make([]bool, len(t.folds)), make([]bool, len(t.folds))
	for row, of := range t.folds {
		in[row], out[row] = of != f && (t.use == nil || t.use[row]), of == f
	}
	weighting := c.weigh(in)
	train, err := c.differences(ctx, weighting, in)
	if err != nil {
		return nil, err
	}
	test, err := c.differences(ctx, weighting, out)
	if err != nil {
		return nil, err
	}
	w := make([]float64, train.width())
	fits := make([]foldFit, len(t.runs))
	o := newObjective(c, train)
	if o.total == 0 {
		return nil, fmt.Errorf("without fold %d no pair with a positive weight is left to train on: use more pairs or fewer folds", f)
	}
	for i, r := range t.runs {
		o.lambda, o.flipped = r.penalty, r.flipped
		if r.flipped != nil {
			clear(w) // another draw of labels: nothing of the last one may remain
		}
		l := &lbfgs{o: o, alone: alone, tolerance: c.cfg.Tolerance, limit: c.cfg.MaxIterations, w: w}
		fit, err := l.run(ctx)
		if err != nil {
			return nil, err
		}
		square := floats.Dot(w, w)
		fits[i] = foldFit{fit, fit.Loss - r.penalty/2*square}
		if err := test.margins(ctx, w, o.buffer(0), held[i], alone); err != nil {
			return nil, err
		}
		tick(1)
	}
	return fits, nil
}

// point sums up held-out margins, by fold and over all.
func (c *Corpus) point(t trial, r run, held []float64) PenaltyPoint {
	p := PenaltyPoint{FoldLogLoss: make([]float64, t.k), FoldAccuracy: make([]float64, t.k)}
	signed := slices.Clone(held)
	for row := range signed {
		if r.flipped != nil && r.flipped[row] {
			signed[row] = -signed[row]
		}
	}
	for f := range t.k {
		var margins, weights []float64
		for row, of := range t.folds {
			if of == f {
				margins, weights = append(margins, signed[row]), append(weights, c.weight[row])
			}
		}
		p.FoldLogLoss[f], p.FoldAccuracy[f] = reward.LogLoss(margins, weights), reward.Accuracy(margins)
	}
	p.LogLoss, p.Accuracy = reward.LogLoss(signed, c.weight), reward.Accuracy(signed)
	return p
}
