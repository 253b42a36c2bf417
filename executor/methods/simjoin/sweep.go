package simjoin

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// A sweep looks classes up in the index of others, block by block of the index.
type sweep struct {
	indexed, probes func(class uint32) bool             // nil: all
	ready           func(b *block)                      // called when a block is filled; may be nil
	look            func(p *prober, b *block, x uint32) // called for every class that may have matches before it
}

// run sweeps, one after the other.
func (c *Collection) run(ctx context.Context, tau Ratio, workers int, sweeps ...sweep) error {
	m := meter{c: c}
	cuts := make([][][]uint32, len(sweeps))
	for i, s := range sweeps {
		cuts[i] = c.blocks(s.indexed)
		for _, classes := range cuts[i] {
			from, to := c.reach(tau, classes)
			m.total += int64(to - from)
		}
	}
	crew := c.crew(tau, workers)
	var b block
	for i, s := range sweeps {
		for _, classes := range cuts[i] {
			b.fill(c, tau, classes)
			if s.ready != nil {
				s.ready(&b)
			}
			from, to := c.reach(tau, classes)
			err := crew.each(ctx, from, to, &m, func(p *prober, from, to uint32) {
				p.block = nil // the same block has been filled with others
				for x := from; x < to; x++ {
					if s.probes == nil || s.probes(x) {
						s.look(p, &b, x)
					}
				}
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// reach returns the stretch of classes that can match one of a block before them.
func (c *Collection) reach(tau Ratio, classes []uint32) (from, to uint32) {
	last := classes[len(classes)-1]
	return classes[0] + 1, max(classes[0]+1, c.upTo(tau.longest(int(c.size[last]))))
}

// A meter tells of progress in look-ups of classes, as if each were looked up once.
type meter struct {
	c     *Collection
	total int64
	done  atomic.Int64
}

// reports is about how often a join tells of its progress.
const reports = 400

func (m *meter) add(n int) {
	done := m.done.Add(int64(n))
	step := max(1, m.total/reports)
	if m.c.progress != nil && (done/step != (done-int64(n))/step || done == m.total) {
		classes := m.c.Classes()
		m.c.progress(int(float64(classes)*float64(done)/float64(m.total)), classes)
	}
}

// A crew is the workers of a join, each with what it needs to look classes up.
type crew []*prober

func (c *Collection) crew(tau Ratio, workers int) crew {
	tau.valid()
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	crew := make(crew, min(workers, c.Classes()/stride+1))
	for i := range crew {
		crew[i] = c.prober(tau)
	}
	return crew
}

// stride is how many consecutive classes a worker takes at a time: enough to make the counter free, few enough that the
// last, largest ones do not keep one worker busy alone.
const stride = 128

// each gives every stride of the classes in [from, to) to one of the workers; do is called with the worker's own prober
// and the bounds of the stride. It returns the context's error when that ended first.
func (w crew) each(ctx context.Context, from, to uint32, m *meter, do func(p *prober, from, to uint32)) error {
	strides := (int(to-from) + stride - 1) / stride
	var next atomic.Int64
	var wg sync.WaitGroup
	for _, p := range w {
		wg.Go(func() {
			for ctx.Err() == nil {
				k := int(next.Add(1) - 1)
				if k >= strides {
					return
				}
				first := from + uint32(k*stride)
				last := min(to, first+stride)
				do(p, first, last)
				if m != nil {
					m.add(int(last - first))
				}
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}
