// Package evaluate is the stage kind that measures reward models on pairs.
package evaluate

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/prefab-build/prefab/backends/reward/bag"
	"github.com/prefab-build/prefab/backends/reward/linear"
	"github.com/prefab-build/prefab/executor/methods/grouping"
	"github.com/prefab-build/prefab/executor/methods/interval"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

//go:embed doc.md
var doc string

// Kind is the stage kind.
var Kind = &stage.Kind{
	KindSpec: spec.KindSpec{
		Name:        "evaluate",
		Title:       "measures a reward model on pairs, with intervals, baselines and calibration",
		Doc:         doc,
		Version:     3,
		Methods:     []string{bag.Version, grouping.Version, interval.Version, linear.Version},
		Determinism: "bitwise per numerics class",
		Random:      true,
		Schema:      schema,
		Ports:       ports,
		Check:       check,
	},
	Runner: runner{},
	Memory: memory,
}

// trainPart is the name of the part that may hold rows which the model was trained on.
const (
	trainPart      = "train"
	validationPart = "validation"
)

type config struct {
	On         []string
	Model      bool
	Scores     bool
	Similarity float64
	TieEps     float64 `json:"tie_margin"`
	Bins       int
}

var schema = spec.Schema{Attrs: []spec.Attr{
	{Name: "model", Type: spec.TypeReference, Artifact: spec.Model, Shape: spec.One, Doc: "the model to measure; without one the scores are what is measured"},
	{
		Name: "on", Type: spec.TypeReference, Artifact: spec.Pairs, Shape: spec.Map, Required: true,
		Doc: "the parts to measure it on, by name; only the one called train may hold rows that the model was trained on",
	},
	{Name: "scores", Type: spec.TypeReference, Artifact: spec.Scores, Shape: spec.One, Doc: "out-of-fold scores of the training rows, for cross_fit_accuracy; without a model, the scores of all rows that it is measured on"},
	{Name: "similarity", Type: spec.TypeNumber, Default: 0.7, Min: spec.F(0.05), Max: spec.F(1), Unit: "Jaccard index", Doc: "from which similarity two prompts are in one group"},
	{Name: "tie_margin", Type: spec.TypeNumber, Default: 0.0, Min: spec.F(0), Unit: "reward", Doc: "margins smaller than this are ties"},
	{Name: "bins", Type: spec.TypeInt, Default: 15.0, Min: spec.F(2), Max: spec.F(100), Doc: "bins of equal mass for the calibration error"},
}}

var pairColumns = []string{
	spec.ID, "prompt", "chosen", "rejected", "category", "group", "votes_chosen", "votes_rejected", "votes_tie",
}

func ports(c spec.Config) spec.Ports {
	cfg := config{On: []string{trainPart, validationPart}}
	_ = c.Decode(&cfg)
	p := spec.Ports{In: []spec.InPort{
		{Name: "model", Artifact: spec.Model, Shape: spec.One, Optional: true, Doc: "the model to measure"},
		{Name: "on", Artifact: spec.Pairs, Shape: spec.Map, Columns: pairColumns, Unseen: "model", Doc: "the parts to measure it on"},
		{Name: "scores", Artifact: spec.Scores, Shape: spec.One, Optional: true, Columns: []string{spec.ID, "margin"}, Doc: "scores of rows, by id"},
	}}
	for _, part := range cfg.On {
		p.Metrics = append(p.Metrics, partMetrics(part)...)
	}
	if slices.Contains(cfg.On, trainPart) {
		p.Metrics = append(p.Metrics,
			share(trainPart+".cross_fit_accuracy", true, "accuracy on the training rows by models that did not see their group (needs scores)"))
	}
	p.Metrics = append(p.Metrics, spec.MetricDef{
		Name: "overfit", Unit: "share", Min: spec.F(-1), Max: spec.F(1), Interval: true,
		Doc: "accuracy on train, by resubstitution, minus accuracy on validation (or test where there is no validation)",
		Advice: "Give scores = reward_model.NAME.out_of_fold and compare train.cross_fit_accuracy with the held-out accuracy: where they are near, the " +
			"gap is what the model remembers of its training rows, and only more pairs narrow it. Where the penalty is not chosen by cross-validation, raise it.",
		Advise: adviseOverfit,
		Limits: map[string]spec.Limit{"documented": {Max: spec.F(0.1), Open: true}, "strict": {Max: spec.F(0.1), Open: true, End: "high"}},
	})
	return p
}

