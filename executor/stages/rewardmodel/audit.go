package rewardmodel

import (
	"context"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/prefab-build/prefab/backends/reward"
	"github.com/prefab-build/prefab/backends/reward/linear"
	"github.com/prefab-build/prefab/executor/methods/exact"
	"github.com/prefab-build/prefab/executor/methods/interval"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// audits runs what was asked for beside the training: the learning curve and the permutation null.
func audits(ctx context.Context, t *stage.Task, cfg *config, a linear.Config, train []reward.Example, folds []int, report linear.Report) error {
	n := int64(len(train))
	if !cfg.Curve {
		noCurve(t, "the stage has learning_curve = false")
	}
	if cfg.Null == 0 {
		noNull(t, "the stage has permutation_null = 0")
	}
	if !cfg.Curve && cfg.Null == 0 {
		return nil
	}
	corpus, err := linear.Prepare(ctx, train, a, nil)
	if err != nil {
		return err
	}
	progress := func(done, total int) { t.Progress(int64(done), int64(total), "audit steps") }
	if cfg.Curve {
		points, err := corpus.Curve(ctx, folds, curveShares[:], t.Seed(), progress)
		if err != nil {
			return err
		}
		curve(t, points, n)
	}
	if cfg.Null > 0 {
		draws, err := corpus.Null(ctx, folds, report.Penalty, cfg.Null, t.Seed(), progress)
		if err != nil {
			return err
		}
		for _, m := range nullMetrics(draws) {
			t.Metric(m)
		}
	}
	return nil
}

func noNull(t *stage.Task, reason string) {
	t.Metric(spec.Unavailable("null_accuracy", reason))
	t.Metric(spec.Unavailable("null_distance", reason))
}

// nullMetrics says what the draws of the permutation null come to. Labels that a coin gave cannot be predicted, so the
// mean of the draws is one half but for chance, and the draws' own spread says how much chance there is: held-out rows
// teach the models that judge each other, so coins that were independent would vary less.
func nullMetrics(draws []linear.NullDraw) []spec.Metric {
	var all exact.Moments
	for _, d := range draws {
		all.Add(d.Accuracy)
	}
	n := all.N()
	m := spec.Value("null_accuracy", all.Mean(), n)
	m.Method, m.Table = "labels flipped at random by group, cross-fit again; Student's t over the draws", draws
	if n < 2 {
		return []spec.Metric{m, spec.Unavailable("null_distance", "one draw has no spread: give permutation_null = 2 or more")}
	}
	t := distuv.StudentsT{Sigma: 1, Nu: float64(n - 1)}.Quantile((1 + interval.Confidence) / 2)
	half := t * math.Sqrt(all.Variance()/float64(n))
	low, high := max(0, all.Mean()-half), min(1, all.Mean()+half)
	m.Low, m.High = &low, &high
	distance := spec.Value("null_distance", max(0, low-0.5, 0.5-high), n)
	distance.Method = "how far the interval of null_accuracy lies from one half"
	return []spec.Metric{m, distance}
}
