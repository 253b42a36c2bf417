package simjoin

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// prober looks classes up, one after another. It belongs to one goroutine.
type prober struct {
	c     *Collection
	tau   Ratio
	met   []meeting // by class; all n are 0 between two look-ups
	found []uint32  // classes met during this look-up
	x, y  []uint32  // ranks of the class looked up, and of one met

	wide bool // larger classes are met as well, not only those before

	size  int     // that these are for:
	least int     // the smallest size that can match
	most  int     // the largest that is looked for
	need  []int32 // overlap needed with a class of size least+i

	tried []uint32 // root -> class+1 that was last compared with its component
	whole [1]span
}

// meeting is what a look-up knows of a class that shares a prefix token: n common tokens so far, none of them after the
// places xrest and yrest (tokens left) in the two.
type meeting struct {
	n            int32 // out: cannot match
	size         int32
	xrest, yrest uint32
}

const out = -1

func (c *Collection) prober(tau Ratio) *prober {
	return &prober{c: c, tau: tau, size: -1}
}

// prepare sets the tables for look-ups of a size.
func (p *prober) prepare(size int) {
	if p.size == size {
		return
	}
	if p.met == nil {
		p.met = make([]meeting, len(p.c.size))
		for i, s := range p.c.size {
			p.met[i].size = s
		}
	}
	p.size, p.least, p.most = size, p.tau.shortest(size), size
	if p.wide {
		p.most = min(p.tau.longest(size), len(p.c.ends)-1)
	}
	p.need = p.need[:0]
	for s := p.least; s <= p.most; s++ {
		p.need = append(p.need, int32(p.tau.need(size, s)))
	}
}

// tokens yields the prefix tokens of x, with the number of tokens after each and the stretch of classes that could
// match x if this is the first token they share: those neither too small for x nor, for what is left of x, too large,
// and usually only those before x.
func (p *prober) tokens(x uint32, yield func(rank, rest, from, to uint32)) {
	p.prepare(int(p.c.size[x]))
	n := prefix(int(p.c.shared[x]), p.least)
	if n == 0 {
		return
	}
	p.x = p.c.ranks(p.x, x)
	from := p.c.upTo(p.least - 1)
	largest, to := p.most, x
	if p.wide {
		to = p.c.upTo(largest)
	}
	for i, rank := range p.x[:n] {
		left := len(p.x) - i
		for int(p.need[largest-p.least]) > left {
			largest-- // stops at least, since the prefix ends where not even that can be reached
			to = min(to, p.c.upTo(largest))
		}
		if from < to {
			yield(rank, uint32(left-1), from, to)
		}
	}
}

// meet collects in p.found the earlier classes that could match x.
func (p *prober) meet(x uint32, indexes []*index) {
	p.tokens(x, func(rank, rest, from, to uint32) {
		for _, ix := range indexes {
			p.scan(between(ix.of(rank), from, to), rest)
		}
	})
}

// scan counts a token for the classes of a list of postings.
func (p *prober) scan(list []posting, rest uint32) {
	least := int32(p.least)
	for _, post := range list {
		m := &p.met[post.class]
		if m.n == out {
			continue
		}
		if m.n == 0 {
			p.found = append(p.found, post.class)
		}
		if m.n+1+int32(min(rest, post.rest)) < p.need[m.size-least] {
			m.n = out
			continue
		}
		m.n++
		m.xrest, m.yrest = rest, post.rest
	}
}

// overlap decides one class that meet found: the size of the intersection, and whether it is enough.
func (p *prober) overlap(x, y uint32) (int, bool) {
	m := p.met[y]
	if m.n == out {
		return 0, false
	}
	need := int(p.need[int(m.size)-p.least])
	if p.c.atMost(x, y) < need {
		return 0, false
	}
	p.y = p.c.ranks(p.y, y)
	n, ok := merge(p.x[len(p.x)-int(m.xrest):], p.y[len(p.y)-int(m.yrest):], need-int(m.n))
	return int(m.n) + n, ok
}

// clear forgets the look-up.
func (p *prober) clear() {
	for _, y := range p.found {
		p.met[y].n = 0
	}
	p.found = p.found[:0]
}

// stride is how many consecutive classes a worker takes at a time: enough to make the counter free, few enough that the
// last, largest ones do not keep one worker busy alone.
const stride = 128

// reports is about how often a join tells of its progress: the last, largest classes take several times as long as the
// average one, and are to tell of themselves every second or two where a join takes minutes.
const reports = 400

// each gives every stride of classes to one of several workers; do is called with the worker's own prober and the
// bounds of the stride. It returns the context's error when that ended first.
func (c *Collection) each(ctx context.Context, tau Ratio, workers int, do func(p *prober, number int, from, to uint32)) error {
	tau.valid()
	n := len(c.first)
	strides := (n + stride - 1) / stride
	step := max(1, strides/reports)
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var next, done atomic.Int64
	var wg sync.WaitGroup
	for range max(1, min(workers, strides)) {
		wg.Go(func() {
			p := c.prober(tau)
			for ctx.Err() == nil {
				k := int(next.Add(1) - 1)
				if k >= strides {
					return
				}
				do(p, k, uint32(k*stride), uint32(min(n, (k+1)*stride)))
				if d := int(done.Add(1)); c.progress != nil && d%step == 0 {
					c.progress(min(n, d*stride), n)
				}
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}
