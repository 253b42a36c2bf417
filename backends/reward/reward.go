// Package reward is the vocabulary that all reward models share: the labelled
// pair they learn from, the scorer they become, the pairwise loss, and the
// files a trained model is stored in.
//
// It is for the packages that train one architecture (linear, bag) and for the
// stage kinds that train, open and score models. It holds no model, opens no
// device and touches no disk: a model is a map from file name to bytes, and
// whoever stores artifacts stores that.
package reward

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
)

// Example is one labelled pair as a trainer sees it.
//
// Its zero Weight teaches nothing: callers without weights set 1. Key decides
// the order in which everything is summed, so that a model does not depend on
// the order of rows; keys must be unique.
type Example struct {
	// Key is the row's id.
	Key [32]byte
	// Group numbers the set of similar prompts that the row belongs to. Rows of
	// one group never lie on both sides of a fold.
	Group int
	// Prompt is the conversation up to the answer, as Render writes it.
	Prompt string
	// Chosen and Rejected are the text of the two answers.
	Chosen, Rejected string
	// Weight multiplies the pair's loss: finite, at least 0. Trainers scale the
	// weights to mean 1.
	Weight float64
	// Margin is by how much the chosen side should win, in units of the score
	// (the m of softplus(-(delta-m))); 0 for the plain Bradley-Terry loss.
	Margin float64
}

// ID is the row's key in hexadecimal, as errors cite it.
func (e Example) ID() string { return hex.EncodeToString(e.Key[:]) }

// Scorer gives the reward of a response to a prompt. Only differences between
// responses to one prompt mean anything: the Bradley-Terry loss leaves every
// prompt's level free.
type Scorer interface {
	// Score returns the reward of one response. The prompt is as Render writes
	// it. The result is finite or there is an error.
	Score(prompt, response string) (float64, error)
	// ScoreAll returns the reward of each item, equal bit for bit to what Score
	// returns for it, whatever else is in the batch.
	ScoreAll(ctx context.Context, items []Item) ([]float64, error)
}

// Item is one response to be scored.
type Item struct{ Prompt, Response string }

// Margins returns score(chosen) - score(rejected) for each example, positive
// where the model agrees with the label. A score that is not a number is an
// error that names the row.
func Margins(ctx context.Context, s Scorer, examples []Example) ([]float64, error) {
	// Batches bound the memory that a long list of items would take, and are
	// large enough to fill a device.
	const batch = 1024
	margins := make([]float64, 0, len(examples))
	items := make([]Item, 0, 2*batch)
	for part := range slices.Chunk(examples, batch) {
		items = items[:0]
		for _, e := range part {
			items = append(items, Item{e.Prompt, e.Chosen}, Item{e.Prompt, e.Rejected})
		}
		scores, err := s.ScoreAll(ctx, items)
		if err != nil {
			return nil, err
		}
		for i, e := range part {
			m := scores[2*i] - scores[2*i+1]
			if math.IsNaN(m) || math.IsInf(m, 0) {
				return nil, fmt.Errorf("the model gives row %s the scores %g and %g: there is no margin to take",
					e.ID(), scores[2*i], scores[2*i+1])
			}
			margins = append(margins, m)
		}
	}
	return margins, nil
}

// Order returns the positions of the examples sorted by Key: the order in which
// trainers read them, so that the same rows in another order give the same
// bytes.
func Order(examples []Example) []int {
	order := make([]int, len(examples))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool {
		return bytes.Compare(examples[order[a]].Key[:], examples[order[b]].Key[:]) < 0
	})
	return order
}

// Check reports what keeps the examples from being trained on: no rows, two
// rows with one key, a weight or margin that is no finite number, weights that
// are all zero. All errors are joined, at most ten of them.
func Check(examples []Example) error {
	if len(examples) == 0 {
		return errors.New("there is no pair to train on: every row was removed before training")
	}
	var errs []error
	var total float64
	for _, e := range examples {
		switch {
		case math.IsNaN(e.Weight) || math.IsInf(e.Weight, 0) || e.Weight < 0:
			errs = append(errs, fmt.Errorf("row %s has weight %g: a weight is a finite number of at least 0", e.ID(), e.Weight))
		case math.IsNaN(e.Margin) || math.IsInf(e.Margin, 0):
			errs = append(errs, fmt.Errorf("row %s has margin %g: a margin is a finite number", e.ID(), e.Margin))
		}
		total += e.Weight
	}
	if len(errs) == 0 && total == 0 {
		errs = append(errs, errors.New("all weights are 0, so no pair teaches anything: give at least one row a positive weight"))
	}
	order := Order(examples)
	for i := 1; i < len(order); i++ {
		if a := examples[order[i]]; a.Key == examples[order[i-1]].Key {
			errs = append(errs, fmt.Errorf("two rows have the id %s: training needs each row once", a.ID()))
		}
	}
	if len(errs) > 10 {
		errs = append(errs[:10], fmt.Errorf("and %d more", len(errs)-10))
	}
	return errors.Join(errs...)
}

// Names of the files of a model artifact.
const (
	// ModelFile holds the numbers, in the safetensors format.
	ModelFile = "model.safetensors"
	// ConfigFile holds what is needed to read them, in JSON; its field
	// "architecture" names the package that can.
	ConfigFile = "config.json"
)

// Files is a stored model: file name to bytes. Equal models have equal bytes.
type Files map[string][]byte

// Names returns the file names in order.
func (f Files) Names() []string {
	names := make([]string, 0, len(f))
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Architecture reads the name of the architecture from the model's
// configuration file.
func (f Files) Architecture() (string, error) {
	data, ok := f[ConfigFile]
	if !ok {
		return "", fmt.Errorf("the model has no %s among its files (%s)", ConfigFile, strings.Join(f.Names(), ", "))
	}
	var head struct {
		Architecture string `json:"architecture"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return "", fmt.Errorf("the model's %s is not valid JSON: %w", ConfigFile, err)
	}
	if head.Architecture == "" {
		return "", fmt.Errorf("the model's %s has no field \"architecture\"", ConfigFile)
	}
	return head.Architecture, nil
}

// Openers lists the architectures that a program can read back, by the name in
// their configuration file. It is a value that the caller writes out, so this
// package need not import the architectures.
type Openers map[string]func(Files) (Scorer, error)

// Open reads a stored model with the opener of its architecture.
func (o Openers) Open(files Files) (Scorer, error) {
	name, err := files.Architecture()
	if err != nil {
		return nil, err
	}
	open, ok := o[name]
	if !ok {
		known := make([]string, 0, len(o))
		for k := range o {
			known = append(known, k)
		}
		slices.Sort(known)
		return nil, fmt.Errorf("the model has architecture %q, which this program cannot read; it can read: %s",
			name, strings.Join(known, ", "))
	}
	return open(files)
}
