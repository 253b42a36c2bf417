package rewardmodel

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/prefab-build/prefab/backends"
	"github.com/prefab-build/prefab/backends/reward"
	"github.com/prefab-build/prefab/backends/reward/bag"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

func trainBag(ctx context.Context, t *stage.Task, raw json.RawMessage, train []reward.Example, folds []int) (*trained, error) {
	a := bag.Defaults()
	if err := json.Unmarshal(raw, &a); err != nil {
		return nil, err
	}
	a.Seed = t.Seed()
	table := t.Table("validation")
	if table == nil {
		return nil, errors.New("the architecture bag stops by its log-loss on held-out pairs: give the stage a validation part")
	}
	validation, err := examples(ctx, t, table, 1)
	if err != nil {
		return nil, err
	}
	device, err := openDevice(t)
	if err != nil {
		return nil, err
	}
	defer device.Close()
	model, report, err := bag.Train(ctx, device, train, validation, a, bag.Options{Progress: logged(t)})
	if err != nil {
		return nil, err
	}
	defer model.Close()
	done := &trained{temperature: model.Temperature(), summary: map[string]any{"architecture": bag.Architecture, "report": report}}
	if done.files, err = model.Files(); err != nil {
		return nil, err
	}
	if done.margins, err = reward.Margins(ctx, model, train); err != nil {
		return nil, err
	}
	back, err := bag.Open(device, done.files)
	if err != nil {
		return nil, err
	}
	defer back.Close()
	again, err := reward.Margins(ctx, back, train)
	if err != nil {
		return nil, err
	}
	reloaded(t, done.margins, again)
	n := int64(len(train))
	t.Metric(spec.Value("features", float64(report.Parameters), n))
	t.Metric(spec.Unavailable("penalty", "the architecture bag has none"))
	t.Metric(spec.Value("temperature", done.temperature, int64(len(validation))))
	t.Metric(spec.Value("initial_loss", report.InitialLoss, n))
	noCurve(t, "learning curves are measured for the architecture linear")
	noNull(t, "permutation nulls are measured for the architecture linear")
	if folds != nil {
		done.crossFit, err = crossFitBag(ctx, t, device, train, validation, folds, a)
	}
	return done, err
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

// logged writes every look at the validation part into the stage's log.
func logged(t *stage.Task) func(bag.Progress) {
	last := 0.0
	return func(p bag.Progress) {
		t.Progress(int64(p.Step), int64(p.Steps), "steps")
		if p.Validation != last {
			last = p.Validation
			t.Logf("step %d of %d: log-loss %.4f on the validation part, %.4f on the last batch", p.Step, p.Steps, p.Validation, p.Loss)
		}
	}
}

// crossFitBag trains one model for each fold, on the others, and calibrates the margins of the rows held out together.
func crossFitBag(ctx context.Context, t *stage.Task, d *backends.Device, train, validation []reward.Example, folds []int, a bag.Config) (*crossFit, error) {
	out := &crossFit{raw: make([]float64, len(train))}
	weights := make([]float64, len(train))
	last := 0
	for i, f := range folds {
		last = max(last, f)
		weights[i] = train[i].Weight
	}
	for f := range last + 1 {
		var in, held []reward.Example
		var at []int
		for i, e := range train {
			if folds[i] == f {
				held, at = append(held, e), append(at, i)
			} else {
				in = append(in, e)
			}
		}
		margins, err := heldOut(ctx, t, d, in, held, validation, a)
		if err != nil {
			return nil, err
		}
		for k, i := range at {
			out.raw[i] = margins[k]
		}
	}
	c := reward.Calibrate(out.raw, weights)
	out.temperature = c.Temperature
	for _, m := range out.raw {
		out.calibrated = append(out.calibrated, m/c.Temperature)
	}
	return out, nil
}

func heldOut(ctx context.Context, t *stage.Task, d *backends.Device, in, held, validation []reward.Example, a bag.Config) ([]float64, error) {
	model, _, err := bag.Train(ctx, d, in, validation, a, bag.Options{
		Progress: func(p bag.Progress) { t.Progress(int64(p.Step), int64(p.Steps), "cross-fit steps") },
	})
	if err != nil {
		return nil, err
	}
	defer model.Close()
	return reward.Margins(ctx, model, held)
}
