package bag

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/prefab-build/prefab/backends"
	"github.com/prefab-build/prefab/backends/adamw"
	"github.com/prefab-build/prefab/backends/reward"
	"github.com/prefab-build/prefab/executor/methods/text"
)

// Options are what Train needs besides what the model depends on. The zero value trains silently and stores nothing on
// the way.
type Options struct {
	// Progress is told after each step.
	Progress func(Progress)
	// Checkpoint is the path of a file that the state of training is stored in at every evaluation, and that a later
	// Train of the same pairs, configuration and device class goes on from. It is removed when training ends.
	Checkpoint string
}

// Progress is how far training has come.
type Progress struct {
	Step, Steps int     // of at most so many
	Loss        float64 // of the last batch, in nats
	Validation  float64 // the last log-loss on the validation pairs, in nats; 0 before the first
}

// Report is what training found out.
type Report struct {
	// Pairs and Validation count the pairs of the two sets; Parameters the numbers that were learned.
	Pairs      int `json:"pairs"`
	Validation int `json:"validation"`
	Parameters int `json:"parameters"`
	// Steps is how many steps were made of at most MaxSteps, and Stopped why no more: "epochs" or "patience".
	Steps    int    `json:"steps"`
	MaxSteps int    `json:"max_steps"`
	Stopped  string `json:"stopped"`
	// InitialLoss is the loss of the first batch before its step: ln 2 where no pair has a margin.
	InitialLoss float64 `json:"initial_loss"`
	// BestStep is after how many steps the model was the one that is kept: 0 when no training made it better than one
	// that knows nothing. BestLoss is its log-loss on the validation pairs, in nats, before the temperature.
	BestStep int     `json:"best_step"`
	BestLoss float64 `json:"best_loss,omitzero"`
	// Calibration is the temperature fitted to the validation pairs.
	Calibration reward.Calibration `json:"calibration,omitzero"`
	// Curve holds the evaluations in order, the first before any step.
	Curve []Evaluation `json:"curve"`
	// Resumed is the step of the checkpoint that training went on from; 0 when it began anew.
	Resumed int `json:"resumed,omitzero"`
}

// Evaluation is what one look at the validation pairs gave. Loss and Accuracy are 0 where there are none.
type Evaluation struct {
	Step     int     `json:"step"`
	Training float64 `json:"training"` // mean loss of the batches since the evaluation before
	Loss     float64 `json:"loss"`
	Accuracy float64 `json:"accuracy"` // ties count half
}

