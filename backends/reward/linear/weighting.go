package linear

import "math"

// weighting turns counts into feature values: inverse document frequencies and
// scales learnt from the training rows alone, never from held-out ones.
type weighting struct {
	idf   []float32 // by n-gram; 0: too rare in the training rows to be a feature
	dense []float32 // factor of each interaction
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

// logCounts is logCount for sums.
var logCounts = func() (t [math.MaxUint8 + 1]float64) {
	for n, v := range logCount {
		t[n] = float64(v)
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
	w := &weighting{idf: make([]float32, len(c.features)), dense: make([]float32, c.dense())}
	for i, n := range df {
		if int(n) >= c.cfg.MinDF {
			w.idf[i] = idf(docs, int(n))
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
var familyScale = [families]float32{wordShape>>4 - 1: 1, charShape>>4 - 1: 1, leadShape>>4 - 1: 0.3}

// scale is what brings a document's vector of one family to its length; 0 where it is empty.
func (w *weighting) scale(family int, ids []uint32, counts []uint8) float32 {
	square := float32(0)
	for i, id := range ids {
		v := logCount[counts[i]] * w.idf[id]
		square += v * v
	}
	if square == 0 {
		return 0
	}
	return familyScale[family] / float32(math.Sqrt(float64(square)))
}

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
		from, to := p.bounds(r)
		for _, id := range p.ids[from:to] {
			df[id]--
		}
	}
	return docs
}
