package evaluate

import (
	"maps"
	"slices"

	"github.com/prefab-build/prefab/executor/methods/exact"
	"github.com/prefab-build/prefab/executor/methods/interval"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// report measures one part. Baselines that must learn something learn it from train.
func report(t *stage.Task, cfg *config, p, train *part, temperature float64) error {
	if len(p.ids) == 0 {
		for _, def := range partMetrics(p.name) {
			t.Metric(spec.Unavailable(def.Name, "the part has no rows"))
		}
		return nil
	}
	credits, ties, err := interval.Credits(p.margins, cfg.TieEps)
	if err != nil {
		return err
	}
	n := int64(len(p.ids))
	s := interval.NewSample(p.groups, credits)
	accuracy := metric(p.name+".accuracy", s.Share(t.Seed(), p.name+".accuracy", interval.Draws, 0.95))
	accuracy.Table = byCategory(p, credits)
	t.Metric(accuracy)
	t.Metric(spec.Value(p.name+".tie_rate", float64(ties)/float64(n), n))
	calibration(t, cfg, p, temperature)
	if err := baselines(t, p, train, credits); err != nil {
		return err
	}
	if err := lengthMatched(t, cfg, p); err != nil {
		return err
	}
	if err := withoutPrompt(t, cfg, p); err != nil {
		return err
	}
	ceiling(t, p, credits)
	return nil
}

// withoutPrompt is the accuracy of a model that does not see the prompt.
func withoutPrompt(t *stage.Task, cfg *config, p *part) error {
	name := p.name + ".no_prompt_accuracy"
	if p.blind == nil {
		t.Metric(spec.Unavailable(name, "there is no model to hide the prompt from, only its scores"))
		return nil
	}
	blind, _, err := interval.Credits(p.blind, cfg.TieEps)
	if err != nil {
		return err
	}
	t.Metric(metric(name, interval.NewSample(p.groups, blind).Share(t.Seed(), name, interval.Draws, 0.95)))
	return nil
}

func calibration(t *stage.Task, cfg *config, p *part, temperature float64) {
	n := int64(len(p.ids))
	t.Metric(spec.Value(p.name+".log_loss", interval.MarginLogLoss(p.margins, 1), n))
	names := []string{".calibrated_log_loss", ".brier", ".ece"}
	if temperature <= 0 {
		for _, name := range names {
			t.Metric(spec.Unavailable(p.name+name, "the model has no temperature: it was calibrated on no rows"))
		}
		return
	}
	slope := 1 / temperature
	t.Metric(spec.Value(p.name+names[0], interval.MarginLogLoss(p.margins, slope), n))
	t.Metric(spec.Value(p.name+names[1], interval.MarginBrier(p.margins, slope), n))
	confidence, correct := interval.Symmetric(p.margins, slope)
	bins := interval.EqualMass(confidence, correct, cfg.Bins)
	m := spec.Value(p.name+names[2], interval.ECE(bins), n)
	m.Table = reliability(bins)
	t.Metric(m)
}

// A binRow is one line of the reliability table: confidences from From to To, and how often the model was right there.
type binRow struct {
	From      float64 `json:"from"`
	To        float64 `json:"to"`
	N         int     `json:"n"`
	Predicted float64 `json:"predicted"`
	Observed  float64 `json:"observed"`
	Low       float64 `json:"low"` // Wilson's interval of what was observed
	High      float64 `json:"high"`
}

func reliability(bins []interval.Bin) []binRow {
	rows := make([]binRow, len(bins))
	for i, b := range bins {
		rows[i] = binRow{
			From: b.Low, To: b.High, N: b.N, Predicted: b.Predicted,
			Observed: b.Observed.Point, Low: b.Observed.Low, High: b.Observed.High,
		}
	}
	return rows
}

// A categoryRow is one line of the table of accuracies by category.
type categoryRow struct {
	Category string   `json:"category"`
	N        int      `json:"n"`
	Accuracy float64  `json:"accuracy"`
	Low      float64  `json:"low"`
	High     float64  `json:"high"`
	P        *float64 `json:"p,omitempty"` // that the accuracy is 0.5, after Holm; absent under leastCategory pairs
}

// leastCategory is the number of pairs under which a category gets no verdict.
const leastCategory = 30

func byCategory(p *part, credits []float64) any {
	rows := map[string][]int{}
	for i, c := range p.categories {
		rows[c] = append(rows[c], i)
	}
	if len(rows) < 2 {
		return nil
	}
	var list []categoryRow
	var ps []float64
	for _, c := range slices.Sorted(maps.Keys(rows)) {
		var keys []string
		var values []float64
		for _, i := range rows[c] {
			keys, values = append(keys, p.groups[i]), append(values, credits[i])
		}
		s := interval.NewSample(keys, values)
		e := s.Normal(0.95)
		list = append(list, categoryRow{Category: c, N: len(values), Accuracy: e.Point, Low: max(0, e.Low), High: min(1, e.High)})
		if len(values) >= leastCategory {
			centred := make([]float64, len(values))
			for i, x := range values {
				centred[i] = x - 0.5
			}
			ps = append(ps, interval.NewSample(keys, centred).PValue())
		}
	}
	adjusted := interval.Holm(ps)
	for i := range list {
		if list[i].N >= leastCategory {
			list[i].P, adjusted = &adjusted[0], adjusted[1:]
		}
	}
	return list
}

// lengthMatched is the accuracy where length says next to nothing.
func lengthMatched(t *stage.Task, cfg *config, p *part) error {
	name := p.name + ".length_matched_accuracy"
	var margins []float64
	var keys []string
	for i, l := range p.lengths {
		if 10*max(l[0], l[1]) <= 11*min(l[0], l[1]) {
			margins, keys = append(margins, p.margins[i]), append(keys, p.groups[i])
		}
	}
	const least = 20 // under that an interval says nothing
	if len(margins) < least {
		t.Metric(spec.Unavailable(name, "fewer than 20 pairs have responses of nearly equal length"))
		return nil
	}
	credits, _, err := interval.Credits(margins, cfg.TieEps)
	if err != nil {
		return err
	}
	t.Metric(metric(name, interval.NewSample(keys, credits).Share(t.Seed(), name, interval.Draws, 0.95)))
	return nil
}

// ceiling bounds what any model could reach against one rater, from the agreement of raters of these very pairs, and
// measures how far of that way the model has come. Both are of the pairs with two raters or more, and of one rater's
// vote: against the majority of many, a model can be right more often than any rater is.
func ceiling(t *stage.Task, p *part, credits []float64) {
	var agreement exact.Moments
	var keys []string
	var votes []float64
	for i, v := range p.votes {
		n := v[0] + v[1] + v[2]
		if n < 2 {
			continue
		}
		same := v[0]*(v[0]-1) + v[1]*(v[1]-1) + v[2]*(v[2]-1)
		agreement.Add(float64(same) / float64(n*(n-1)))
		tie := float64(v[2]) / 2
		keys = append(keys, p.groups[i])
		votes = append(votes, (credits[i]*(float64(v[0])+tie)+(1-credits[i])*(float64(v[1])+tie))/float64(n))
	}
	name, normalised := p.name+".ceiling", p.name+".normalised"
	refuse := func(reason string) {
		t.Metric(spec.Unavailable(name, reason))
		t.Metric(spec.Unavailable(normalised, reason))
	}
	if agreement.N() == 0 {
		refuse("no pair has the votes of two raters")
		return
	}
	low, high, ok := interval.NoiseCeiling(agreement.Mean())
	if !ok {
		refuse("the raters agree less than chance would have it")
		return
	}
	m := spec.Value(name, high, agreement.N())
	m.Low, m.High, m.Method = &low, &high, "both ends of the ceiling against one of exchangeable raters, from their pairwise agreement"
	m.Table = map[string]any{"agreement": agreement.Mean()}
	t.Metric(m)
	if high <= 0.5 {
		t.Metric(spec.Unavailable(normalised, "the ceiling is chance"))
		return
	}
	e := interval.NewSample(keys, votes).Bootstrap(t.Seed(), normalised, interval.Draws, 0.95)
	share := e
	share.Point, share.Low, share.High = interval.Normalized(e.Point, high), interval.Normalized(e.Low, high), interval.Normalized(e.High, high)
	m = metric(normalised, share)
	m.Table = map[string]any{"accuracy_against_one_rater": e.Point}
	t.Metric(m)
}
