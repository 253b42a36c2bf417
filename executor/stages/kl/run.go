package kl

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/prefab-build/prefab/executor/methods/divergence"
	"github.com/prefab-build/prefab/executor/methods/exact"
	"github.com/prefab-build/prefab/executor/methods/interval"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stage/prompts"
	"github.com/prefab-build/prefab/spec"
)

type runner struct{}

// Run reads the samples in the order of their ids, so that nothing depends on the order of files.
func (runner) Run(ctx context.Context, t *stage.Task) error {
	var cfg config
	if err := t.Config(&cfg); err != nil {
		return err
	}
	table := t.Table("samples")
	grouped, err := prompts.GroupRows(ctx, t, table, cfg.Similarity)
	if err != nil {
		return err
	}
	m := measurement{perGroup: map[int]int{}, reasons: map[string]int64{}}
	var n int64
	for c, err := range table.ByID(ctx) {
		if err != nil {
			return err
		}
		reader, ids, asked, group := newRowReader(c), c.IDs(), c.Messages("prompt"), c.Strings("group")
		for row := range c.Rows {
			id := ids.Digest(row).String()
			s, reason, detail := reader.read(row)
			if reason != "" {
				m.reasons[reason]++
				t.Note(stage.Entry{ID: ids.Digest(row), Reason: reason, Detail: detail})
			} else {
				s.largest.Row = id
				m.add(s)
				grouped.Add(asked.Text(row), group.At(row))
			}
		}
		n += int64(c.Rows)
		t.Progress(n, table.Rows, "samples")
	}
	for _, g := range grouped.Groups() {
		m.groups = append(m.groups, strconv.Itoa(g))
		m.perGroup[g]++
	}
	m.report(t, &cfg)
	return nil
}

// A measurement is what is known of the samples read so far. Memory is about 100 bytes a sample.
type measurement struct {
	groups         []string
	tokens, k1, k3 []float64
	terms          []term
	perGroup       map[int]int // samples
	reasons        map[string]int64
}

func (m *measurement) add(s sample) {
	m.tokens = append(m.tokens, s.tokens)
	m.k1 = append(m.k1, s.k1)
	m.k3 = append(m.k3, s.k3)
	m.terms = append(m.terms, s.largest)
}

func (m *measurement) report(t *stage.Task, cfg *config) {
	var rejected int64
	for _, n := range m.reasons {
		rejected += n
	}
	full := 0
	for _, n := range m.perGroup {
		if n >= cfg.MinSamples {
			full++
		}
	}
	n := int64(len(m.tokens))
	t.Metric(spec.Value(usable, float64(n), n+rejected))
	t.Metric(spec.Value(unusable, float64(rejected), n+rejected))
	t.Metric(spec.Value(promptCount, float64(full), n))
	if why := m.refusal(rejected, full, cfg); why != "" {
		for _, name := range []string{perToken, perSequence, k1PerToken, largest} {
			t.Metric(spec.Unavailable(name, why))
		}
		return
	}
	token := m.ratio(perToken, "k3, clustered by prompt", m.k3)
	terms := m.largestTerms()
	token.Table = map[string]any{"largest_terms": terms}
	t.Metric(token)
	t.Metric(metric(perSequence, "k3, clustered by prompt", interval.NewSample(m.groups, m.k3).Normal(0.95)))
	t.Metric(m.ratio(k1PerToken, "k1, clustered by prompt", m.k1))
	t.Metric(spec.Value(largest, terms[0].K3, n))
}

// refusal says why no number would mean a divergence. Samples whose tokens differ mean that the models do not share a
// tokenizer or a template, and then those that happen to agree in number are no better. A sample whose terms are infinite
// is not to be left out: that would pass a policy which does what its reference never does.
func (m *measurement) refusal(rejected int64, full int, cfg *config) string {
	switch n := m.reasons[otherTokens]; {
	case n > 0:
		return fmt.Sprintf("the tokens of samples are others under the reference than under the policy (%d): both need one tokenizer and one template", n)
	case rejected > 0:
		return fmt.Sprintf("samples cannot be measured, as the ledger says (%d), and the others alone would be a choice by their divergence", rejected)
	case full < cfg.MinPrompts:
		return fmt.Sprintf("of %d groups of prompts, %d have %d samples or more, and an upper bound needs %d (min_prompts); "+
			"prompts alike by similarity = %v are one group", len(m.perGroup), full, cfg.MinSamples, cfg.MinPrompts, cfg.Similarity)
	case exact.Total(m.tokens) == 0:
		return "the samples have no token"
	}
	return ""
}

// ratio is the mean of terms per token, with the interval of a ratio over groups of prompts.
func (m *measurement) ratio(name, method string, terms []float64) spec.Metric {
	mean := exact.Total(terms) / exact.Total(m.tokens)
	e := interval.NewSample(m.groups, divergence.Linearised(terms, m.tokens, mean)).Normal(0.95)
	e.Point = mean
	return metric(name, method, e)
}

func metric(name, method string, e interval.Estimate) spec.Metric {
	return spec.Metric{Name: name, Value: &e.Point, Low: &e.Low, High: &e.High, N: int64(e.N), Groups: int64(e.Groups), Method: method}
}

// largestTerms are the largest of each sample, the largest first, as many as a person looks at.
func (m *measurement) largestTerms() []term {
	const most = 10
	list := slices.SortedFunc(slices.Values(m.terms), func(a, b term) int {
		return cmp.Or(cmp.Compare(b.K3, a.K3), cmp.Compare(a.Row, b.Row))
	})
	return list[:min(len(list), most)]
}
