package validate

import (
	"context"
	"fmt"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/quality"
	"github.com/prefab-build/prefab/executor/stage"
)

type mapper struct {
	sampleWords int // how many words of a table are looked at for word_separability
}

// Prepare reads the rewards of the calibration set, if there is one.
func (mapper) Prepare(ctx context.Context, t *stage.Task) (stage.State, error) {
	table := t.Table("calibration")
	if table == nil {
		return (*quality.CDF)(nil), nil
	}
	var rewards []float64
	for c, err := range table.All(ctx) {
		if err != nil {
			return nil, err
		}
		for _, name := range rewardColumns {
			v := c.Floats(name)
			for row := range c.Rows {
				if !v.Null(row) {
					rewards = append(rewards, v.At(row))
				}
			}
		}
	}
	cdf, err := quality.NewCDF(rewards)
	if err != nil {
		return nil, fmt.Errorf("the rewards in calibration: %w", err)
	}
	return cdf, nil
}

var rewardColumns = [2]string{"chosen_score", "rejected_score"}

const reasonAgreement = "low agreement"

// MapChunk checks and measures the rows of a chunk, and checks those that go out a second time.
func (mapper) MapChunk(ctx context.Context, t *stage.Task, st stage.State, in stage.Chunk) (*stage.Delta, error) {
	m := chunkMap{cdf: st.(*quality.CDF), sum: summary{Rejected: map[string]int64{}, Categories: map[string]int64{}}}
	if err := t.Config(&m.config); err != nil {
		return nil, err
	}
	m.limits = quality.DefaultLimits()
	m.limits.MinAgreement = m.agreement()
	m.sum.Rows = int64(in.Rows)
	m.rowReader = newRowReader(in.Chunk, &m.config)
	m.apart = contrastReader{chosen: m.texts[1], rejected: m.texts[2]}
	keep := dataset.Select(in.Rows, m.row)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	second := newRowReader(in.Keep(keep), &m.config)
	for row := range keep.Len() {
		if reason, _ := second.check(row); reason != "" {
			m.sum.FormatErrors++
		}
	}
	partial, err := encode(&m.sum, m.records, m.contrasts)
	return &stage.Delta{
		Out:     map[string]*stage.PortDelta{"pairs": {Keep: keep}},
		Ledger:  m.ledger,
		Partial: partial,
	}, err
}

// A chunkMap is the work on one chunk.
type chunkMap struct {
	config
	*rowReader
	cdf       *quality.CDF
	limits    quality.Limits
	apart     contrastReader
	sum       summary
	records   []byte
	contrasts []byte
	ledger    []stage.Entry
}

// row judges a row, and measures it if it goes on.
func (m *chunkMap) row(row int) (keep bool) {
	if reason, detail := m.check(row); reason != "" {
		m.sum.Rejected[reason]++
		m.ledger = append(m.ledger, stage.Entry{Row: row, Reason: reason, Detail: detail})
		return false
	}
	votes := m.votesOf(row)
	share, voted := votes.Share()
	if m.MinAgreement != nil && voted && share < *m.MinAgreement {
		m.sum.Discarded++
		detail := fmt.Sprintf("%d for chosen, %d for rejected, %d ties", votes.Chosen, votes.Rejected, votes.Ties)
		m.ledger = append(m.ledger, stage.Entry{Row: row, Reason: reasonAgreement, Detail: detail})
		return false
	}
	r := record{prompt: m.hashes[0], words: m.words, voted: voted, share: share}
	r.pair, r.chosenFirst = m.pair()
	g := m.gaps(row, &m.config, m.cdf)
	for i := range g.value {
		if g.has[i] {
			m.sum.Gaps[i].Add(g.value[i])
		}
	}
	evidence := quality.Evidence{Votes: votes}
	if n := m.named(); n >= 0 {
		r.gap, r.hasGap = g.value[n], g.has[n]
		// A gap that was itself computed from the votes says nothing new of a pair's tier.
		if gapNames[n] != quality.GapVotes {
			evidence.Gap, evidence.HasGap = r.gap, r.hasGap
		}
	}
	m.sum.Tiers.Add(m.limits.Judge(evidence))
	if voted && share < m.limits.MinAgreement {
		m.sum.Low++
	}
	chosen, rejected := style(m.texts[1].Text(row)), style(m.texts[2].Text(row))
	for i := range m.sum.Style {
		m.sum.Style[i].add(chosen[i], rejected[i])
	}
	if !m.category.Null(row) {
		m.sum.Categories[m.category.At(row)]++
	}
	m.records = r.append(m.records)
	if place(&r) < kept {
		m.contrasts = m.apart.read(row).append(m.contrasts)
	}
	return true
}
