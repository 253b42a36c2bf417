package rewardmodel

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

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
	penalty(t, a.Penalties, report)
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

// A gridRow is one penalty as cross-validation saw it.
type gridRow struct {
	Penalty      float64 `json:"penalty"`
	LogLoss      float64 `json:"log_loss"`
	Accuracy     float64 `json:"accuracy"`
	TrainLogLoss float64 `json:"train_log_loss"`
	Edge         string  `json:"edge,omitempty"` // of the chosen one
}

// penalty reports the grid, and says so when the best is at its edge: the true best may lie beyond.
func penalty(t *stage.Task, grid []float64, report linear.Report) {
	edge := ""
	switch {
	case len(grid) < 2:
	case report.Penalty == slices.Min(grid):
		edge = "smallest"
		t.Logf("the penalty chosen, %g, is the smallest of the grid: a smaller one may be better; add some to penalties", report.Penalty)
	case report.Penalty == slices.Max(grid):
		edge = "largest"
		t.Logf("the penalty chosen, %g, is the largest of the grid: there may be little to learn, or a larger one may be better", report.Penalty)
	}
	var rows []gridRow
	for _, p := range report.Curve {
		row := gridRow{Penalty: p.Penalty, LogLoss: p.LogLoss, Accuracy: p.Accuracy, TrainLogLoss: p.TrainLogLoss}
		if p.Penalty == report.Penalty {
			row.Edge = edge
		}
		rows = append(rows, row)
	}
	m := spec.Value("penalty", report.Penalty, int64(report.PenaltyPairs))
	m.Method, m.Table = "least held-out log-loss over the folds", rows
	t.Metric(m)
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
	t.Metric(reloads(margins, again))
}

func reloads(margins, again []float64) spec.Metric {
	same := 0.0
	if slices.Equal(margins, again) {
		same = 1
	}
	return spec.Value("reloads", same, int64(len(margins)))
}
