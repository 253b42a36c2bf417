package linear

import (
	"context"
	"math"
	"slices"
)

// weighting turns counts into feature values: inverse document frequencies and
// scales learnt from the training rows alone, never from held-out ones.
type weighting struct {
	terms []term
	dense []float32 // factor of each interaction
}

// term is the part of an n-gram's value that does not depend on the document.
type term struct {
	idf    float32 // 0: too rare in the training rows to be a feature
	family uint8
}

// idf is the smoothed inverse document frequency: ln((1+N)/(1+df)) + 1.
func idf(docs, df int) float32 {
	return float32(math.Log(float64(1+docs)/float64(1+df)) + 1)
}

// logCount is the term frequency of a count: 1 + ln n, since the tenth "the"
// says less than the first.
var logCount = func() (t [math.MaxUint8 + 1]float32) {
	for n := 1; n < len(t); n++ {
		t[n] = float32(1 + math.Log(float64(n)))
	}
	return t
}()

// weigh computes the weighting for training on the rows that in selects; nil
// selects all.
func (c *Corpus) weigh(in []bool) *weighting {
	docs, df := 2*len(c.order), make([]uint32, len(c.features))
	for i, f := range c.features {
		df[i] = f.df
	}
	if in != nil {
		docs = c.subtract(df, in)
	}
	w := &weighting{terms: make([]term, len(c.features)), dense: make([]float32, c.dense())}
	for i, f := range c.features {
		w.terms[i].family = uint8(f.where.shape.family())
		if int(df[i]) >= c.cfg.MinDF {
			w.terms[i].idf = idf(docs, int(df[i]))
		}
	}
	squares, rows := make([]float64, c.dense()), 0
	for row := range c.order {
		if in == nil || in[row] {
			rows++
			for j, v := range c.denseRow(row) {
				squares[j] += float64(v) * float64(v)
			}
		}
	}
	for j, s := range squares {
		if s > 0 {
			w.dense[j] = float32(denseScale / math.Sqrt(s/float64(rows)))
		}
	}
	return w
}

// denseScale is the root mean square that interactions are scaled to. There are
// few of them and they overlap, so at 1 the penalty would hardly touch them. On
// HH harmless and on instruction pairs .15 gives the least held-out log-loss with
// .07 and .3 within .004.
const denseScale = 0.15

// familyScale is the length of a document's vector in each family of n-grams. A
// document has three opening n-grams but hundreds of others: at length 1 each of
// them would weigh ten times as much as a word (held-out log-loss .6435 on HH
// harmless, against .6353 at .3 and .6387 without them).
var familyScale = [families]float32{wordShape >> 4: 1, charShape >> 4: 1, leadShape >> 4: 0.3}

// subtract takes the documents of the rows that in leaves out from df and
// returns how many documents are left.
func (c *Corpus) subtract(df []uint32, in []bool) int {
	docs := 0
	for row := range c.order {
		if in[row] {
			docs += 2
			continue
		}
		p, r := &c.parts[row/partRows], row%partRows
		from, _, to := p.bounds(r)
		for _, id := range p.ids[from:to] {
			df[id]--
		}
	}
	return docs
}

// bounds returns where the chosen side of a row of the part begins, where it
// ends and the rejected one begins, and where that ends.
func (p *part) bounds(row int) (from, mid, to int) {
	if row > 0 {
		from = int(p.ends[2*row-1])
	}
	return from, int(p.ends[2*row]), int(p.ends[2*row+1])
}

func (c *Corpus) denseRow(row int) []float32 {
	d := c.dense()
	return c.parts[row/partRows].dense[row%partRows*d:][:d]
}

// matrix holds the difference of the feature values, chosen minus rejected, of
// some rows: sparse rows for the n-grams, full ones for the interactions.
type matrix struct {
	blocks []block
	dense  int // interactions per row
	sparse int // n-grams
	rows   int
}

// block is the part of a matrix that comes from one part of the corpus.
type block struct {
	rows  []uint32 // rows of the corpus
	ends  []uint32 // where each row's entries end
	ids   []uint32
	vals  []float32
	dense []float32
}

// differences computes the matrix of the rows that in selects; nil selects all.
func (c *Corpus) differences(ctx context.Context, w *weighting, in []bool) (*matrix, error) {
	m := &matrix{blocks: make([]block, len(c.parts)), dense: c.dense(), sparse: len(c.features)}
	scratch := make([]*assembler, workers())
	err := each(ctx, len(c.parts), func(worker, i int) {
		if scratch[worker] == nil {
			scratch[worker] = &assembler{weighting: w, cells: make([]cell, len(c.features))}
		}
		m.blocks[i] = scratch[worker].block(c, i, in)
	})
	m.blocks = slices.DeleteFunc(m.blocks, func(b block) bool { return len(b.rows) == 0 })
	for _, b := range m.blocks {
		m.rows += len(b.rows)
	}
	return m, err
}

// assembler is one goroutine's buffers for computing differences.
type assembler struct {
	*weighting
	cells   []cell // by feature
	touched []uint32
	ids     []uint32
	vals    []float32
	row     uint32 // counts rows, to tell which cells belong to this one
}

type cell struct {
	val float32
	row uint32
}

func (a *assembler) block(c *Corpus, n int, in []bool) block {
	var b block
	p := &c.parts[n]
	a.ids, a.vals = a.ids[:0], a.vals[:0]
	for r := range c.rowsOf(n) {
		row := n*partRows + r
		if in != nil && !in[row] {
			continue
		}
		from, mid, to := p.bounds(r)
		a.row++
		a.touched = a.touched[:0]
		a.add(p.ids[from:mid], p.counts[from:mid], 1)
		a.add(p.ids[mid:to], p.counts[mid:to], -1)
		for _, id := range a.touched {
			if v := a.cells[id].val; v != 0 {
				a.ids, a.vals = append(a.ids, id), append(a.vals, v)
			}
		}
		b.rows, b.ends = append(b.rows, uint32(row)), append(b.ends, uint32(len(a.ids)))
		for j, v := range c.denseRow(row) {
			b.dense = append(b.dense, v*a.dense[j])
		}
	}
	b.ids, b.vals = slices.Clone(a.ids), slices.Clone(a.vals)
	return b
}

// add adds sign times a document's values to the cells. Each family of n-grams
// is scaled to a length of its own, so that a long response weighs as much as a short one.
func (a *assembler) add(ids []uint32, counts []uint8, sign float32) {
	scale := a.scales(ids, counts)
	for i, id := range ids {
		t := a.terms[id]
		if t.idf == 0 {
			continue
		}
		v := sign * logCount[counts[i]] * t.idf * scale[t.family]
		if cell := &a.cells[id]; cell.row == a.row {
			cell.val += v
		} else {
			cell.val, cell.row = v, a.row
			a.touched = append(a.touched, id)
		}
	}
}

// scales returns, by family, what brings a document's vector to its length.
func (w *weighting) scales(ids []uint32, counts []uint8) (scale [families]float32) {
	var squares [families]float32
	for i, id := range ids {
		t := w.terms[id]
		v := logCount[counts[i]] * t.idf
		squares[t.family] += v * v
	}
	for f, s := range squares {
		if s > 0 {
			scale[f] = familyScale[f] / float32(math.Sqrt(float64(s)))
		}
	}
	return scale
}
