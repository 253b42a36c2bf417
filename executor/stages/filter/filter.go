// Package filter is the stage kind that acts on pairs which out-of-fold scores find doubtful.
package filter

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"slices"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/exact"
	"github.com/prefab-build/prefab/executor/methods/interval"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

//go:embed doc.md
var doc string

// Kind is the stage kind.
var Kind = &stage.Kind{
	KindSpec: spec.KindSpec{
		Name:        "filter",
		Title:       "drops, weights or flags pairs that out-of-fold scores find doubtful",
		Doc:         doc,
		Version:     2,
		Methods:     []string{exact.Version, interval.Version},
		Determinism: "bitwise per numerics class",
		Schema:      schema,
		Ports:       ports,
	},
	Mapper:  mapper{},
	Account: stage.Account{Why: why},
}

// The actions.
const (
	drop   = "drop"
	weight = "weight"
	flag   = "flag"
)

type config struct {
	MinProbability float64 `json:"min_probability"`
	Action         string
	MaxDrop        float64 `json:"max_drop"`
}

var schema = spec.Schema{Attrs: []spec.Attr{
	{Name: "pairs", Type: spec.TypeReference, Artifact: spec.Pairs, Shape: spec.One, Required: true, Doc: "the training pairs"},
	{Name: "scores", Type: spec.TypeReference, Artifact: spec.Scores, Shape: spec.One, Required: true, Doc: "their out-of-fold scores"},
	{
		Name: "min_probability", Type: spec.TypeNumber, Default: 0.55, Min: spec.F(0.5), Max: spec.F(1), Unit: "probability of the label",
		Doc: "from which probability a pair counts as confident",
	},
	{Name: "action", Type: spec.TypeString, Default: weight, Values: []string{drop, weight, flag}, Doc: "what happens to the others: see above"},
	{Name: "max_drop", Type: spec.TypeNumber, Default: 0.2, Min: spec.F(0), Max: spec.F(1), Unit: "share of pairs", Doc: "the largest share that drop removes"},
}}

func ports(c spec.Config) spec.Ports {
	var cfg config
	_ = c.Decode(&cfg)
	columns := []string{spec.ID}
	var adds []spec.Column
	switch cfg.Action {
	case weight:
		columns = append(columns, "weight")
		adds = []spec.Column{{Name: "weight", Type: spec.Float64}}
	case flag:
		adds = []spec.Column{{Name: probabilityColumn, Type: spec.Float64}, {Name: confidenceColumn, Type: spec.String}}
	}
	share := func(name, doc string) spec.MetricDef {
		return spec.MetricDef{Name: name, Unit: "share", Min: spec.F(0), Max: spec.F(1), Doc: doc}
	}
	dropped := share("dropped", "share of pairs that were removed")
	dropped.Advice = "More pairs are doubtful than a filter should remove: look at the labels, or at the model."
	dropped.Limits = map[string]spec.Limit{"documented": {Max: spec.F(0.2)}, "strict": {Max: spec.F(0.2)}}
	return spec.Ports{
		In: []spec.InPort{
			{Name: "pairs", Artifact: spec.Pairs, Shape: spec.One, Mapped: true, Training: true, Columns: columns, Doc: "the training pairs"},
			{Name: "scores", Artifact: spec.Scores, Shape: spec.One, Columns: []string{spec.ID, "margin"}, Doc: "their out-of-fold scores"},
		},
		Out: []spec.OutPort{{Name: "pairs", Artifact: spec.Pairs, From: "pairs", Adds: adds, Doc: "the pairs that go on"}},
		Metrics: []spec.MetricDef{
			dropped,
			share("agree", "share of pairs whose label is probable"),
			share("ambiguous", "share of pairs that the scores cannot tell"),
			share("disagree", "share of pairs whose label the scores contradict"),
			share("likely_errors", "share of pairs whose label is wrong by confident learning: 1 - p is at least the mean p; a reading, no noise rate. The table lists the pairs whose labels are least probable"),
			share("mean_probability", "mean probability of the labels"),
		},
	}
}

const (
	probabilityColumn = "label_probability"
	confidenceColumn  = "confidence"
)

// mapper does its work in Finish: what is dropped depends on all rows.
type mapper struct{}

func (mapper) Prepare(context.Context, *stage.Task) (stage.State, error) { return nil, nil }

func (mapper) MapChunk(context.Context, *stage.Task, stage.State, stage.Chunk) (*stage.Delta, error) {
	return &stage.Delta{}, nil
}

// A row is a pair with the probability of its label.
type row struct {
	chunk, at int
	id        spec.Digest
	p         float64
}

// Finish joins the scores by id, decides, and emits.
func (mapper) Finish(ctx context.Context, t *stage.Task, all *stage.Mapped) error {
	var cfg config
	if err := t.Config(&cfg); err != nil {
		return err
	}
	rows, err := join(ctx, t)
	if err != nil {
		return err
	}
	out := map[[2]int]bool{}
	if cfg.Action == drop {
		for _, r := range doomed(rows, &cfg) {
			out[[2]int{r.chunk, r.at}] = true
			all.Deltas[r.chunk].Ledger = append(all.Deltas[r.chunk].Ledger, stage.Entry{
				Row: r.at, Reason: "low confidence", Detail: fmt.Sprintf("probability of the label %.4f out of fold", r.p),
			})
		}
	}
	for i, d := range all.Deltas {
		slices.SortStableFunc(d.Ledger, func(a, b stage.Entry) int { return a.Row - b.Row })
		d.Out["pairs"] = &stage.PortDelta{Keep: dataset.Select(all.Rows[i], func(r int) bool { return !out[[2]int{i, r}] })}
	}
	if err := columns(t, all, rows, &cfg); err != nil {
		return err
	}
	measure(t, rows, len(out), &cfg)
	return nil
}

