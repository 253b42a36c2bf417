package linear

import "context"

// matrix is the difference of the feature values, chosen minus rejected, of some rows of a corpus.
//
// It is not stored. A value follows from a count, the weighting and what brings its document to its length, and a pass
// over the counts reads five bytes for each where one over stored values would read eight: a million pairs of a
// kilobyte would hold 1.6 GB of them beside 1.1 GB of counts.
type matrix struct {
	c       *Corpus
	w       *weighting
	in      []bool    // by row of the corpus: whether it is one of the matrix; nil for all
	scale   []float32 // by document and family; those of rejected responses are negative
	rows    int
	entries int // counts that a pass reads, and interactions
}

// differences prepares the matrix of the rows that in selects; nil selects all.
func (c *Corpus) differences(ctx context.Context, w *weighting, in []bool) (*matrix, error) {
	m := &matrix{c: c, w: w, in: in, scale: make([]float32, len(c.order)*runsPerRow)}
	rows, entries := make([]int, len(c.parts)), make([]int, len(c.parts))
	err := each(ctx, len(c.parts), func(_, i int) {
		p := &c.parts[i]
		for r := range c.rowsOf(i) {
			row := i*partRows + r
			if !m.has(row) {
				continue
			}
			from, to := p.bounds(r)
			rows[i]++
			entries[i] += to - from + c.dense()
			scales := m.scales(row)
			for k := range scales {
				end := int(p.ends[r*runsPerRow+k])
				scales[k] = w.scale(k%families, p.ids[from:end], p.counts[from:end])
				if k >= families {
					scales[k] = -scales[k]
				}
				from = end
			}
		}
	})
	for i := range rows {
		m.rows += rows[i]
		m.entries += entries[i]
	}
	return m, err
}

func (m *matrix) has(row int) bool { return m.in == nil || m.in[row] }

// width is the number of weights: interactions first, then n-grams.
func (m *matrix) width() int { return m.c.dense() + len(m.c.features) }

// load puts weights where dot and push find them. What an n-gram's value owes to the weighting goes into its weight.
func (m *matrix) load(at []slope, w []float64) {
	d := m.c.dense()
	for j, v := range w[:d] {
		at[j] = slope{w: v}
	}
	for i, v := range w[d:] {
		at[d+i] = slope{w: v * float64(m.w.idf[i])}
	}
}

// dot is the product of a row and the weights that were loaded.
func (m *matrix) dot(p *part, r, row int, at []slope) float64 {
	d, sum := m.c.dense(), 0.0
	for j, v := range m.c.denseRow(row) {
		sum += float64(v*m.w.dense[j]) * at[j].w
	}
	from, _ := p.bounds(r)
	ends := p.ends[r*runsPerRow:][:runsPerRow]
	for k, scale := range m.scales(row) {
		end := int(ends[k])
		if from < end {
			sum += float64(scale) * dotCounts(p.ids[from:end], p.counts[from:end], at[d:])
			from = end
		}
	}
	return sum
}

// push adds a multiple of a row to the gradient. That of n-grams still lacks the factors that load put into the weights.
func (m *matrix) push(p *part, r, row int, by float64, at []slope) {
	d := m.c.dense()
	for j, v := range m.c.denseRow(row) {
		at[j].grad += by * float64(v*m.w.dense[j])
	}
	from, _ := p.bounds(r)
	ends := p.ends[r*runsPerRow:][:runsPerRow]
	for k, scale := range m.scales(row) {
		end := int(ends[k])
		if from < end {
			addCounts(p.ids[from:end], p.counts[from:end], by*float64(scale), at[d:])
			from = end
		}
	}
}

func (m *matrix) scales(row int) []float32 { return m.scale[row*runsPerRow:][:runsPerRow] }

// dotCounts keeps two sums so that an addition need not wait for the one before.
func dotCounts(ids []uint32, counts []uint8, at []slope) float64 {
	var a, b float64
	counts = counts[:len(ids)]
	i := 0
	for ; i+1 < len(ids); i += 2 {
		a += logCounts[counts[i]] * at[ids[i]].w
		b += logCounts[counts[i+1]] * at[ids[i+1]].w
	}
	if i < len(ids) {
		a += logCounts[counts[i]] * at[ids[i]].w
	}
	return a + b
}

func addCounts(ids []uint32, counts []uint8, by float64, at []slope) {
	counts = counts[:len(ids)]
	for i, id := range ids {
		at[id].grad += by * logCounts[counts[i]]
	}
}

// margins fills out, by row of the corpus, with the products of the rows of m and the weights. at is a buffer.
func (m *matrix) margins(ctx context.Context, w []float64, at []slope, out []float64, alone bool) error {
	run := each
	if alone {
		run = inTurn
	}
	m.load(at, w)
	return run(ctx, len(m.c.parts), func(_, n int) {
		for r := range m.c.rowsOf(n) {
			if row := n*partRows + r; m.has(row) {
				out[row] = m.dot(&m.c.parts[n], r, row, at)
			}
		}
	})
}

// squares sums the squares of values. For those the features that both documents of a row have must meet.
type squares struct {
	m       *matrix
	cells   []cell // by n-gram
	touched []uint32
	row     uint32 // counts rows, to tell which cells belong to this one
}

type cell struct {
	val float32
	row uint32
}

func (m *matrix) squares() *squares { return &squares{m: m, cells: make([]cell, len(m.c.features))} }

// add adds a multiple of the squares of a row's values to the gradients, by weight.
func (s *squares) add(p *part, r, row int, by float64, at []slope) {
	m, d := s.m, s.m.c.dense()
	for j, v := range m.c.denseRow(row) {
		x := float64(v * m.w.dense[j])
		at[j].grad += by * x * x
	}
	s.row++
	s.touched = s.touched[:0]
	from, _ := p.bounds(r)
	for k, scale := range m.scales(row) {
		end := int(p.ends[r*runsPerRow+k])
		for i, id := range p.ids[from:end] {
			v := logCount[p.counts[from+i]] * m.w.idf[id] * scale
			if c := &s.cells[id]; c.row == s.row {
				c.val += v
			} else {
				*c = cell{v, s.row}
				s.touched = append(s.touched, id)
			}
		}
		from = end
	}
	for _, id := range s.touched {
		x := float64(s.cells[id].val)
		at[d+int(id)].grad += by * x * x
	}
}
