package bag

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/prefab-build/prefab/backends"
	"github.com/prefab-build/prefab/backends/reward"
	"github.com/prefab-build/prefab/executor/methods/text"
)

// scoreBatch is how many responses a device scores at once. It is fixed, and part batches are filled up with empty
// texts, so that a response's score does not depend on what is scored with it.
const scoreBatch = 64

// Model is a trained model on a device. It may be used by several goroutines.
type Model struct {
	cfg     Config
	stored  stored
	weights [][]float32 // in the order of Config.shapes
	params  []*tensors.Tensor
	exec    *graph.Exec
}

var _ reward.Scorer = (*Model)(nil)

// newModel puts weights on a device.
func newModel(d *backends.Device, about stored, weights [][]float32) (*Model, error) {
	m := &Model{cfg: about.Config, stored: about}
	if err := m.exchange(weights); err != nil {
		return nil, err
	}
	var err error
	m.exec, err = graph.NewExec(d.Backend(), func(in []*graph.Node) *graph.Node { return rewards(in[0], 1, in[1:]) })
	return m, err
}

// exchange puts other weights on the device in the place of the model's.
func (m *Model) exchange(weights [][]float32) error {
	if err := free(m.params); err != nil {
		return err
	}
	m.weights, m.params = weights, m.params[:0]
	for i, s := range m.cfg.shapes() {
		m.params = append(m.params, tensors.FromFlatDataAndDimensions(weights[i], s.dims...))
	}
	return nil
}

// Config is how the model was trained.
func (m *Model) Config() Config { return m.cfg }

// Temperature divides a margin to make sigmoid(margin/T) a probability. It was fitted to the validation pairs, and is
// 1 where there were none.
func (m *Model) Temperature() float64 { return m.stored.Temperature }

// Close frees what the model holds on its device.
func (m *Model) Close() error {
	m.exec.Finalize()
	return free(m.params)
}

// Score returns the reward of one response. It costs as much as 64 do; use ScoreAll for several.
func (m *Model) Score(prompt, response string) (float64, error) {
	scores, err := m.ScoreAll(context.Background(), []reward.Item{{Prompt: prompt, Response: response}})
	if err != nil {
		return 0, err
	}
	return scores[0], nil
}

// ScoreAll returns the reward of each item, equal bit for bit whatever else is in the list.
func (m *Model) ScoreAll(ctx context.Context, items []reward.Item) (scores []float64, err error) {
	defer backends.Recover(&err)
	c := newCounter(m.cfg)
	prompts, responses := make([]counts, len(items)), make([]counts, len(items))
	for i, item := range items {
		if i > 0 && item.Prompt == items[i-1].Prompt {
			prompts[i] = prompts[i-1]
		} else {
			prompts[i] = c.count(item.Prompt)
		}
		responses[i] = c.count(item.Response)
	}
	return m.score(ctx, prompts, responses)
}

// score runs the model over counted texts.
func (m *Model) score(ctx context.Context, prompts, responses []counts) ([]float64, error) {
	scores := make([]float64, 0, len(prompts))
	g := newGrid(m.cfg, 2*scoreBatch)
	for start := 0; start < len(prompts); start += scoreBatch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := min(scoreBatch, len(prompts)-start)
		g.clear()
		for i := range n {
			g.set(i, prompts[start+i])
			g.set(scoreBatch+i, responses[start+i])
		}
		batch, err := m.run(g)
		if err != nil {
			return nil, err
		}
		for i, s := range batch[:n] {
			if math.IsNaN(float64(s)) || math.IsInf(float64(s), 0) {
				return nil, fmt.Errorf("the model gives item %d the score %g", start+i, s)
			}
			scores = append(scores, float64(s))
		}
	}
	return scores, nil
}

func (m *Model) run(g *grid) ([]float32, error) {
	input := tensors.FromFlatDataAndDimensions(g.values, m.cfg.Buckets, g.columns)
	args := []any{input}
	for _, p := range m.params {
		args = append(args, p)
	}
	out, err := m.exec.Call1(args...)
	if err != nil {
		return nil, err
	}
	scores, err := tensors.CopyFlatData[float32](out)
	return scores, errors.Join(err, free([]*tensors.Tensor{input, out}))
}

// formatVersion is raised when the stored form or the meaning of a bucket changes.
const formatVersion = 1

// stored is config.json.
type stored struct {
	Architecture string  `json:"architecture"`
	Version      int     `json:"version"`
	Render       string  `json:"render"`
	Text         string  `json:"text"`
	Numerics     string  `json:"numerics"` // of the device that trained it
	Config       Config  `json:"config"`
	Pairs        int     `json:"pairs"`
	Step         int     `json:"step"` // how many steps the weights were trained
	Temperature  float64 `json:"temperature"`
}

// Files returns the stored form of the model. Equal models give equal bytes.
func (m *Model) Files() (reward.Files, error) {
	var f reward.TensorFile
	for i, s := range m.cfg.shapes() {
		f.Tensors = append(f.Tensors, reward.NewTensor(s.name, m.weights[i], s.dims...))
	}
	numbers, err := reward.EncodeTensors(f)
	if err != nil {
		return nil, err
	}
	config, err := json.MarshalIndent(m.stored, "", "  ")
	if err != nil {
		return nil, err
	}
	return reward.Files{reward.ModelFile: numbers, reward.ConfigFile: append(config, '\n')}, nil
}

// Open reads a stored model and puts it on a device, which need not be the one that trained it: scores on another agree
// within rounding.
func Open(d *backends.Device, files reward.Files) (m *Model, err error) {
	defer backends.Recover(&err)
	name, err := files.Architecture()
	if err != nil {
		return nil, err
	}
	if name != Architecture {
		return nil, fmt.Errorf("the model has architecture %q, not %q", name, Architecture)
	}
	about, err := readStored(files[reward.ConfigFile])
	if err != nil {
		return nil, fmt.Errorf("the model's %s: %w", reward.ConfigFile, err)
	}
	f, err := reward.DecodeTensors(files[reward.ModelFile])
	if err != nil {
		return nil, fmt.Errorf("the model's %s: %w", reward.ModelFile, err)
	}
	weights, err := readWeights(f, about.Config.shapes())
	if err != nil {
		return nil, fmt.Errorf("the model's %s: %w", reward.ModelFile, err)
	}
	return newModel(d, about, weights)
}

func readStored(data []byte) (stored, error) {
	var s stored
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return stored{}, err
	}
	if s.Version != formatVersion || s.Render != reward.RenderVersion || s.Text != text.Version {
		return stored{}, fmt.Errorf("it is of version %d, prompts %s, text %s; this program reads version %d, %s, %s: train it again",
			s.Version, s.Render, s.Text, formatVersion, reward.RenderVersion, text.Version)
	}
	return s, s.Config.check()
}

// readWeights reads the tensors of the shapes, which must be finite and all that there is.
func readWeights(f reward.TensorFile, shapes []shape) ([][]float32, error) {
	if len(f.Tensors) != len(shapes) {
		return nil, fmt.Errorf("it has %d tensors where %d are due", len(f.Tensors), len(shapes))
	}
	var all [][]float32
	for _, s := range shapes {
		values, err := reward.Values[float32](f, s.name, s.dims...)
		if err != nil {
			return nil, err
		}
		for i, v := range values {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return nil, fmt.Errorf("element %d of tensor %q is %g", i, s.name, v)
			}
		}
		all = append(all, values)
	}
	return all, nil
}
