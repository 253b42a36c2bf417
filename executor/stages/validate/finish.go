package validate

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/executor/methods/exact"
	"github.com/prefab-build/prefab/executor/methods/interval"
	"github.com/prefab-build/prefab/executor/methods/quality"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stage/prompts"
	"github.com/prefab-build/prefab/spec"
)

// A finish is the work of Finish.
type finish struct {
	config
	task        *stage.Task
	sampleWords int
	sum         summary
	records     []record
	groups      *prompts.Groups
	tallied
}

const noRowsOut = "no rows go out"

// Finish measures what needs all rows: what is unique, what is alike, and intervals.
func (m mapper) Finish(ctx context.Context, t *stage.Task, all *stage.Mapped) error {
	f := finish{task: t, sampleWords: m.sampleWords, sum: summary{Rejected: map[string]int64{}, Categories: map[string]int64{}}}
	if err := t.Config(&f.config); err != nil {
		return err
	}
	chunks, err := f.decode(all)
	if err != nil {
		return err
	}
	var beside errgroup.Group
	beside.Go(func() error { f.tally(); return nil })
	f.groups, err = groupsOf(ctx, t, all, chunks, f.PromptSimilarity)
	_ = beside.Wait() // counting does not fail
	if err != nil {
		return err
	}
	f.counts()
	f.format()
	f.gap()
	f.quality()
	f.lengths()
	f.style()
	f.categories()
	return f.words(ctx, all, chunks)
}

