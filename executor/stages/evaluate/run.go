package evaluate

import (
	"context"
	"fmt"
	"math"

	"github.com/prefab-build/prefab/backends"
	"github.com/prefab-build/prefab/backends/reward"
	"github.com/prefab-build/prefab/backends/reward/bag"
	"github.com/prefab-build/prefab/backends/reward/linear"
	"github.com/prefab-build/prefab/executor/methods/interval"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

type runner struct{}

// A model is a reward model that was read back, and the sorted ids that it was trained on; or, where the stage has none,
// the margins that it gave.
type model struct {
	scorer interface {
		ScoreAll(ctx context.Context, items []reward.Item) ([]float64, error)
		Temperature() float64
	}
	margins map[spec.Digest]float64
	ids     []byte
	close   func()
}

// temperature is what a margin is divided by to be a log-odds, which those of scores are already.
func (m *model) temperature() float64 {
	if m.scorer == nil {
		return 1
	}
	return m.scorer.Temperature()
}

func open(ctx context.Context, t *stage.Task, cfg *config) (*model, error) {
	m := &model{close: func() {}}
	if !cfg.Model {
		var err error
		m.margins, err = margins(ctx, t.Table("scores"))
		return m, err
	}
	files := reward.Files{}
	for _, f := range t.Files("model") {
		switch f.Name {
		case "training.ids":
			m.ids = f.Content
		case "summary.json":
		default:
			files[f.Name] = f.Content
		}
	}
	name, err := files.Architecture()
	if err != nil {
		return nil, err
	}
	switch name {
	case linear.Architecture:
		m.scorer, err = linear.Open(files)
		return m, err
	case bag.Architecture:
		device, err := openDevice(t)
		if err != nil {
			return nil, err
		}
		scorer, err := bag.Open(device, files)
		if err != nil {
			device.Close()
			return nil, err
		}
		m.scorer, m.close = scorer, func() { scorer.Close(); device.Close() }
		return m, nil
	}
	return nil, fmt.Errorf("the model's architecture is %q, which this prefab does not know", name)
}

// openDevice opens the stage's backend, or the one that is always there.
func openDevice(t *stage.Task) (*backends.Device, error) {
	b, named := t.Backend()
	if !named {
		return backends.Open(backends.CPU, backends.Options{})
	}
	name, opts, err := backends.FromConfig(b.Addr.Name, b.Config)
	if err != nil {
		return nil, err
	}
	return backends.Open(name, opts)
}

func (runner) Run(ctx context.Context, t *stage.Task) error {
	var cfg config
	if err := t.Config(&cfg); err != nil {
		return err
	}
	m, err := open(ctx, t, &cfg)
	if err != nil {
		return err
	}
	defer m.close()
	parts := map[string]*part{}
	for _, member := range t.Members("on") {
		p, err := measurePart(ctx, t, member.Name, member.Table, m, cfg.Similarity)
		if err != nil {
			return err
		}
		parts[member.Name] = p
	}
	for _, member := range t.Members("on") {
		if err := report(t, &cfg, parts[member.Name], parts[trainPart], m.temperature()); err != nil {
			return err
		}
	}
	if parts[trainPart] != nil {
		if err := crossFit(ctx, t, &cfg, parts[trainPart]); err != nil {
			return err
		}
	}
	return overfit(t, &cfg, parts)
}

// crossFit measures the training rows by their out-of-fold scores.
func crossFit(ctx context.Context, t *stage.Task, cfg *config, p *part) error {
	name := trainPart + ".cross_fit_accuracy"
	table := t.Table("scores")
	if table == nil {
		t.Metric(spec.Unavailable(name, "the stage has no scores: give it the out_of_fold output of the model"))
		return nil
	}
	if !cfg.Model {
		t.Metric(spec.Unavailable(name, "the stage has no model, so its accuracy is that of the scores already"))
		return nil
	}
	if len(p.ids) == 0 {
		t.Metric(spec.Unavailable(name, "the part has no rows"))
		return nil
	}
	known, err := margins(ctx, table)
	if err != nil {
		return err
	}
	list := make([]float64, len(p.ids))
	for i, id := range p.ids {
		x, ok := known[id]
		if !ok {
			return fmt.Errorf("the scores have no row %s of train: they are of another training set", id)
		}
		list[i] = x
	}
	credits, _, err := interval.Credits(list, 0)
	if err != nil {
		return err
	}
	t.Metric(metric(name, interval.NewSample(p.groups, credits).Share(t.Seed(), name, interval.Draws, 0.95)))
	return nil
}

// margins reads scores by the ids of their rows.
func margins(ctx context.Context, table *stage.Table) (map[spec.Digest]float64, error) {
	list := make(map[spec.Digest]float64, table.Rows)
	for c, err := range table.All(ctx) {
		if err != nil {
			return nil, err
		}
		ids, scores := c.IDs(), c.Floats("margin")
		for r := range c.Rows {
			list[spec.Digest(ids.At(r))] = scores.At(r)
		}
	}
	return list, nil
}

// overfit compares the model on its own rows with the model on rows that it has not seen.
func overfit(t *stage.Task, cfg *config, parts map[string]*part) error {
	held := parts[validationPart]
	if held == nil {
		held = parts["test"]
	}
	if parts[trainPart] == nil || held == nil {
		t.Metric(spec.Unavailable("overfit", "it takes the parts train and validation"))
		return nil
	}
	var samples [2]interval.Sample
	for i, p := range []*part{parts[trainPart], held} {
		if len(p.ids) == 0 {
			t.Metric(spec.Unavailable("overfit", p.name+" has no rows"))
			return nil
		}
		credits, _, err := interval.Credits(p.margins, cfg.TieEps)
		if err != nil {
			return err
		}
		samples[i] = interval.NewSample(p.groups, credits)
	}
	t.Metric(gap(samples[0], samples[1]))
	return nil
}

// gap is the difference of two accuracies. Credits are halves, so it is one division of exact numbers: 1 - 0.9 is 0.1
// and not a little less, which a limit of "< 0.1" would let through.
func gap(train, held interval.Sample) spec.Metric {
	a, b := float64(train.N()), float64(held.N())
	right := func(s interval.Sample, n float64) float64 { return math.Round(2*s.Mean()*n) / 2 }
	mean := (right(train, a)*b - right(held, b)*a) / (a * b)
	m := spec.Value("overfit", mean, int64(held.N()))
	half := interval.Z(interval.Confidence) * math.Hypot(train.StdErr(), held.StdErr())
	low, high := max(-1, mean-half), min(1, mean+half)
	m.Low, m.High, m.Method = &low, &high, "difference of independent means, clustered standard errors"
	return m
}

// metric turns an estimate into a metric.
func metric(name string, e interval.Estimate) spec.Metric {
	m := spec.Value(name, e.Point, int64(e.N))
	m.Low, m.High, m.Groups, m.Method = &e.Low, &e.High, int64(e.Groups), e.Method
	return m
}
