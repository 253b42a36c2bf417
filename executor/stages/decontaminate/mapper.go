package decontaminate

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/ngram"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

type mapper struct{}

// partial is what Finish needs to know of a chunk.
type partial struct {
	Rows         int64            `json:"rows"`
	Contaminated int64            `json:"contaminated"`
	Rules        map[string]int64 `json:"rules,omitempty"`   // rows by their strongest rule
	Allowed      map[int]int64    `json:"allowed,omitempty"` // rows by allowance
	AllowedRows  int64            `json:"allowed_rows,omitempty"`
	In           [][]int          `json:"in"` // the items that rows hold, by benchmark
	Unscorable   []unscorable     `json:"unscorable"`
	// What the second scan saw of the rows that go out.
	Out             int64   `json:"out"`
	ContaminatedOut int64   `json:"contaminated_out"`
	Unresolved      int64   `json:"unresolved"`
	Left            [][]int `json:"left"`
}

// MapChunk judges the rows of a chunk, and then, with a fresh scanner, those that go out.
func (mapper) MapChunk(ctx context.Context, t *stage.Task, st stage.State, in stage.Chunk) (*stage.Delta, error) {
	var c config
	if err := t.Config(&c); err != nil {
		return nil, err
	}
	s := st.(*state)
	p := partial{Rows: int64(in.Rows), Rules: map[string]int64{}, Allowed: map[int]int64{}, Unscorable: s.short}
	seen := newItems(len(s.names))
	var ledger []stage.Entry
	hits := make([][]hit, in.Rows)
	reader := s.reader(in.Chunk)
	for row := range in.Rows {
		if row%256 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		v := reader.row(row)
		if len(v.allowed) > 0 {
			p.AllowedRows++
		}
		for _, i := range v.allowed {
			p.Allowed[i]++
			if len(v.hits) == 0 || c.Action == mark {
				ledger = append(ledger, stage.Entry{Row: row, Reason: "allowed", Detail: c.Allow[i].ID + ": " + c.Allow[i].Reason, Kept: true})
			}
		}
		if len(v.hits) == 0 {
			continue
		}
		hits[row] = v.hits
		seen.add(v.items)
		p.Contaminated++
		p.Rules[v.hits[0].Rule]++
		ledger = append(ledger, stage.Entry{Row: row, Reason: "contaminated", Detail: detail(v.hits), Kept: c.Action == mark})
	}
	p.In = seen.list()

	out := &stage.PortDelta{Keep: dataset.All(in.Rows)}
	if c.Action == mark {
		out.Columns = marks(hits)
	} else {
		out.Keep = dataset.Select(in.Rows, func(row int) bool { return hits[row] == nil })
	}
	p.rescan(s, in.Keep(out.Keep))
	raw, err := json.Marshal(p)
	return &stage.Delta{Out: map[string]*stage.PortDelta{"pairs": out}, Ledger: ledger, Partial: raw}, err
}

// rescan looks at the rows that go out as if for the first time: nothing of the first scan is used.
func (p *partial) rescan(s *state, rows dataset.Chunk) {
	left := newItems(len(s.names))
	reader := s.reader(rows)
	p.Out = int64(rows.Rows)
	for row := range rows.Rows {
		v := reader.row(row)
		if len(v.hits) > 0 {
			p.ContaminatedOut++
			left.add(v.items)
		}
		if v.unresolved {
			p.Unresolved++
		}
	}
	p.Left = left.list()
}

// marks makes the columns of action = "mark".
func marks(hits [][]hit) []dataset.Column {
	flags, evidence := dataset.NewBuilder(spec.Bool), dataset.NewBuilder(spec.JSON)
	for _, h := range hits {
		flags.AppendBool(h != nil)
		if h == nil {
			evidence.AppendNull()
			continue
		}
		evidence.AppendString(string(spec.Canonical(h)))
	}
	return []dataset.Column{flags.Finish(columnFlag), evidence.Finish(columnEvidence)}
}

// items is a set of items by benchmark.
type items []map[int]struct{}

func newItems(benchmarks int) items {
	s := make(items, benchmarks)
	for i := range s {
		s[i] = map[int]struct{}{}
	}
	return s
}

func (s items) add(refs []ngram.Ref) {
	for _, ref := range refs {
		s[ref.Benchmark][ref.Item] = struct{}{}
	}
}

func (s items) merge(lists [][]int) {
	for b, list := range lists {
		for _, i := range list {
			s[b][i] = struct{}{}
		}
	}
}

func (s items) list() [][]int {
	out := make([][]int, len(s))
	for b, set := range s {
		out[b] = make([]int, 0, len(set))
		for i := range set {
			out[b] = append(out[b], i)
		}
		slices.Sort(out[b])
	}
	return out
}