// decode reads the results of the chunks, several at a time. One copy of the records serves both views: a million take 80 MB.
func (f *finish) decode(all *stage.Mapped) ([]chunkResult, error) {
	rows := 0
	for _, d := range all.Deltas {
		if out := d.Out["pairs"]; out != nil {
			rows += out.Keep.Len()
		}
	}
	f.records = make([]record, rows)
	chunks, from := make([]chunkResult, len(all.Deltas)), 0
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, d := range all.Deltas {
		if d.Partial == nil {
			continue // no rows
		}
		to := from + d.Out["pairs"].Keep.Len()
		chunks[i].records = f.records[from:to:to]
		from = to
		group.Go(func() error {
			if err := chunks[i].decode(d.Partial); err != nil {
				return fmt.Errorf("the result of chunk %d: %w", i, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i := range chunks {
		f.sum.merge(&chunks[i].sum)
	}
	return chunks, nil
}

func (f *finish) put(m spec.Metric, table any) {
	m.Table = table
	f.task.Metric(m)
}

func (f *finish) count(name string, n int) {
	f.task.Metric(spec.Value(name, float64(n), int64(len(f.records))))
}

func share(name string, k, n int64, reason string) spec.Metric {
	if n == 0 {
		return spec.Unavailable(name, reason)
	}
	return spec.Value(name, float64(k)/float64(n), n)
}

// counts measures how much there is.
func (f *finish) counts() {
	sizes := f.groups.Sizes()
	f.count("rows_out", len(f.records))
	f.count("pair_count", f.pairs)
	m := spec.Value("prompt_groups", float64(len(sizes)), int64(len(f.records)))
	m.Method = fmt.Sprintf("exact join, Jaccard index of %d-character shingles at least %v", promptShingle, f.PromptSimilarity)
	f.put(m, map[string]any{"largest": sizes[:min(len(sizes), 10)]})
	f.count("unique_prompts", f.groups.Len())
	f.count("exact_duplicates", f.duplicates)
	f.count("relabelled_copies", f.copies)
}

// group names the group of a record's prompt.
func (f *finish) group(r *record) prompts.Key { return f.groups.Of(prompts.Key(r.prompt)) }

func (f *finish) format() {
	f.count("format_errors", int(f.sum.FormatErrors))
	var rejected int64
	for _, n := range f.sum.Rejected {
		rejected += n
	}
	f.put(share("rejected_share", rejected, f.sum.Rows, "no rows came in"), f.sum.Rejected)
	f.task.Metric(spec.Value("discarded", float64(f.sum.Discarded), f.sum.Rows))
}

// small is the gap within which a pair is too close to call.
const small = 0.10

// gap measures the four gaps, and the named one with its interval.
func (f *finish) gap() {
	for i, name := range gapNames {
		m := &f.sum.Gaps[i]
		if m.N() == 0 {
			f.task.Metric(spec.Unavailable(name, f.lacking(i)))
			continue
		}
		f.task.Metric(spec.Value(name, m.Mean(), m.N()))
	}
	var keys []string
	var values []float64
	for i := range f.records {
		if r := &f.records[i]; r.hasGap {
			group := f.group(r)
			keys, values = append(keys, string(group[:])), append(values, r.gap)
		}
	}
	if reason := f.noGap(len(values)); reason != "" {
		for _, name := range []string{"gap", "gap_share_negative", "gap_share_small", "gap_coverage"} {
			f.task.Metric(spec.Unavailable(name, reason))
		}
		return
	}
	all := quality.NewGaps(values)
	e := interval.NewSample(keys, values).Bootstrap(f.task.Seed(), "gap", interval.Draws, interval.Confidence)
	f.put(metric("gap", f.Gap+", ", e), map[string]any{"name": f.Gap, "quantiles": quantilesOf(all)})
	below, _ := all.ShareBelow(0)
	within, _ := all.ShareWithin(small)
	n := int64(len(values))
	f.task.Metric(wilson("gap_share_negative", below, n, int64(e.Groups)))
	f.task.Metric(spec.Value("gap_share_small", within, n))
	f.task.Metric(share("gap_coverage", n, int64(len(f.records)), noRowsOut))
}

// noGap says why the named gap is not there, if it is not.
func (f *finish) noGap(n int) string {
	switch named := f.named(); {
	case named < 0:
		return "the spec names no gap: write gap = \"judge_gap\", \"vote_gap\", \"rm_prob_gap\" or \"rm_cdf_gap\""
	case n == 0:
		return f.lacking(named)
	}
	return ""
}

func metric(name, method string, e interval.Estimate) spec.Metric {
	m := spec.Value(name, e.Point, int64(e.N))
	m.Low, m.High, m.Groups, m.Method = &e.Low, &e.High, int64(e.Groups), method+e.Method
	if e.Groups < interval.FewGroups {
		m.Method += fmt.Sprintf("; %d groups of prompts are few, and the interval is too narrow", e.Groups)
	}
	return m
}

// wilson is a share of n rows with Wilson's interval, as if each group of prompts were one row: rows of a group need not
// be independent, and cannot tell less than one.
func wilson(name string, p float64, n, groups int64) spec.Metric {
	low, high := interval.WilsonShare(p, float64(groups), interval.Confidence)
	m := spec.Value(name, p, n)
	m.Low, m.High, m.Groups, m.Method = &low, &high, groups, "wilson over groups of prompts"
	return m
}

// levels are the quantiles that tables show.
var levels = []struct {
	name string
	q    float64
}{{"p05", 0.05}, {"p25", 0.25}, {"p50", 0.5}, {"p75", 0.75}, {"p95", 0.95}}

func quantilesOf(g *quality.Gaps) map[string]float64 {
	table := map[string]float64{}
	for _, l := range levels {
		table[l.name], _ = g.Quantile(l.q)
	}
	return table
}

// quality measures tiers and the agreement of votes.
func (f *finish) quality() {
	tiers := map[string]int{"inverted": f.sum.Tiers.Inverted, "discard": f.sum.Tiers.Discard}
	rated := int64(0)
	for t, n := range f.sum.Tiers.Tiers {
		tiers[quality.Tier(t).String()] = n
		if quality.Tier(t) != quality.Unrated {
			rated += int64(n)
		}
	}
	if score, ok := f.sum.Tiers.Score(); ok {
		f.put(spec.Value("quality_score", score, rated), tiers)
	} else {
		f.task.Metric(spec.Unavailable("quality_score", "no pair has the named gap or votes"))
	}
	var keys []string
	var shares []float64
	for i := range f.records {
		if r := &f.records[i]; r.voted {
			group := f.group(r)
			keys, shares = append(keys, string(group[:])), append(shares, r.share)
		}
	}
	const noVotes = "no row has votes"
	f.task.Metric(share("low_agreement", f.sum.Low, int64(len(shares)), noVotes))
	if len(shares) == 0 {
		f.task.Metric(spec.Unavailable("agreement", noVotes))
		return
	}
	f.task.Metric(metric("agreement", "raw majority share, ", interval.NewSample(keys, shares).Normal(interval.Confidence)))
}

// lengths measures how long the texts are.
func (f *finish) lengths() {
	for i, name := range textNames {
		if len(f.records) == 0 {
			f.task.Metric(spec.Unavailable(name+"_words", noRowsOut))
			continue
		}
		words := f.sorted[i]
		table := map[string]float64{"max": words[len(words)-1]}
		for _, l := range levels {
			table[l.name] = interval.SortedQuantile(words, l.q)
		}
		f.put(spec.Value(name+"_words", exact.Mean(words), int64(len(words))), table)
	}
}

// style measures what can be told of the label without reading the responses.
func (f *finish) style() {
	n := int64(len(f.records))
	if n == 0 {
		f.task.Metric(spec.Unavailable("longer_share", noRowsOut))
		f.task.Metric(spec.Unavailable("style_separability", noRowsOut))
		return
	}
	type line struct {
		contest
		Share float64 `json:"share"` // chosen has more, equal ones counted half
	}
	table, best := map[string]line{}, 0
	for i, c := range f.sum.Style {
		table[markNames[i]] = line{c, c.share()}
		if c.decides() > f.sum.Style[best].decides() {
			best = i
		}
	}
	f.put(wilson("longer_share", f.sum.Style[characters].share(), n, int64(len(f.groups.Sizes()))), f.sum.Style[characters])
	m := spec.Value("style_separability", f.sum.Style[best].decides(), n)
	m.Method = "best of " + fmt.Sprint(marks) + " marks: " + markNames[best]
	f.put(m, table)
}
