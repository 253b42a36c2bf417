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
	p.ends, p.dense = make([]uint32, 0, 2*rows), make([]float32, 0, rows*r.c.dense())
	enough := min(r.c.cfg.MinDF, 3)
	var sides [2][len(interactions)]float64
	for row, i := range r.c.order[n*partRows:][:rows] {
		e := &r.c.examples[i]
		if r.c.cfg.Interactions {
			r.asked.read(e.Prompt, &r.scan)
		}
		for side, text := range [2]string{e.Chosen, e.Rejected} {
			doc := uint32(2*(n*partRows+row) + side)
			for _, g := range r.grams(text) {
				if rough == nil || rough.count(g.hash) >= enough {
					p.add(t, g, doc)
				}
			}
			p.ends = append(p.ends, uint32(len(p.ids)))
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

// add counts one occurrence in a document.
func (p *part) add(t *table, g gram, doc uint32) {
	e := t.find(g.hash)
	if e.id == 0 {
		e = t.insert(e, g, doc)
	}
	if e.last == doc+1 {
		if p.counts[e.pos] < math.MaxUint8 {
			p.counts[e.pos]++
		}
		return
	}
	e.last, e.pos = doc+1, uint32(len(p.ids))
	e.df++
	p.ids, p.counts = append(p.ids, e.id-1), append(p.counts, 1)
}
