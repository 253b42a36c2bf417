package linear

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/prefab-build/prefab/executor/methods/stream"
)

// CurvePoint is one size of a learning curve.
type CurvePoint struct {
	// Pairs is how many pairs each fold's model was trained on, on average.
	Pairs int `json:"pairs"`
	// PenaltyPoint is the best penalty of the grid at this size.
	PenaltyPoint
}

// Curve measures what more data would bring: for each share in (0, 1], models
// trained on that share of each fold's training groups and judged on all its
// held-out rows. Smaller shares are parts of larger ones. The seed decides which
// groups come first.
//
// Each size has the penalty of the grid that is best for it. With one penalty for
// all, the curve may fall where more data would help: more pairs bring more
// features, and those want another.
func (c *Corpus) Curve(ctx context.Context, folds []int, shares []float64, seed uint64, progress func(done, total int)) ([]CurvePoint, error) {
	k, err := c.checkFolds(folds)
	if err != nil {
		return nil, err
	}
	for _, s := range shares {
		if !(s > 0) || s > 1 {
			return nil, fmt.Errorf("a learning curve has shares in (0, 1], not %g", s)
		}
	}
	rank, path := c.rank("learning curve", seed), c.cfg.path()
	byRow, points := c.byRow(folds), make([]CurvePoint, len(shares))
	tick := ticker(progress, k*len(path)*len(shares))
	for i, share := range shares {
		t := trial{folds: byRow, k: k, runs: along(path...), use: make([]bool, len(c.order))}
		used := 0
		for row := range t.use {
			if t.use[row] = float64(rank[row]) < share*float64(len(c.order)); t.use[row] {
				used++
			}
		}
		_, curve, err := c.cross(ctx, t, tick)
		if err != nil {
			return nil, err
		}
		points[i] = CurvePoint{used * (k - 1) / k, curve[best(curve)]}
	}
	return points, nil
}

// rank gives each row how many rows lie in groups that a shuffle puts before its
// own: rows of one group share it.
func (c *Corpus) rank(purpose string, seed uint64) []int {
	type bunch struct {
		draw uint64
		rows []int // positions in examples
	}
	groups := c.groups()
	bunches := make([]bunch, len(groups))
	for i, rows := range groups {
		s := c.stream(purpose, seed, rows)
		bunches[i] = bunch{s.Uint64(), rows}
	}
	slices.SortStableFunc(bunches, func(a, b bunch) int {
		switch {
		case a.draw < b.draw:
			return -1
		case a.draw > b.draw:
			return 1
		}
		return 0
	})
	before, byExample := 0, make([]int, len(c.order))
	for _, b := range bunches {
		for _, i := range b.rows {
			byExample[i] = before
		}
		before += len(b.rows)
	}
	return c.byRow(byExample)
}

// stream opens the random numbers of a group, which is named by its first key:
// neither the order of rows nor the numbers of groups matter.
func (c *Corpus) stream(purpose string, seed uint64, rows []int) stream.Stream {
	first := c.examples[rows[0]].Key
	return stream.New(seed, "linear", purpose, string(first[:]))
}

// NullDraw is the cross-fit result on labels flipped at random.
type NullDraw struct {
	Accuracy float64 `json:"accuracy"`
	LogLoss  float64 `json:"log_loss"`
}

// Null measures what the whole procedure reports when there is nothing to learn:
// in each draw every group's labels are flipped or not by a fair coin, all rows of
// a group together, and the fit is crossed again. The accuracies must lie around
// one half; where they do not, held-out rows leak into training. Judge them by
// their own spread: on HH harmless it is a fifth wider than that of independent
// coins, since each fold's rows teach the models that judge the others.
func (c *Corpus) Null(ctx context.Context, folds []int, penalty float64, draws int, seed uint64, progress func(done, total int)) ([]NullDraw, error) {
	k, err := c.checkFolds(folds)
	if err != nil {
		return nil, err
	}
	t := trial{folds: c.byRow(folds), k: k, runs: make([]run, draws)}
	groups := c.groups()
	for n := range t.runs {
		t.runs[n] = run{penalty, c.flip(groups, n, seed)}
	}
	_, curve, err := c.cross(ctx, t, ticker(progress, k*draws))
	if err != nil {
		return nil, err
	}
	out := make([]NullDraw, draws)
	for n, p := range curve {
		out[n] = NullDraw{p.Accuracy, p.LogLoss}
	}
	return out, nil
}

// flip tosses the coins of the n-th draw.
func (c *Corpus) flip(groups [][]int, n int, seed uint64) []bool {
	coins := make([]bool, len(c.order)) // by example
	for _, rows := range groups {
		s := c.stream("null "+strconv.Itoa(n), seed, rows)
		heads := s.Bool()
		for _, i := range rows {
			coins[i] = heads
		}
	}
	flipped := make([]bool, len(c.order))
	for row, i := range c.order {
		flipped[row] = coins[i]
	}
	return flipped
}