// adviseOverfit reads the gap beside the accuracy of models that did not see the training rows. A penalty that was chosen
// by cross-validation is not to be raised because of a gap alone: that would cost accuracy on new pairs.
func adviseOverfit(measured func(string) (float64, bool)) string {
	const near = 0.03 // about what a thousand pairs leave open
	fitted, ok := measured(trainPart + ".cross_fit_accuracy")
	part := "validation"
	held, known := measured(part + ".accuracy")
	if !known {
		part = "test"
		held, known = measured(part + ".accuracy")
	}
	if !ok || !known {
		return ""
	}
	head := fmt.Sprintf("train.cross_fit_accuracy, of models that did not see the rows, is %.3f beside %.3f on %s. ", fitted, held, part)
	if fitted-held > near {
		return head + "The training rows are easier even for models that do not know them: the parts differ. Look at the split and its strata."
	}
	return head + "So the gap is what the model remembers of its training rows, not accuracy that it lacks on new ones. A penalty that was chosen by " +
		"cross-validation is right as it is: a larger one closes the gap and costs accuracy. More pairs narrow it."
}

func share(name string, interval bool, doc string) spec.MetricDef {
	return spec.MetricDef{Name: name, Unit: "share", Min: spec.F(0), Max: spec.F(1), Interval: interval, Doc: doc}
}

// above demands that the lower end of an interval lies above x: under the documented profile as a warning.
func above(x float64) map[string]spec.Limit {
	l := spec.Limit{Min: &x, Open: true, End: "low"}
	warn := l
	warn.Warn = true
	return map[string]spec.Limit{"documented": warn, "strict": l}
}

func partMetrics(part string) []spec.MetricDef {
	accuracy := share(part+".accuracy", true, "share of pairs in which the model prefers the chosen response; ties count half")
	accuracy.Advice = "Improve data quality (a larger gap, better agreement) or model capacity, and look at the baselines and the learning curve " +
		"first. On crowd-labelled dialogue such as HH-RLHF annotators agree on about 63 %, bags of words reach 61 to 63 %, published models 67 to 75 %."
	matched := share(part+".length_matched_accuracy", true, "accuracy on pairs whose responses differ by at most a tenth in length")
	matched.Advice = "The model may be reading length: balance the lengths of chosen and rejected responses."
	improvement := spec.MetricDef{
		Name: part + ".improvement", Unit: "share", Min: spec.F(-1), Max: spec.F(1), Interval: true,
		Doc:    "accuracy minus that of the best baseline, paired; the table names the baseline and has McNemar's test",
		Advice: "A rule that reads nothing does as well as the model: the accuracy says little about preference.",
	}
	if part != trainPart {
		accuracy.Limits = map[string]spec.Limit{"documented": {Min: spec.F(0.7)}, "strict": {Min: spec.F(0.7), End: "low", Or: part + ".normalised"}}
		matched.Limits = above(0.5)
		improvement.Limits = above(0)
	}
	return []spec.MetricDef{
		accuracy,
		share(part+".tie_rate", false, "share of pairs whose margin is a tie"),
		{Name: part + ".log_loss", Unit: "nats", Min: spec.F(0), Doc: "mean of softplus(-margin), uncalibrated; guessing gives ln 2"},
		{Name: part + ".calibrated_log_loss", Unit: "nats", Min: spec.F(0), Doc: "the same with margins divided by the model's temperature"},
		share(part+".brier", false, "mean of (1 - p)^2, with p the calibrated probability of the label"),
		share(part+".ece", false, "expected calibration error over bins of equal mass, of the calibrated probability; the table has the bins"),
		share(part+".longer", false, "accuracy of preferring the longer response"),
		share(part+".shorter", false, "accuracy of preferring the shorter response"),
		share(part+".length_fit", false, "accuracy of a logistic fit on length alone"),
		share(part+".majority", false, "accuracy of preferring the response whose text was chosen more often among the training rows"),
		improvement,
		matched,
		share(part+".no_prompt_accuracy", true, "accuracy when the model does not see the prompt"),
		share(part+".ceiling", true, "the best accuracy that any model could reach against one rater: the upper end, with both ends as interval"),
		{
			Name: part + ".normalised", Interval: true,
			Doc: "(accuracy against one rater - 0.5) / (upper end of the ceiling - 0.5); 1 is the best that any model could reach",
		},
	}
}

func check(c spec.Config) []spec.Problem {
	var cfg config
	if err := c.Decode(&cfg); err != nil {
		return nil
	}
	var head struct{ On json.RawMessage }
	if c.Decode(&head) == nil && string(head.On) == "[]" {
		return []spec.Problem{{
			Path: []string{"on"}, Summary: "Nothing to measure on",
			Detail: "Name at least one part, as in on = { validation = split.main.validation }.",
		}}
	}
	if !cfg.Model && !cfg.Scores {
		return []spec.Problem{{
			Path: []string{"on"}, Summary: "Nothing to measure",
			Detail: "Give a model, as in model = reward_model.rm.model, or the scores of a model of your own, as in scores = command.mine.scores.",
		}}
	}
	return nil
}

// memory is what the parts come to with their features, 2.6 kB a pair of 1.1 kB where package stage measured, and the model.
func memory(l stage.Load) int64 { return 170e6 + 5*l.Read.Bytes/2 }
