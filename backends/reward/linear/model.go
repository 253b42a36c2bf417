package linear

import (
	"context"
	"math"
	"sync"

	"github.com/prefab-build/prefab/backends/reward"
)

// Architecture is the name in a model's configuration file.
const Architecture = "linear"

// Model is a trained linear reward model. It may be used by many goroutines at
// once.
type Model struct {
	cfg         Config
	penalty     float64
	temperature float64 // 0: not calibrated
	pairs       int     // trained on
	docs        int     // responses that document frequencies are of
	fit         Fit

	// by interaction
	denseScale, denseWeight, denseImpact []float32
	// by n-gram
	hashes          []uint64
	df              []uint32
	shapes          []uint8
	weights, impact []float32
	text            []byte   // of all n-grams, one after the other
	textEnds        []uint64 // where each ends

	weighting *weighting
	index     *index
	scratch   sync.Pool // of *scorer
}

// model puts the result of a fit into the form that scores text.
func (c *Corpus) model(w *weighting, x *matrix, weights []float64, penalty float64, fit Fit) *Model {
	m := &Model{
		cfg: c.cfg, penalty: penalty, pairs: len(c.order), docs: 2 * len(c.order), fit: fit,
		denseScale: w.dense, denseWeight: make([]float32, c.dense()), denseImpact: make([]float32, c.dense()),
	}
	impact := x.impact(weights)
	for j := range c.dense() {
		m.denseWeight[j], m.denseImpact[j] = float32(weights[j]), float32(impact[j])
	}
	n := len(c.features)
	m.hashes, m.df, m.shapes = make([]uint64, n), make([]uint32, n), make([]uint8, n)
	m.weights, m.impact, m.textEnds = make([]float32, n), make([]float32, n), make([]uint64, n)
	var s scan
	for i, f := range c.features {
		m.hashes[i], m.df[i], m.shapes[i] = f.hash, f.df, uint8(f.where.shape)
		m.weights[i], m.impact[i] = float32(weights[c.dense()+i]), float32(impact[c.dense()+i])
		e := &c.examples[c.order[f.where.doc/2]]
		doc := e.Chosen
		if f.where.doc%2 == 1 {
			doc = e.Rejected
		}
		m.text = s.appendText(m.text, doc, f.where.at, f.where.shape)
		m.textEnds[i] = uint64(len(m.text))
	}
	m.prepare()
	return m
}

// prepare computes what follows from the stored fields.
func (m *Model) prepare() {
	m.weighting = &weighting{idf: make([]float32, len(m.hashes)), dense: m.denseScale}
	for i, n := range m.df {
		m.weighting.idf[i] = idf(m.docs, int(n))
	}
	m.index = newIndex(m.hashes)
}

// ngram is the text of an n-gram.
func (m *Model) ngram(i int) string {
	from := uint64(0)
	if i > 0 {
		from = m.textEnds[i-1]
	}
	return string(m.text[from:m.textEnds[i]])
}

// impact is, for each weight, the root mean square of what its feature adds to
// the margins of the rows.
func (m *matrix) impact(w []float64) []float64 {
	out, sums, squares := make([]float64, m.width()), make([]slope, m.width()), m.squares()
	for row := range m.c.order {
		if m.has(row) {
			squares.add(&m.c.parts[row/partRows], row%partRows, row, 1, sums)
		}
	}
	for j, s := range sums {
		out[j] = math.Abs(w[j]) * math.Sqrt(s.grad/float64(m.rows))
	}
	return out
}

// Temperature divides a margin to make its sigmoid a probability, as the
// held-out rows had it; 0 where the model was not calibrated.
func (m *Model) Temperature() float64 { return m.temperature }

// Penalty is the L2 penalty that the model was fitted with.
func (m *Model) Penalty() float64 { return m.penalty }

// Score returns the reward of a response. It never fails: a response without a
// known word still has its interactions, or scores 0.
func (m *Model) Score(prompt, response string) (float64, error) {
	s := m.scorer()
	defer m.scratch.Put(s)
	s.ask(prompt)
	return s.score(response), nil
}

