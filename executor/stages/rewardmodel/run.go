package rewardmodel

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/prefab-build/prefab/backends/reward"
	"github.com/prefab-build/prefab/backends/reward/bag"
	"github.com/prefab-build/prefab/backends/reward/linear"
	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/interval"
	"github.com/prefab-build/prefab/executor/methods/splitting"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stage/prompts"
	"github.com/prefab-build/prefab/spec"
)

type runner struct{}

// A trained is what an architecture gives back.
type trained struct {
	files       reward.Files
	margins     []float64 // of the training rows, by the model itself
	crossFit    *crossFit // nil without folds
	temperature float64
	summary     any // what a person can read of the model
}

type crossFit struct {
	raw, calibrated []float64
	temperature     float64
}

func (runner) Run(ctx context.Context, t *stage.Task) error {
	cfg := config{}
	if err := t.Config(&cfg); err != nil {
		return err
	}
	train, err := examples(ctx, t, t.Table("train"), cfg.Similarity)
	if err != nil {
		return err
	}
	if len(train) == 0 {
		return errors.New("there are no training pairs: see with prefab show what the stages before it dropped")
	}
	folds, err := fold(t, &cfg, train)
	if err != nil {
		return err
	}
	var done *trained
	switch label, raw := cfg.architecture(); label {
	case linear.Architecture:
		done, err = trainLinear(ctx, t, &cfg, raw, train, folds)
	case bag.Architecture:
		done, err = trainBag(ctx, t, raw, train, folds)
	default:
		err = fmt.Errorf("there is no architecture %q", label)
	}
	if err != nil {
		return err
	}
	if err := store(t, done, train); err != nil {
		return err
	}
	return scores(t, done, train, folds)
}

// examples reads pairs in the order of their ids, and numbers the groups of similar prompts.
func examples(ctx context.Context, t *stage.Task, table *stage.Table, similarity float64) ([]reward.Example, error) {
	grouped, err := prompts.GroupRows(ctx, t, table, similarity)
	if err != nil {
		return nil, err
	}
	var list []reward.Example
	var turns []dataset.Message
	for c, err := range table.ByID(ctx) {
		if err != nil {
			return nil, err
		}
		ids, texts, chosen, rejected := c.IDs(), c.Messages("prompt"), c.Messages("chosen"), c.Messages("rejected")
		weights, groups := c.Floats("weight"), c.Strings("group")
		for r := range c.Rows {
			turns = texts.Append(turns[:0], r)
			e := reward.Example{
				Key: [32]byte(ids.At(r)), Prompt: render(turns), Chosen: chosen.Text(r), Rejected: rejected.Text(r), Weight: 1,
			}
			if !weights.Null(r) {
				e.Weight = weights.At(r)
			}
			name := ""
			if !groups.Null(r) {
				name = groups.At(r)
			}
			grouped.Add(texts.Text(r), name)
			list = append(list, e)
		}
	}
	for i, g := range grouped.Groups() {
		list[i].Group = g
	}
	return list, nil
}

func render(turns []dataset.Message) string {
	messages := make([]reward.Message, len(turns))
	for i, m := range turns {
		messages[i] = reward.Message{Role: m.Role, Content: m.Content}
	}
	return reward.Render(messages)
}

// fold divides the rows into folds of whole groups; nil without folds.
func fold(t *stage.Task, cfg *config, list []reward.Example) ([]int, error) {
	if cfg.CrossFit == 0 {
		return nil, nil
	}
	rows := make([]splitting.Row, len(list))
	for i, e := range list {
		rows[i] = splitting.Row{ID: string(e.Key[:]), Group: e.Group}
	}
	folds, err := splitting.Folds(rows, cfg.CrossFit, fmt.Sprintf("%016x", t.Seed()))
	if err != nil {
		return nil, fmt.Errorf("dividing %d training pairs into %d folds: %w", len(list), cfg.CrossFit, err)
	}
	return folds, nil
}

// idsFile holds the ids of the rows that the model was trained on, sorted, 32 bytes each; summaryFile what a person
// can read of it.
const (
	idsFile     = "training.ids"
	summaryFile = "summary.json"
)

func store(t *stage.Task, done *trained, train []reward.Example) error {
	for _, name := range done.files.Names() {
		if err := t.PutFile("model", name, done.files[name]); err != nil {
			return err
		}
	}
	ids := make([][]byte, len(train))
	for i := range train {
		ids[i] = train[i].Key[:]
	}
	slices.SortFunc(ids, bytes.Compare)
	if err := t.PutFile("model", idsFile, bytes.Join(ids, nil)); err != nil {
		return err
	}
	summary, err := json.MarshalIndent(done.summary, "", " ")
	if err != nil {
		return err
	}
	if err := t.PutFile("model", summaryFile, summary); err != nil {
		return err
	}
	t.Metric(spec.Value("train_pairs", float64(len(train)), int64(len(train))))
	return nil
}

// scores emits the out-of-fold scores and measures them.
func scores(t *stage.Task, done *trained, train []reward.Example, folds []int) error {
	if done.crossFit == nil {
		for _, name := range []string{"out_of_fold_accuracy", "out_of_fold_log_loss"} {
			t.Metric(spec.Unavailable(name, "the stage has cross_fit = 0"))
		}
		return nil
	}
	const batch = 4096
	for from := 0; from < len(train); from += batch {
		to := min(from+batch, len(train))
		b := dataset.NewChunkBuilder(spec.Scores.Columns())
		ids := make([]spec.Digest, 0, to-from)
		for i := from; i < to; i++ {
			ids = append(ids, spec.Digest(train[i].Key))
			b.Column("margin").AppendFloat(done.crossFit.calibrated[i])
			b.Column("fold").AppendInt(int64(folds[i]))
			b.EndRow()
		}
		if err := t.Emit("out_of_fold", b.Finish().With(dataset.IDColumn(ids))); err != nil {
			return err
		}
	}
	return measure(t, done.crossFit, train)
}

func measure(t *stage.Task, c *crossFit, train []reward.Example) error {
	credits, ties, err := interval.Credits(c.raw, 0)
	if err != nil {
		return err
	}
	keys := make([]string, len(train))
	first := map[int]string{}
	weights := make([]float64, len(train))
	for i, e := range train {
		if _, ok := first[e.Group]; !ok {
			first[e.Group] = hex.EncodeToString(e.Key[:])
		}
		keys[i], weights[i] = first[e.Group], e.Weight
	}
	s := interval.NewSample(keys, credits)
	m := spec.Value("out_of_fold_accuracy", s.Mean(), int64(len(train)))
	e := s.Share(t.Seed(), m.Name, interval.Draws, 0.95)
	m.Low, m.High, m.Groups = &e.Low, &e.High, int64(len(first))
	m.Method = "cluster bootstrap over prompt groups"
	m.Table = map[string]any{"ties": ties}
	t.Metric(m)
	t.Metric(spec.Value("out_of_fold_log_loss", reward.LogLoss(c.raw, weights), int64(len(train))))
	return nil
}
