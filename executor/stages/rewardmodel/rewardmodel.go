// Package rewardmodel is the stage kind that trains reward models.
package rewardmodel

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/prefab-build/prefab/backends/reward/bag"
	"github.com/prefab-build/prefab/backends/reward/linear"
	"github.com/prefab-build/prefab/executor/methods/grouping"
	"github.com/prefab-build/prefab/executor/methods/interval"
	"github.com/prefab-build/prefab/executor/methods/splitting"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

//go:embed doc.md
var doc string

// Kind is the stage kind.
var Kind = &stage.Kind{
	KindSpec: spec.KindSpec{
		Name:        "reward_model",
		Title:       "trains a reward model on pairs, and scores them out of fold",
		Doc:         doc,
		Version:     1,
		Methods:     []string{bag.Version, grouping.Version, interval.Version, linear.Version, splitting.Version},
		Determinism: "bitwise per numerics class",
		Random:      true,
		Schema:      schema,
		Ports:       ports,
		Check:       check,
	},
	Runner:  runner{},
	Account: stage.Account{Why: why},
	Memory:  memory,
}

type config struct {
	Validation   bool
	CrossFit     int     `json:"cross_fit"`
	Similarity   float64 `json:"similarity"`
	Curve        bool    `json:"learning_curve"`
	Null         int     `json:"permutation_null"`
	Architecture []json.RawMessage
}

// architecture returns the label and config of the architecture block; linear when there is none.
func (c *config) architecture() (label string, raw json.RawMessage) {
	if len(c.Architecture) == 0 {
		return linear.Architecture, json.RawMessage("{}")
	}
	var head struct{ Label string }
	if json.Unmarshal(c.Architecture[0], &head) != nil {
		return "", nil
	}
	return head.Label, c.Architecture[0]
}

var pairColumns = []string{spec.ID, "prompt", "chosen", "rejected", "weight", "group"}

func ports(c spec.Config) spec.Ports {
	cfg := config{CrossFit: 5}
	_ = c.Decode(&cfg)
	p := spec.Ports{
		In: []spec.InPort{
			{Name: "train", Artifact: spec.Pairs, Shape: spec.One, Columns: pairColumns, Training: true, Doc: "the pairs to learn from"},
			{
				Name: "validation", Artifact: spec.Pairs, Shape: spec.One, Optional: true, Untainted: true, Columns: pairColumns, Apart: "train",
				Doc: "the pairs by which a neural model stops early and its temperature is fitted",
			},
		},
		Out: []spec.OutPort{{Name: "model", Artifact: spec.Model, Clean: true, Doc: "the trained model"}},
		Metrics: []spec.MetricDef{
			{Name: "train_pairs", Unit: "pairs", Min: spec.F(0), Integer: true, Doc: "pairs that the model was trained on"},
			{Name: "features", Unit: "numbers", Min: spec.F(0), Integer: true, Doc: "weights of the model"},
			{Name: "penalty", Min: spec.F(0), Doc: "the penalty that cross-validation chose (linear); its table has the whole grid"},
			{Name: "temperature", Min: spec.F(0), Doc: "what a margin is divided by to be a log-odds; fitted to out-of-fold rows, or to validation by bag"},
			{Name: "initial_loss", Unit: "nats", Min: spec.F(0), Doc: "loss before the first step: ln 2"},
			{
				Name: "reloads", Min: spec.F(0), Max: spec.F(1), Integer: true, Doc: "1 when the stored model, read back, scores every training row as before, bit for bit",
				Advice: "The stored model cannot be trusted: run the stage again with --replace, and report it.",
				Limits: map[string]spec.Limit{"documented": {Min: spec.F(1)}, "strict": {Min: spec.F(1)}},
			},
			{
				Name: "out_of_fold_accuracy", Unit: "share", Min: spec.F(0), Max: spec.F(1), Interval: true,
				Doc: "pairwise accuracy on the training rows by models that did not see their group; ties count half",
			},
			{Name: "out_of_fold_log_loss", Unit: "nats", Min: spec.F(0), Doc: "log-loss of the same"},
			{
				Name: "null_accuracy", Unit: "share", Min: spec.F(0), Max: spec.F(1), Interval: true,
				Doc: "mean accuracy when labels are flipped at random by group: 0.5 but for chance, unless something leaks (with permutation_null)",
			},
			{
				Name: "null_distance", Unit: "share", Min: spec.F(0), Max: spec.F(0.5),
				Doc:    "how far the interval of null_accuracy lies from 0.5; 0 when it holds 0.5, as it does 19 times of 20 where nothing leaks",
				Advice: "The procedure finds something where there is nothing: look for rows of one group that lie in several folds, and try more draws.",
				Limits: map[string]spec.Limit{"documented": {Max: spec.F(0), Warn: true}, "strict": {Max: spec.F(0), Warn: true}},
			},
		},
	}
	p.Metrics = append(p.Metrics, curveDefs()...)
	if cfg.CrossFit > 0 {
		p.Out = append(p.Out, spec.OutPort{
			Name: "out_of_fold", Artifact: spec.Scores,
			Doc: "scores of the training rows by models that did not see their group: fold, and margin, divided by the one temperature " +
				"that suits all folds, so that its sigmoid is the probability of the label",
		})
	}
	return p
}

func check(c spec.Config) (problems []spec.Problem) {
	var cfg config
	if err := c.Decode(&cfg); err != nil {
		return nil
	}
	if cfg.CrossFit == 1 {
		problems = append(problems, spec.Problem{
			Path: []string{"cross_fit"}, Summary: "One fold is none",
			Detail: "With one fold no row is held out. Give 2 or more folds, or 0 for no scores out of fold.",
		})
	}
	label, raw := cfg.architecture()
	report := func(attribute, text string) {
		problems = append(problems, spec.Problem{
			Path: []string{"architecture", "0", attribute}, Summary: "Unusable architecture setting", Detail: fmt.Sprintf("%s: %s.", attribute, text),
		})
	}
	switch label {
	case linear.Architecture:
		a := linear.Defaults()
		if json.Unmarshal(raw, &a) == nil {
			for _, p := range a.Check() {
				report(p.Attribute, p.Text)
			}
		}
	case bag.Architecture:
		a := bag.Defaults()
		if json.Unmarshal(raw, &a) == nil {
			for _, p := range a.Check() {
				report(p.Attribute, p.Text)
			}
		}
		if !cfg.Validation {
			problems = append(problems, spec.Problem{
				Path: []string{"architecture", "0"}, Summary: "Nothing to stop early on",
				Detail: "The architecture bag stops by its log-loss on held-out pairs. Give the stage a validation part, as in validation = split.main.validation.",
			})
		}
	}
	return problems
}

// memory is that of a linear model, which holds its pairs and the counts of their n-grams. Up to some 200,000 pairs its
// folds are fitted side by side, which takes 6.4 times the pairs where package stage measured; one after the other they
// take 4 times a million pairs.
func memory(l stage.Load) int64 { return min(64e6+13*l.Read.Bytes/2, 600e6+17*l.Read.Bytes/4) }
