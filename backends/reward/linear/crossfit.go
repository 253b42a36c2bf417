package linear

import (
	"context"
	"fmt"
	"math"

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
	Penalty float64
	// LogLoss and Accuracy are over all held-out rows.
	LogLoss, Accuracy float64
	// FoldLogLoss and FoldAccuracy are those of each fold.
	FoldLogLoss, FoldAccuracy []float64
	// TrainLogLoss is the mean log-loss of the folds' models on the rows that they
	// were trained on, without the penalty.
	TrainLogLoss float64
	// Iterations is the sum over the folds.
	Iterations int
	// Converged says that every fold's fit did.
	Converged bool
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
	held, curve, err := c.cross(ctx, c.byRow(folds), k, path, nil, progress)
	if err != nil {
		return CrossFit{}, nil, err
	}
	best := 0
	for i := range curve {
		if curve[i].LogLoss < curve[best].LogLoss {
			best = i
		}
	}
	return c.crossFit(path[best], k, held[best]), curve, nil
}

// CrossFit gives the held-out margins at one penalty.
func (c *Corpus) CrossFit(ctx context.Context, folds []int, penalty float64, progress func(done, total int)) (CrossFit, error) {
	k, err := c.checkFolds(folds)
	if err != nil {
		return CrossFit{}, err
	}
	held, _, err := c.cross(ctx, c.byRow(folds), k, []float64{penalty}, nil, progress)
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

// cross fits each penalty of a path on all folds but one, for each one. It
// returns the held-out margins by penalty and row, and the curve. Rows whose fold
// is negative take no part. Folds run side by side; one fold's path runs from the
// largest penalty on, each fit starting where the last one ended.
func (c *Corpus) cross(ctx context.Context, folds []int, k int, path []float64, flipped []bool, progress func(done, total int)) ([][]float64, []PenaltyPoint, error) {
	held := make([][]float64, len(path))
	for i := range held {
		held[i] = make([]float64, len(c.order))
	}
	fits := make([][]foldFit, k)
	errs := make([]error, k)
	tick := ticker(progress, k*len(path))
	err := each(ctx, k, func(_, f int) { fits[f], errs[f] = c.fold(ctx, folds, f, path, flipped, held, tick) })
	for _, e := range errs {
		if err == nil {
			err = e
		}
	}
	if err != nil {
		return nil, nil, err
	}
	curve := make([]PenaltyPoint, len(path))
	for i, penalty := range path {
		curve[i] = c.point(penalty, folds, k, held[i], flipped)
		for f := range fits {
			curve[i].TrainLogLoss += fits[f][i].train / float64(k)
			curve[i].Iterations += fits[f][i].Iterations
			curve[i].Converged = (f == 0 || curve[i].Converged) && fits[f][i].Converged
		}
	}
	return held, curve, nil
}

// foldFit is one fit of one fold.
type foldFit struct {
	Fit
	train float64 // log-loss on its own rows
}

// fold runs the path of one fold and writes its held-out margins.
func (c *Corpus) fold(ctx context.Context, folds []int, f int, path []float64, flipped []bool, held [][]float64, tick func(int)) ([]foldFit, error) {
	in, out := make([]bool, len(folds)), make([]bool, len(folds))
	for row, of := range folds {
		in[row], out[row] = of >= 0 && of != f, of == f
	}
	weighting := c.weigh(in)
	train, err := c.differences(ctx, weighting, in, true)
	if err != nil {
		return nil, err
	}
	test, err := c.differences(ctx, weighting, out, true)
	if err != nil {
		return nil, err
	}
	w := make([]float64, train.width())
	fits := make([]foldFit, len(path))
	o := newObjective(c, train, flipped, 0)
	for i, penalty := range path {
		o.lambda = penalty
		l := &lbfgs{o: o, alone: true, tolerance: c.cfg.Tolerance, limit: c.cfg.MaxIterations, w: w}
		fit, err := l.run(ctx)
		if err != nil {
			return nil, err
		}
		square := 0.0
		for _, v := range w {
			square += v * v
		}
		fits[i] = foldFit{fit, fit.Loss - penalty/2*square}
		test.margins(w, held[i])
		tick(1)
	}
	return fits, nil
}

// point sums up held-out margins, by fold and over all.
func (c *Corpus) point(penalty float64, folds []int, k int, held []float64, flipped []bool) PenaltyPoint {
	p := PenaltyPoint{Penalty: penalty, FoldLogLoss: make([]float64, k), FoldAccuracy: make([]float64, k)}
	var all, weights []float64
	for f := range k {
		var margins, own []float64
		for row, of := range folds {
			if of != f {
				continue
			}
			m := held[row]
			if flipped != nil && flipped[row] {
				m = -m
			}
			margins, own = append(margins, m), append(own, c.weight[row])
		}
		p.FoldLogLoss[f], p.FoldAccuracy[f] = reward.LogLoss(margins, own), reward.Accuracy(margins)
		all, weights = append(all, margins...), append(weights, own...)
	}
	p.LogLoss, p.Accuracy = reward.LogLoss(all, weights), reward.Accuracy(all)
	if math.IsNaN(p.LogLoss) {
		p.LogLoss = math.Inf(1)
	}
	return p
}
