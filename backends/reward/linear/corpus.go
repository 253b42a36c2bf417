package linear

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/prefab-build/prefab/backends/reward"
)

// Corpus is a set of pairs turned into counts of n-grams: what all fits on these
// pairs share. It is made once and not changed afterwards.
type Corpus struct {
	cfg      Config
	examples []reward.Example
	order    []int // row of the corpus -> position in examples; rows are in order of their keys
	parts    []part
	features []feature
	weight   []float64 // by row, mean 1
	margin   []float64 // by row
}

// feature is an n-gram that occurs in enough responses.
type feature struct {
	hash  uint64
	df    uint32
	where sighting
}

// partRows is how many rows a part has: the unit of work of the goroutines that
// read text, and of addition in the loss, so results do not depend on how many
// goroutines there are.
const partRows = 1024

// part holds the counts of partRows consecutive rows. Row r has the two documents
// 2r (chosen) and 2r+1 (rejected).
type part struct {
	ids    []uint32 // feature numbers, per document in order of first occurrence
	counts []uint8  // how often, at most 255
	ends   []uint32 // by document of the part: where its features end
	dense  []float32
	worker int // whose table the ids are of, until they are renumbered
}

// Prepare reads the text of the pairs and counts their n-grams. The examples are
// kept, not copied. progress, which may be nil, is told how many of how many
// rows were read (each is read twice).
func Prepare(ctx context.Context, examples []reward.Example, cfg Config, progress func(done, total int)) (*Corpus, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if err := reward.Check(examples); err != nil {
		return nil, err
	}
	if len(examples) > math.MaxInt32 {
		return nil, fmt.Errorf("%d pairs are more than a linear model counts, %d", len(examples), math.MaxInt32)
	}
	c := &Corpus{cfg: cfg.sorted(), examples: examples, order: reward.Order(examples)}
	c.readWeights()
	tick := ticker(progress, 2*len(examples))
	var rough *sketch
	if c.cfg.MinDF > 1 {
		rough = newSketch(c.occurrences())
		if err := c.eachPart(ctx, func(r *reader, i int) { r.sketch(i, rough); tick(c.rowsOf(i)) }); err != nil {
			return nil, err
		}
	}
	expect := 0
	if rough != nil {
		expect = rough.frequent() / workers()
	}
	tables := make([]*table, workers())
	err := c.eachPart(ctx, func(r *reader, i int) {
		if tables[r.worker] == nil {
			tables[r.worker] = newTable(expect)
		}
		c.parts[i] = r.read(i, tables[r.worker], rough)
		tick(c.rowsOf(i))
	})
	if err != nil {
		return nil, err
	}
	return c, c.number(ctx, tables)
}

// workers is how many goroutines the work is spread over. No result depends on
// it.
func workers() int { return runtime.GOMAXPROCS(0) }

// each calls work(worker, i) for i from 0 to n-1 on all workers, each i once, and
// stops early when the context ends. A worker gets its numbers in ascending
// order.
func each(ctx context.Context, n int, work func(worker, i int)) error {
	var next atomic.Int64
	var group sync.WaitGroup
	for w := range min(workers(), n) {
		group.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				work(w, i)
			}
		})
	}
	group.Wait()
	return ctx.Err()
}

// ticker adds up progress from several goroutines; with no one to tell it does
// nothing.
func ticker(progress func(done, total int), total int) func(n int) {
	if progress == nil {
		return func(int) {}
	}
	var mu sync.Mutex // guards done, and makes the calls one after the other
	done := 0
	return func(n int) {
		mu.Lock()
		defer mu.Unlock()
		done += n
		progress(done, total)
	}
}

// Rows is how many pairs the corpus has.
func (c *Corpus) Rows() int { return len(c.order) }

// Features is how many features a model of the corpus can have.
func (c *Corpus) Features() int { return len(c.features) + c.dense() }

func (c *Corpus) dense() int {
	if c.cfg.Interactions {
		return len(interactions)
	}
	return 0
}

func (c *Corpus) rowsOf(part int) int {
	return min(partRows, len(c.order)-part*partRows)
}