// ScoreAll returns the reward of each item. It fails only when the context ends.
func (m *Model) ScoreAll(ctx context.Context, items []reward.Item) ([]float64, error) {
	const batch = 64
	scores := make([]float64, len(items))
	err := each(ctx, (len(items)+batch-1)/batch, func(_, n int) {
		s := m.scorer()
		defer m.scratch.Put(s)
		for i := n * batch; i < min(len(items), (n+1)*batch); i++ {
			if i == n*batch || items[i].Prompt != items[i-1].Prompt {
				s.ask(items[i].Prompt)
			}
			scores[i] = s.score(items[i].Response)
		}
	})
	return scores, err
}

// Margins returns score(chosen) - score(rejected) for each example.
func (m *Model) Margins(ctx context.Context, examples []reward.Example) ([]float64, error) {
	return reward.Margins(ctx, m, examples)
}

// scorer is one goroutine's buffers for scoring.
type scorer struct {
	m      *Model
	r      *reader
	dense  [len(interactions)]float64
	ids    []uint32
	counts []uint8
	ends   [families]int // of ids, by family
	cells  []spot        // by n-gram
	doc    uint32
}

// spot says where a feature stands in the current document's list.
type spot struct{ doc, pos uint32 }

func (m *Model) scorer() *scorer {
	if s, ok := m.scratch.Get().(*scorer); ok {
		return s
	}
	return &scorer{
		m: m, cells: make([]spot, len(m.hashes)),
		r: newReader(&Corpus{cfg: m.cfg}, 0),
	}
}

func (s *scorer) ask(prompt string) {
	if s.m.cfg.Interactions {
		s.r.asked.read(prompt, &s.r.scan)
	}
}

func (s *scorer) score(text string) float64 {
	s.count(s.r.grams(text))
	total := 0.0
	if s.m.cfg.Interactions {
		s.r.asked.features(&s.dense, text, &s.r.scan, &s.r.seen)
		for j, v := range s.dense {
			total += v * float64(s.m.denseScale[j]) * float64(s.m.denseWeight[j])
		}
	}
	from := 0
	for family, end := range s.ends {
		ids, counts := s.ids[from:end], s.counts[from:end]
		scale := s.m.weighting.scale(family, ids, counts)
		for i, id := range ids {
			v := logCount[counts[i]] * s.m.weighting.idf[id] * scale
			total += float64(v) * float64(s.m.weights[id])
		}
		from = end
	}
	return total
}

// count lists the features of a document in order of first occurrence.
func (s *scorer) count(found []gram) {
	s.ids, s.counts = s.ids[:0], s.counts[:0]
	s.doc++
	if s.doc == 0 { // after four billion documents the marks start over
		clear(s.cells)
		s.doc = 1
	}
	family := 0
	for _, g := range found {
		for ; family < g.shape.family(); family++ {
			s.ends[family] = len(s.ids)
		}
		id, ok := s.m.index.find(g.hash)
		if !ok {
			continue
		}
		c := &s.cells[id]
		if c.doc != s.doc {
			*c = spot{s.doc, uint32(len(s.ids))}
			s.ids, s.counts = append(s.ids, id), append(s.counts, 1)
		} else if s.counts[c.pos] < math.MaxUint8 {
			s.counts[c.pos]++
		}
	}
	for ; family < families; family++ {
		s.ends[family] = len(s.ids)
	}
}

// index finds the number of a hash: open addressing, half full at most.
type index struct {
	hashes []uint64
	slots  []uint32 // number + 1; 0 is free
}

func newIndex(hashes []uint64) *index {
	size := 16
	for size < 2*len(hashes) {
		size *= 2
	}
	x := &index{hashes: hashes, slots: make([]uint32, size)}
	for i, h := range hashes {
		at := h & uint64(size-1)
		for x.slots[at] != 0 {
			at = (at + 1) & uint64(size-1)
		}
		x.slots[at] = uint32(i + 1)
	}
	return x
}

func (x *index) find(hash uint64) (uint32, bool) {
	mask := uint64(len(x.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		n := x.slots[at]
		if n == 0 {
			return 0, false
		}
		if x.hashes[n-1] == hash {
			return n - 1, true
		}
	}
}