func join(ctx context.Context, t *stage.Task) ([]row, error) {
	scores := t.Table("scores")
	margins := make(map[spec.Digest]float64, scores.Rows)
	for c, err := range scores.All(ctx) {
		if err != nil {
			return nil, err
		}
		ids, values := c.IDs(), c.Floats("margin")
		for r := range c.Rows {
			margins[spec.Digest(ids.At(r))] = values.At(r)
		}
	}
	pairs := t.Table("pairs")
	rows := make([]row, 0, pairs.Rows)
	for i := range pairs.Chunks {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c, err := pairs.Chunk(i, spec.ID)
		if err != nil {
			return nil, err
		}
		ids := c.IDs()
		for r := range c.Rows {
			id := spec.Digest(ids.At(r))
			margin, ok := margins[id]
			if !ok {
				return nil, fmt.Errorf("the scores have no row %s: they are of other pairs than these. Filter the pairs that the reward "+
					"model was trained on", id)
			}
			rows = append(rows, row{chunk: i, at: r, id: id, p: interval.Sigmoid(margin)})
		}
	}
	return rows, nil
}

// doomed lists the rows to drop: the least probable first, as many as max_drop allows, ties by id.
func doomed(rows []row, cfg *config) []row {
	var list []row
	for _, r := range rows {
		if r.p < cfg.MinProbability {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, doubtfulFirst)
	return list[:min(len(list), int(cfg.MaxDrop*float64(len(rows))))]
}

func doubtfulFirst(a, b row) int {
	return cmp.Or(cmp.Compare(a.p, b.p), bytes.Compare(a.id[:], b.id[:]))
}

// A suspect is a pair for a person to look at.
type suspect struct {
	Row         string  `json:"row"`
	Probability float64 `json:"probability"`
}

// suspects are the pairs whose labels are least probable, as many as a person looks through.
func suspects(rows []row) []suspect {
	const most = 15
	list := slices.SortedFunc(slices.Values(rows), doubtfulFirst)
	list = list[:min(len(list), most)]
	out := make([]suspect, len(list))
	for i, r := range list {
		out[i] = suspect{r.id.String(), r.p}
	}
	return out
}

// columns adds what weight and flag say of each row.
func columns(t *stage.Task, all *stage.Mapped, rows []row, cfg *config) error {
	if cfg.Action == drop {
		return nil
	}
	for i, d := range all.Deltas {
		n := all.Rows[i]
		own := rows[:n]
		rows = rows[n:]
		if n == 0 {
			continue
		}
		if cfg.Action == flag {
			p, c := dataset.NewBuilder(spec.Float64), dataset.NewBuilder(spec.String)
			for _, r := range own {
				p.AppendFloat(r.p)
				c.AppendString(class(r.p, cfg))
			}
			d.Out["pairs"].Columns = []dataset.Column{p.Finish(probabilityColumn), c.Finish(confidenceColumn)}
			continue
		}
		chunk, err := t.Table("pairs").Chunk(i, "weight")
		if err != nil {
			return err
		}
		weights := chunk.Floats("weight")
		b := dataset.NewBuilder(spec.Float64)
		for r := range own {
			w := 1.0
			if !weights.Null(r) {
				w = weights.At(r)
			}
			b.AppendFloat(w * own[r].p)
		}
		d.Out["pairs"].Columns = []dataset.Column{b.Finish("weight")}
	}
	return nil
}

func class(p float64, cfg *config) string {
	switch {
	case p >= cfg.MinProbability:
		return "agree"
	case p <= 1-cfg.MinProbability:
		return "disagree"
	}
	return "ambiguous"
}

func measure(t *stage.Task, rows []row, dropped int, cfg *config) {
	n := int64(len(rows))
	if n == 0 {
		for _, def := range t.Ports().Metrics {
			t.Metric(spec.Unavailable(def.Name, "there are no pairs"))
		}
		return
	}
	counts := map[string]int{}
	var sum exact.Sum
	for _, r := range rows {
		counts[class(r.p, cfg)]++
		sum.Add(r.p)
	}
	mean := sum.Float64() / float64(n)
	errors := 0
	for _, r := range rows {
		if 1-r.p >= mean {
			errors++
		}
	}
	share := func(name string, k int) { t.Metric(spec.Value(name, float64(k)/float64(n), n)) }
	share("dropped", dropped)
	share("agree", counts["agree"])
	share("ambiguous", counts["ambiguous"])
	share("disagree", counts["disagree"])
	likely := spec.Value("likely_errors", float64(errors)/float64(n), n)
	likely.Table = map[string]any{"least_probable": suspects(rows)}
	t.Metric(likely)
	t.Metric(spec.Value("mean_probability", mean, n))
}