// readWeights takes the weights, scaled to mean 1, and the margins in order of
// rows.
func (c *Corpus) readWeights() {
	total := 0.0
	for _, i := range c.order {
		total += c.examples[i].Weight
	}
	scale := float64(len(c.order)) / total
	c.weight, c.margin = make([]float64, len(c.order)), make([]float64, len(c.order))
	for row, i := range c.order {
		c.weight[row], c.margin[row] = c.examples[i].Weight*scale, c.examples[i].Margin
	}
}

// occurrences estimates how many n-grams the responses hold: a word and its mark
// or space take about five bytes.
func (c *Corpus) occurrences() int {
	size := 0
	for _, e := range c.examples {
		size += len(e.Chosen) + len(e.Rejected)
	}
	return size/5*len(c.cfg.Ngrams) + size*len(c.cfg.CharNgrams)
}

// eachPart runs work over the parts with one reader per worker.
func (c *Corpus) eachPart(ctx context.Context, work func(r *reader, part int)) error {
	n := (len(c.order) + partRows - 1) / partRows
	if c.parts == nil {
		c.parts = make([]part, n)
	}
	readers := make([]*reader, workers())
	return each(ctx, n, func(w, i int) {
		if readers[w] == nil {
			readers[w] = newReader(c, w)
		}
		work(readers[w], i)
	})
}

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

// number gives the n-grams that occur often enough their final numbers: the most
// frequent first, so that the weights which every row needs lie close together,
// and by hash among equals. Then it renumbers the parts.
func (c *Corpus) number(ctx context.Context, tables []*table) error {
	total := merge(tables)
	for _, e := range total.slots {
		if e.id != 0 && int(e.df) >= c.cfg.MinDF {
			c.features = append(c.features, feature{e.hash, e.df, total.seen[e.id-1]})
		}
	}
	slices.SortFunc(c.features, func(a, b feature) int {
		if a.df != b.df {
			return cmp.Compare(b.df, a.df)
		}
		return cmp.Compare(a.hash, b.hash)
	})
	final := make([]uint64, len(c.features))
	for i, f := range c.features {
		final[i] = f.hash
	}
	numbers := newIndex(final)
	renumber := make([][]uint32, len(tables))
	if err := each(ctx, len(tables), func(_, w int) { renumber[w] = tables[w].renumber(numbers) }); err != nil {
		return err
	}
	return each(ctx, len(c.parts), func(_, i int) { c.parts[i].renumber(renumber[c.parts[i].worker]) })
}

// merge adds the tables up. A table that is alone is the sum; else they are left
// as they are, for their numbers are still needed.
func merge(tables []*table) *table {
	tables = slices.DeleteFunc(slices.Clone(tables), func(t *table) bool { return t == nil })
	if len(tables) == 1 {
		return tables[0]
	}
	total := newTable(len(tables[0].seen))
	for _, t := range tables {
		for _, e := range t.slots {
			if e.id == 0 {
				continue
			}
			s := t.seen[e.id-1]
			sum := total.find(e.hash)
			if sum.id == 0 {
				sum = total.insert(sum, gram{hash: e.hash, at: s.at, shape: s.shape}, s.doc)
			} else if first := &total.seen[sum.id-1]; s.doc < first.doc {
				*first = s
			}
			sum.df += e.df
		}
	}
	return total
}

// dropped is the number of an n-gram that is no feature.
const dropped = math.MaxUint32

// renumber lists the final number of each of the table's own.
func (t *table) renumber(numbers *index) []uint32 {
	if t == nil {
		return nil
	}
	to := make([]uint32, len(t.seen))
	for _, e := range t.slots {
		if e.id == 0 {
			continue
		}
		if n, ok := numbers.find(e.hash); ok {
			to[e.id-1] = n
		} else {
			to[e.id-1] = dropped
		}
	}
	return to
}

func (p *part) renumber(to []uint32) {
	kept, from := 0, 0
	for d, end := range p.ends {
		for i := from; i < int(end); i++ {
			if n := to[p.ids[i]]; n != dropped {
				p.ids[kept], p.counts[kept] = n, p.counts[i]
				kept++
			}
		}
		from, p.ends[d] = int(end), uint32(kept)
	}
	p.ids, p.counts = slices.Clip(p.ids[:kept]), slices.Clip(p.counts[:kept])
}
