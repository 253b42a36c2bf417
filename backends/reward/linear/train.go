package linear

import (
	"context"

	"github.com/prefab-build/prefab/backends/reward"
)

// Report is what training found out.
type Report struct {
	// Pairs and Features are how many of each the model was fitted to; Features
	// counts n-grams and interactions.
	Pairs, Features int
	// Penalty is the penalty of the model.
	Penalty float64
	// PenaltyPairs is how many pairs the choice of the penalty looked at, and
	// Curve what it saw, from the largest penalty to the smallest.
	PenaltyPairs int
	Curve        []PenaltyPoint
	// CrossFit holds the held-out margins of all pairs at that penalty.
	CrossFit CrossFit
	// InitialLoss is the loss of weights that are all 0: ln 2 where no pair has a
	// margin.
	InitialLoss float64
	// Fit is the final fit, on all pairs.
	Fit Fit
	// Resubstitution holds the model's margins on the pairs that it was trained
	// on, in the order given. They say how far it can fit, not how good it is.
	Resubstitution []float64
}

// Train builds a model of all examples: it chooses the penalty by
// cross-validation over the folds, fits the model with it and crosses the fit, so
// that every pair also has a margin of a model that never saw its group.
//
// The model's bytes depend on the examples and folds as a set: not on their
// order, nor on the number of processors. progress, which may be nil, gets the
// state of the whole.
func Train(ctx context.Context, examples []reward.Example, folds []int, cfg Config, progress func(done, total int)) (*Model, Report, error) {
	stage := stages(progress, 4)
	c, err := Prepare(ctx, examples, cfg, stage(0))
	if err != nil {
		return nil, Report{}, err
	}
	if _, err := c.checkFolds(folds); err != nil {
		return nil, Report{}, err
	}
	r := Report{Pairs: c.Rows(), Features: c.Features(), PenaltyPairs: c.Rows()}
	r.CrossFit, r.Curve, err = c.choose(ctx, folds, stage(1), stage(2), &r.PenaltyPairs)
	if err != nil {
		return nil, Report{}, err
	}
	r.Penalty = r.CrossFit.Penalty
	model, fit, err := c.Fit(ctx, r.Penalty)
	if err != nil {
		return nil, Report{}, err
	}
	model.temperature = r.CrossFit.Calibration.Temperature
	r.Fit, r.InitialLoss = fit, reward.LogLoss(negated(c.margin), c.weight)
	r.Resubstitution, err = model.Margins(ctx, examples)
	stage(3)(1, 1)
	return model, r, err
}

// choose is Choose and CrossFit in one where all pairs are looked at, and one
// after the other where the choice looks at some.
func (c *Corpus) choose(ctx context.Context, folds []int, first, second func(done, total int), looked *int) (CrossFit, []PenaltyPoint, error) {
	if len(c.cfg.Penalties) == 1 || c.Rows() <= c.cfg.PenaltyPairs {
		fit, curve, err := c.Choose(ctx, folds, first)
		second(1, 1)
		return fit, curve, err
	}
	some, keep := c.thin(folds)
	*looked = len(some)
	small, err := Prepare(ctx, some, c.cfg, nil)
	if err != nil {
		return CrossFit{}, nil, err
	}
	chosen, curve, err := small.Choose(ctx, keep, first)
	if err != nil {
		return CrossFit{}, nil, err
	}
	fit, err := c.CrossFit(ctx, folds, chosen.Penalty, second)
	return fit, curve, err
}

// thin picks whole groups in an order drawn from their keys: those that begin
// within the first PenaltyPairs rows, and the first of each fold in any case.
func (c *Corpus) thin(folds []int) (some []reward.Example, keep []int) {
	rank, first := c.rank("penalty", 0), map[int]int{}
	for row, i := range c.order {
		if r, ok := first[folds[i]]; !ok || rank[row] < r {
			first[folds[i]] = rank[row]
		}
	}
	for row, i := range c.order {
		if rank[row] < c.cfg.PenaltyPairs || rank[row] == first[folds[i]] {
			some, keep = append(some, c.examples[i]), append(keep, folds[i])
		}
	}
	return some, keep
}

// groups lists the examples of each group in order of keys, and the groups in
// order of their first key: numbers given to groups do not matter.
func (c *Corpus) groups() [][]int {
	at := map[int]int{}
	var groups [][]int
	for _, i := range c.order {
		g := c.examples[i].Group
		n, ok := at[g]
		if !ok {
			n = len(groups)
			at[g] = n
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], i)
	}
	return groups
}

// Fit fits a model with one penalty to all rows.
func (c *Corpus) Fit(ctx context.Context, penalty float64) (*Model, Fit, error) {
	c.collect()
	weighting := c.weigh(nil)
	x, err := c.differences(ctx, weighting, nil)
	if err != nil {
		return nil, Fit{}, err
	}
	o := newObjective(c, x)
	o.lambda = penalty
	l := &lbfgs{
		o: o, tolerance: c.cfg.Tolerance, limit: c.cfg.MaxIterations,
		w: make([]float64, x.width()),
	}
	fit, err := l.run(ctx)
	if err != nil {
		return nil, fit, err
	}
	return c.model(weighting, x, l.w, penalty, fit), fit, nil
}

// stages splits progress into n equal stages.
func stages(progress func(done, total int), n int) func(i int) func(done, total int) {
	const parts = 1000
	return func(i int) func(done, total int) {
		if progress == nil {
			return func(int, int) {}
		}
		return func(done, total int) { progress(parts*i+parts*done/max(total, 1), parts*n) }
	}
}

func negated(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = -x
	}
	return out
}
