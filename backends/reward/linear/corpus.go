package linear

import (
	"context"
	"fmt"
	"math"
	"runtime"
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
	ids    []uint32 // feature numbers, per document in order of first occurrence, which is by family
	counts []uint8  // how often, at most 255
	ends   []uint32 // by document of the part and family: where its features end
	dense  []float32
	worker int // whose table the ids are of, until they are renumbered
}

// runsPerRow is how many runs of features a row has: one of each family for each of its two documents.
const runsPerRow = 2 * families

// bounds returns where the features of a row of the part begin and end.
func (p *part) bounds(row int) (from, to int) {
	if row > 0 {
		from = int(p.ends[row*runsPerRow-1])
	}
	return from, int(p.ends[(row+1)*runsPerRow-1])
}

func (c *Corpus) denseRow(row int) []float32 {
	d := c.dense()
	return c.parts[row/partRows].dense[row%partRows*d:][:d]
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
	rough = nil
	c.collect()
	defer c.collect()
	return c, c.number(ctx, tables)
}

// collect collects garbage where it is worth the while: what one step of the work on a large corpus held is as large as
// what the next one needs.
func (c *Corpus) collect() {
	if len(c.order) > sideBySide {
		runtime.GC()
	}
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
	most := 0.0 // by which weights are divided first, so that neither their sum nor its inverse is beyond a float
	for _, i := range c.order {
		most = max(most, c.examples[i].Weight)
	}
	total := 0.0
	for _, i := range c.order {
		total += c.examples[i].Weight / most
	}
	scale := float64(len(c.order)) / total
	c.weight, c.margin = make([]float64, len(c.order)), make([]float64, len(c.order))
	for row, i := range c.order {
		c.weight[row], c.margin[row] = c.examples[i].Weight/most*scale, c.examples[i].Margin
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
