package rewardmodel

import (
	"fmt"

	"github.com/prefab-build/prefab/backends/reward/linear"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// curveShares are the points of a learning curve, as shares of the training groups.
var curveShares = [...]float64{0.1, 0.2, 0.4, 0.7, 1}

// curveName names the metric of a point: curve_10 to curve_70, and curve for all of the data. Each has a metric of its
// own, so that gates and messages can say whether the curve still rises.
func curveName(share float64) string {
	if share == 1 {
		return "curve"
	}
	return fmt.Sprintf("curve_%.0f", 100*share)
}

// curveDefs declares the metrics of the curve.
func curveDefs() []spec.MetricDef {
	var list []spec.MetricDef
	for _, share := range curveShares {
		d := spec.MetricDef{
			Name: curveName(share), Unit: "share", Min: spec.F(0), Max: spec.F(1),
			Doc: fmt.Sprintf("out-of-fold accuracy with %.0f %% of the training groups (with learning_curve)", 100*share),
		}
		if share == 1 {
			d.Doc = "out-of-fold accuracy with all of the data; its table has pairs, log-loss and penalty of every point (with learning_curve)"
		}
		list = append(list, d)
	}
	return list
}

// A curveRow is one size of the learning curve.
type curveRow struct {
	Pairs    int     `json:"pairs"`
	Accuracy float64 `json:"accuracy"`
	LogLoss  float64 `json:"log_loss"`
	Penalty  float64 `json:"penalty"`
}

// curve records the points, of which there is one for each of curveShares.
func curve(t *stage.Task, points []linear.CurvePoint, n int64) {
	table := make([]curveRow, len(points))
	for i, p := range points {
		table[i] = curveRow{Pairs: p.Pairs, Accuracy: p.Accuracy, LogLoss: p.LogLoss, Penalty: p.Penalty}
		m := spec.Value(curveName(curveShares[i]), p.Accuracy, n)
		m.Method = "cross-fit at growing shares of the training groups"
		if i == len(points)-1 {
			m.Table = table
		}
		t.Metric(m)
	}
}

// noCurve says why there is no learning curve.
func noCurve(t *stage.Task, reason string) {
	for _, share := range curveShares {
		t.Metric(spec.Unavailable(curveName(share), reason))
	}
}
