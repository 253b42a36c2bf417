package rewardmodel

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/prefab-build/prefab/backends/reward"
	"github.com/prefab-build/prefab/backends/reward/linear"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// topFeatures is how many features each way a summary lists: a screen of them.
const topFeatures = 15

// A feature is one line of a summary.
type feature struct {
	Text   string  `json:"text"`
	Kind   string  `json:"kind"`
	Weight float64 `json:"weight"`
	DF     int     `json:"df"`
	Impact float64 `json:"impact"`
}

func trainLinear(ctx context.Context, t *stage.Task, cfg *config, raw json.RawMessage, train []reward.Example, folds []int) (*trained, error) {
	a := linear.Defaults()
	if err := json.Unmarshal(raw, &a); err != nil {
		return nil, err
	}
	if folds == nil {
		return nil, errors.New("the architecture linear chooses its penalty by cross-validation: give cross_fit = 2 or more")
	}
	model, report, err := linear.Train(ctx, train, folds, a, func(done, total int) { t.Progress(int64(done), int64(total), "steps") })
	if err != nil {
		return nil, err
	}
	files, err := model.Files()
	if err != nil {
		return nil, err
	}
	back, err := linear.Open(files)
	if err != nil {
		return nil, err
	}
	again, err := back.Margins(ctx, train)
	if err != nil {
		return nil, err
	}
	reloaded(t, report.Resubstitution, again)
	n := int64(len(train))
	t.Metric(spec.Value("features", float64(report.Features), n))
	m := spec.Value("penalty", report.Penalty, n)
	m.Method, m.Table = "least held-out log-loss over the folds", report.Curve
	t.Metric(m)
	t.Metric(spec.Value("temperature", report.CrossFit.Calibration.Temperature, n))
	t.Metric(spec.Value("initial_loss", report.InitialLoss, n))
	if !report.Fit.Converged {
		t.Logf("the fit did not converge in %d iterations: raise max_iterations", report.Fit.Iterations)
	}
	if err := audits(ctx, t, cfg, a, train, folds, report); err != nil {
		return nil, err
	}
	return &trained{
		files: files, margins: report.Resubstitution, temperature: report.CrossFit.Calibration.Temperature, summary: summary(model),
		crossFit: &crossFit{
			raw: report.CrossFit.Margins, calibrated: report.CrossFit.Calibrated, temperature: report.CrossFit.Calibration.Temperature,
		},
	}, nil
}

// summary lists the strongest features, those that speak for a response first.
func summary(m *linear.Model) any {
	positive, negative := m.Top(topFeatures)
	list := make([]feature, 0, len(positive)+len(negative))
	for _, f := range append(positive, negative...) {
		list = append(list, feature{Text: f.Text, Kind: f.Kind, Weight: f.Weight, DF: f.Documents, Impact: f.Impact})
	}
	return map[string]any{"architecture": linear.Architecture, "features": list}
}

// reloaded compares the scores of the stored model with those of the one in memory, bit for bit.
func reloaded(t *stage.Task, margins, again []float64) {
	same := 1.0
	for i := range margins {
		if margins[i] != again[i] {
			same = 0
		}
	}
	t.Metric(spec.Value("reloads", same, int64(len(margins))))
}

// audits runs what was asked for beside the training: the learning curve and the permutation null.
func audits(ctx context.Context, t *stage.Task, cfg *config, a linear.Config, train []reward.Example, folds []int, report linear.Report) error {
	n := int64(len(train))
	if !cfg.Curve {
		t.Metric(spec.Unavailable("curve", "the stage has learning_curve = false"))
	}
	if cfg.Null == 0 {
		t.Metric(spec.Unavailable("null_accuracy", "the stage has permutation_null = 0"))
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
		points, err := corpus.Curve(ctx, folds, []float64{0.1, 0.2, 0.4, 0.7, 1}, t.Seed(), progress)
		if err != nil {
			return err
		}
		m := spec.Value("curve", points[len(points)-1].Accuracy, n)
		m.Method, m.Table = "cross-fit at growing shares of the training groups", points
		t.Metric(m)
	}
	if cfg.Null > 0 {
		draws, err := corpus.Null(ctx, folds, report.Penalty, cfg.Null, t.Seed(), progress)
		if err != nil {
			return err
		}
		sum := 0.0
		for _, d := range draws {
			sum += d.Accuracy
		}
		m := spec.Value("null_accuracy", sum/float64(len(draws)), int64(len(draws)))
		m.Method, m.Table = "labels flipped at random by group, cross-fit again", draws
		t.Metric(m)
	}
	return nil
}
