package linear

import (
	"math"
	"slices"
)

// reader is one goroutine's buffers for reading text.
type reader struct {
	c      *Corpus
	worker int
	scan   scan
	found  []gram
	tally  tally
	seen   wordSet
	asked  request
	ids    []uint32
	counts []uint8
}

func newReader(c *Corpus, worker int) *reader {
	r := &reader{c: c, worker: worker}
	r.asked.words.reset() // a set is of use only after a reset
	return r
}

// grams scans a document and lists its n-grams.
func (r *reader) grams(text string) []gram {
	r.scan.scanWords(text, -1)
	if len(r.c.cfg.CharNgrams) > 0 {
		r.scan.scanChars(text, -1)
	}
	r.found = r.scan.grams(r.found, r.c.cfg)
	return r.found
}

func (r *reader) sketch(part int, rough *sketch) {
	for _, i := range r.c.order[part*partRows:][:r.c.rowsOf(part)] {
		for _, text := range [2]string{r.c.examples[i].Chosen, r.c.examples[i].Rejected} {
			for _, g := range r.grams(text) {
				rough.add(g.hash)
			}
		}
	}
}

// read counts the n-grams of a part that the sketch does not rule out.
func (r *reader) read(n int, t *table, rough *sketch) part {
	p := part{worker: r.worker, ids: r.ids[:0], counts: r.counts[:0]}
	rows := r.c.rowsOf(n)
	p.ends, p.dense = make([]uint32, 0, rows*runsPerRow), make([]float32, 0, rows*r.c.dense())
	enough := min(r.c.cfg.MinDF, 3)
	var sides [2][len(interactions)]float64
	for row, i := range r.c.order[n*partRows:][:rows] {
		e := &r.c.examples[i]
		if r.c.cfg.Interactions {
			r.asked.read(e.Prompt, &r.scan)
		}
		for side, text := range [2]string{e.Chosen, e.Rejected} {
			doc := uint32(2*(n*partRows+row) + side)
			r.count(&p, r.grams(text), doc, t, func(hash uint64) bool { return rough == nil || rough.count(hash) >= enough })
			if r.c.cfg.Interactions {
				r.asked.features(&sides[side], text, &r.scan, &r.seen)
			}
		}
		if r.c.cfg.Interactions {
			for j := range interactions {
				p.dense = append(p.dense, float32(sides[0][j]-sides[1][j]))
			}
		}
	}
	r.ids, r.counts = p.ids, p.counts
	p.ids, p.counts = slices.Clone(p.ids), slices.Clone(p.counts)
	return p
}

// count adds the n-grams of a document that may be frequent enough to a part.
func (r *reader) count(p *part, found []gram, doc uint32, t *table, frequent func(hash uint64) bool) {
	r.tally.begin(len(found))
	family := 0
	for _, g := range found {
		for ; family < g.shape.family(); family++ {
			p.ends = append(p.ends, uint32(len(p.ids)))
		}
		had, again := r.tally.find(g.hash)
		switch {
		case !again && frequent(g.hash):
			had.pos = uint32(len(p.ids))
			p.ids, p.counts = append(p.ids, t.count(g, doc)), append(p.counts, 1)
		case again && had.pos != ruledOut && p.counts[had.pos] < math.MaxUint8:
			p.counts[had.pos]++
		}
	}
	for ; family < families; family++ {
		p.ends = append(p.ends, uint32(len(p.ids)))
	}
}
