package resolve

import (
	"context"
	"fmt"
	"slices"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/agreement"
	"github.com/prefab-build/prefab/executor/methods/exact"
	"github.com/prefab-build/prefab/executor/methods/interval"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// repeatedVote is the reason for which a vote does not count.
const repeatedVote = "second vote of a worker"

// A decision is an item with a winner.
type decision struct {
	*tally
	winner int
	counts [3]int
}

// Finish counts the votes of each item, reads the texts of the decided ones again, chunk by chunk, and measures.
func (mapper) Finish(ctx context.Context, t *stage.Task, all *stage.Mapped) error {
	var c config
	if err := t.Config(&c); err != nil {
		return err
	}
	ballots, err := gather(all)
	if err != nil {
		return err
	}
	items, err := tallies(ballots)
	if err != nil {
		return err
	}
	m := newMeasures()
	byChunk := make([][]decision, len(all.Deltas)) // of the row that gives the texts
	drop := func(b ballot, reason, detail string) {
		d := all.Deltas[b.chunk]
		d.Ledger = append(d.Ledger, stage.Entry{Row: b.row, Reason: reason, Detail: detail})
	}
	for _, it := range items {
		if c.OnePerWorker {
			for _, b := range it.repeats() {
				drop(b, repeatedVote, "")
			}
		}
		n := it.counts()
		v := c.judge(it, n)
		m.add(it, n, v)
		if v.reason == "" {
			byChunk[it.first.chunk] = append(byChunk[it.first.chunk], decision{it, v.winner, n})
			continue
		}
		for _, b := range it.votes {
			drop(b, v.reason, fmt.Sprintf("the votes are %d to %d with %d ties", max(n[sideX], n[sideY]), min(n[sideX], n[sideY]), n[tied]))
		}
	}
	for _, d := range all.Deltas {
		slices.SortFunc(d.Ledger, func(a, b stage.Entry) int { return a.Row - b.Row })
	}
	for i, list := range byChunk {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(list) == 0 {
			continue
		}
		slices.SortFunc(list, func(a, b decision) int { return a.first.row - b.first.row })
		if err := emit(t, i, list); err != nil {
			return err
		}
	}
	m.record(t, c.TieOffered)
	return nil
}

func gather(all *stage.Mapped) ([]ballot, error) {
	total := 0
	for _, n := range all.Rows {
		total += n
	}
	ballots := make([]ballot, 0, total)
	for i, d := range all.Deltas {
		votes, err := parseVotes(d.Partial)
		if err != nil {
			return nil, err
		}
		for r, v := range votes {
			ballots = append(ballots, ballot{v, i, r})
		}
	}
	return ballots, nil
}

// emit makes the pairs whose texts stand in one chunk.
func emit(t *stage.Task, chunk int, list []decision) error {
	names := append([]string{"item", "response_a", "response_b"}, kept...)
	rows, err := t.Table("votes").Chunk(chunk, names...)
	if err != nil {
		return err
	}
	columns := spec.Pairs.Columns()
	b := dataset.NewChunkBuilder(columns)
	items := rows.Strings("item")
	copyTo := func(column, from string, row int) {
		if col, ok := rows.Column(from); ok {
			b.Column(column).AppendFrom(col, row)
		}
	}
	var extra []byte
	for _, d := range list {
		r := d.first.row
		for _, name := range kept {
			copyTo(name, name, r)
		}
		better, worse := "response_a", "response_b"
		if d.first.shownA != d.sides[d.winner/2] {
			better, worse = worse, better
		}
		copyTo("chosen", better, r)
		copyTo("rejected", worse, r)
		b.Column("votes_chosen").AppendInt(int64(d.counts[d.winner]))
		b.Column("votes_rejected").AppendInt(int64(d.counts[sideY-d.winner]))
		b.Column("votes_tie").AppendInt(int64(d.counts[tied]))
		extra = append(dataset.AppendJSONString(append(extra[:0], `{"item":`...), items.At(r)), '}')
		b.Column(spec.Extra).AppendString(string(extra))
		b.EndRow()
	}
	made := b.Finish()
	contents := dataset.ContentIDs(made, columns)
	ids := make([]spec.Digest, len(list))
	for i, d := range list {
		ids[i] = dataset.MadeID(d.ids(), Kind.Name, contents[i], 0)
	}
	return t.Emit("pairs", made.With(dataset.IDColumn(ids)))
}

// measures collects what the metrics are made of.
type measures struct {
	items, decided int64
	reasons        map[string]int64
	shares         exact.Sum
	ties, votes    int64
	shownA         int64              // votes for what was shown as A
	three, two     *agreement.Builder // with and without the category of ties
}

func newMeasures() *measures {
	return &measures{reasons: map[string]int64{}, three: agreement.NewBuilder(-1, 0, 1), two: agreement.NewBuilder(-1, 1)}
}

func (m *measures) add(it *tally, n [3]int, v verdict) {
	m.items++
	if v.reason == "" {
		m.decided++
	} else {
		m.reasons[v.reason]++
	}
	m.shares.Add(v.share)
	m.three.Add(n[:]...)
	m.two.Add(n[sideX], n[sideY])
	for i := range it.votes {
		m.votes++
		switch it.votes[i].label {
		case 't':
			m.ties++
		case 'a':
			m.shownA++
		}
	}
}

func (m *measures) record(t *stage.Task, tieOffered *bool) {
	t.Metric(spec.Value("items", float64(m.items), m.votes))
	t.Metric(spec.Value("decided", float64(m.decided), m.items))
	undecided := spec.Value("undecided", float64(m.items-m.decided), m.items)
	undecided.Table = m.reasons
	t.Metric(undecided)
	if m.items == 0 {
		for _, name := range []string{"undecided_share", "agreement", "tie_share", "shown_first", "alpha", "ac1"} {
			t.Metric(spec.Unavailable(name, "there are no votes"))
		}
		return
	}
	t.Metric(spec.Value("undecided_share", float64(m.items-m.decided)/float64(m.items), m.items))
	t.Metric(spec.Value("agreement", m.shares.Float64()/float64(m.items), m.items))
	t.Metric(spec.Value("tie_share", float64(m.ties)/float64(m.votes), m.votes))
	m.recordShown(t)
	table := m.three.Table()
	if m.ties == 0 && (tieOffered == nil || !*tieOffered) {
		table = m.two.Table()
	}
	ordinal := func(t *agreement.Table) agreement.Coefficient { return t.Krippendorff(agreement.DistanceOrdinal) }
	chance := func(t *agreement.Table) agreement.Coefficient { return t.AC(t.Identity()) }
	recordCoefficient(t, "alpha", table, ordinal)
	recordCoefficient(t, "ac1", table, chance)
}

func (m *measures) recordShown(t *stage.Task) {
	n := m.votes - m.ties
	if n == 0 {
		t.Metric(spec.Unavailable("shown_first", "all votes are ties"))
		return
	}
	e := interval.Wilson(int(m.shownA), int(n), 0.95)
	shown := spec.Value("shown_first", float64(m.shownA)/float64(n), n)
	shown.Low, shown.High, shown.Method = &e.Low, &e.High, "Wilson, votes taken as independent"
	t.Metric(shown)
}

func recordCoefficient(t *stage.Task, name string, table *agreement.Table, measure agreement.Measure) {
	c := measure(table)
	if !c.OK() {
		t.Metric(spec.Unavailable(name, c.Undefined))
		return
	}
	m := spec.Value(name, c.Value, int64(table.Pairable()))
	if i := table.Jackknife(measure, 0.95); i.OK() {
		m.Low, m.High, m.Method = &i.Low, &i.High, "delete-one jackknife over items"
	}
	t.Metric(m)
}