// Train builds a model of the training pairs on a device. After Config.Evaluations even parts of each epoch it takes
// the log-loss on the validation pairs; the best model is kept. Without validation pairs all epochs are trained and the
// last model is kept.
//
// The model's bytes depend on the two sets of pairs, the configuration and the device's class: not on the order of the
// rows, and not on whether training was cut off and resumed. Accuracy on the validation pairs flatters, since they chose
// the model: report it on pairs that neither call argument holds.
func Train(ctx context.Context, d *backends.Device, train, validation []reward.Example, cfg Config, opts Options) (m *Model, r Report, err error) {
	defer backends.Recover(&err)
	if err := errors.Join(cfg.check(), reward.Check(train)); err != nil {
		return nil, Report{}, err
	}
	if len(validation) > 0 {
		if err := reward.Check(validation); err != nil {
			return nil, Report{}, fmt.Errorf("the validation pairs: %w", err)
		}
	}
	f, err := newFit(ctx, d, train, validation, cfg, opts)
	if err != nil {
		return nil, Report{}, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if err := f.run(ctx); err != nil {
		return nil, Report{}, err
	}
	return f.finish(ctx)
}

// A fit is one training run under way.
type fit struct {
	cfg        Config
	opts       Options
	device     *backends.Device
	pairs, val *pairSet
	trainer    *trainer
	perEpoch   int // steps
	total      int // steps, at most
	key        string
	state      progress
	best       [][]float32
	scorer     *Model // scores the validation pairs
}

// progress is what of a run is stored in a checkpoint besides tensors.
type progress struct {
	Key         string       `json:"key"`
	Step        int          `json:"step"`
	InitialLoss float64      `json:"initial_loss"`
	BestStep    int          `json:"best_step"`
	BestLoss    float64      `json:"best_loss"`
	Behind      int          `json:"behind"` // evaluations since the best
	Curve       []Evaluation `json:"curve"`
	resumed     int
}

func newFit(ctx context.Context, d *backends.Device, train, validation []reward.Example, cfg Config, opts Options) (*fit, error) {
	f := &fit{cfg: cfg, opts: opts, device: d}
	var err error
	if f.pairs, err = prepare(ctx, train, cfg); err != nil {
		return nil, err
	}
	if f.val, err = prepare(ctx, validation, cfg); err != nil {
		return nil, err
	}
	f.perEpoch = (len(train) + cfg.BatchSize - 1) / cfg.BatchSize
	f.total = f.perEpoch * cfg.Epochs
	var tensors [][]float32
	if opts.Checkpoint != "" {
		f.key = runKey(d.Numerics(), train, validation, cfg)
		if tensors, err = f.load(); err != nil {
			return nil, err
		}
	}
	if f.trainer, err = newTrainer(d, cfg, tensors); err != nil {
		return nil, err
	}
	f.scorer, err = newModel(d, stored{Config: cfg}, firstWeights(cfg))
	return f, err
}

func (f *fit) close() error { return errors.Join(f.trainer.close(), f.scorer.Close()) }

// run makes the steps that are left.
func (f *fit) run(ctx context.Context) error {
	if f.state.Step == 0 {
		if err := f.evaluate(ctx, 0); err != nil {
			return err
		}
	}
	b := newBatch(f.cfg)
	warmup := int(math.Ceil(f.cfg.Warmup * float64(f.total)))
	var order []int
	sum, since := 0.0, 0
	for !f.done() {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := f.state.Step % f.perEpoch
		if order == nil || at == 0 {
			order = f.pairs.shuffled(f.cfg.Seed, f.state.Step/f.perEpoch)
		}
		b.fill(f.pairs, order[at*f.cfg.BatchSize:min((at+1)*f.cfg.BatchSize, len(order))])
		number := f.state.Step + 1
		l, err := f.trainer.step(number, adamw.Cosine(f.cfg.LearningRate, 0.1, number, warmup, f.total), b)
		if err != nil {
			return err
		}
		if number == 1 {
			f.state.InitialLoss = l
		}
		f.state.Step, sum, since = number, sum+l, since+1
		if f.due(at + 1) {
			if err := f.evaluate(ctx, sum/float64(since)); err != nil {
				return err
			}
			sum, since = 0, 0
			if err := f.save(); err != nil {
				return err
			}
		}
		if f.opts.Progress != nil {
			f.opts.Progress(Progress{Step: number, Steps: f.total, Loss: l, Validation: f.state.Curve[len(f.state.Curve)-1].Loss})
		}
	}
	return nil
}

func (f *fit) done() bool { return f.state.Step >= f.total || f.outOfPatience() }

func (f *fit) outOfPatience() bool {
	return f.cfg.Patience > 0 && f.val.len() > 0 && f.state.Behind >= f.cfg.Patience
}

// due says whether an evaluation follows step n of an epoch, from 1: the evaluations divide an epoch evenly, and the
// last is at its end.
func (f *fit) due(n int) bool {
	k := f.cfg.Evaluations
	return n*k/f.perEpoch > (n-1)*k/f.perEpoch
}

// evaluate looks at the validation pairs and keeps the parameters if they are the best so far.
func (f *fit) evaluate(ctx context.Context, training float64) error {
	e := Evaluation{Step: f.state.Step, Training: training}
	values, err := f.trainer.values(len(f.cfg.shapes()))
	if err != nil {
		return err
	}
	if f.val.len() == 0 {
		f.state.BestStep, f.best = f.state.Step, values
		f.state.Curve = append(f.state.Curve, e)
		return nil
	}
	margins, err := f.margins(ctx, values)
	if err != nil {
		return err
	}
	e.Loss, e.Accuracy = reward.LogLoss(margins, f.val.weight), reward.Accuracy(margins)
	f.state.Behind++
	if len(f.state.Curve) == 0 || e.Loss < f.state.BestLoss {
		f.state.BestStep, f.state.BestLoss, f.state.Behind, f.best = f.state.Step, e.Loss, 0, values
	}
	f.state.Curve = append(f.state.Curve, e)
	return nil
}

// margins scores the validation pairs the way a stored model would. Compiling the scoring graph again at each look
// would cost more than the look, so one model serves all, with its parameters exchanged.
func (f *fit) margins(ctx context.Context, values [][]float32) ([]float64, error) {
	if err := f.scorer.exchange(values); err != nil {
		return nil, err
	}
	chosen, err := f.scorer.score(ctx, f.val.prompt, f.val.chosen)
	if err != nil {
		return nil, err
	}
	margins, err := f.scorer.score(ctx, f.val.prompt, f.val.rejected)
	if err != nil {
		return nil, err
	}
	for i := range margins {
		margins[i] = chosen[i] - margins[i]
	}
	return margins, nil
}

// finish makes the model of the best parameters, fits its temperature and writes the report.
func (f *fit) finish(ctx context.Context) (*Model, Report, error) {
	r := Report{
		Pairs: f.pairs.len(), Validation: f.val.len(),
		Steps: f.state.Step, MaxSteps: f.total, Stopped: "epochs",
		InitialLoss: f.state.InitialLoss, BestStep: f.state.BestStep, BestLoss: f.state.BestLoss,
		Curve: f.state.Curve, Resumed: f.state.resumed,
	}
	if f.state.Step < f.total {
		r.Stopped = "patience"
	}
	for _, s := range f.cfg.shapes() {
		r.Parameters += s.size()
	}
	r.Calibration.Temperature = 1
	if f.val.len() > 0 {
		margins, err := f.margins(ctx, f.best)
		if err != nil {
			return nil, Report{}, err
		}
		r.Calibration = reward.Calibrate(margins, f.val.weight)
	}
	m, err := newModel(f.device, stored{
		Architecture: Architecture, Version: formatVersion, Render: reward.RenderVersion, Text: text.Version,
		Numerics: f.device.Numerics(), Config: f.cfg, Pairs: r.Pairs, Step: r.BestStep, Temperature: r.Calibration.Temperature,
	}, f.best)
	if err != nil {
		return nil, Report{}, err
	}
	return m, r, f.removeCheckpoint()
}
