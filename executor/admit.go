package executor

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A pool is the memory that stages may need together. Each claims what it is estimated to need before it works; what has
// its inputs in the cache claims nothing. Those who wait are let in by their order in the plan, and none before its turn,
// so that a large one is not kept waiting by small ones. One that needs more than there is works alone.
//
// Nobody who holds memory waits for memory, or for somebody who does: a claim is made after the lock of the action is taken
// and before all locks that are taken in work. So whoever works comes to its end, and then there is room.
type pool struct {
	size int64 // 0: without bounds

	mu   sync.Mutex // guards what follows
	used int64
	busy int      // who holds a claim
	line []*claim // who waits, by order
}

type claim struct {
	order int
	bytes int64
	in    chan struct{} // closed when it is let in
}

// take claims memory, and waits until it is there; waits is called before it does.
func (p *pool) take(ctx context.Context, order int, bytes int64, waits func()) error {
	if p.size == 0 {
		return nil
	}
	c := &claim{order: order, bytes: bytes, in: make(chan struct{})}
	p.mu.Lock()
	at, _ := slices.BinarySearchFunc(p.line, c, func(a, b *claim) int { return a.order - b.order })
	p.line = slices.Insert(p.line, at, c)
	p.admit()
	p.mu.Unlock()
	select {
	case <-c.in:
		return nil
	default:
		waits()
	}
	select {
	case <-c.in:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.line, c); i >= 0 {
		p.line = slices.Delete(p.line, i, i+1)
	} else {
		p.used, p.busy = p.used-bytes, p.busy-1
	}
	p.admit()
	return context.Cause(ctx)
}

// give gives a claim back.
func (p *pool) give(bytes int64) {
	if p.size == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used, p.busy = p.used-bytes, p.busy-1
	p.admit()
}

// admit lets in who fits, one after the other.
func (p *pool) admit() {
	for len(p.line) > 0 {
		c := p.line[0]
		if p.busy > 0 && (c.bytes > p.size || p.used > p.size-c.bytes) {
			return
		}
		p.line = p.line[1:]
		p.used, p.busy = p.used+c.bytes, p.busy+1
		close(c.in)
	}
}

// admit claims the memory of a job for a node, and says so where it has to wait.
func (x *run) admit(ctx context.Context, n *planner.Node, j *job, o *NodeOutcome) (release func(), err error) {
	need := j.estimate(x.opts.Parallelism)
	if x.opts.Worker != nil {
		need += stage.ProcessMemory
	}
	if x.memory.size > 0 && need > x.memory.size {
		x.warn(fmt.Sprintf("%s may need %s of memory, and stages may use %s: it runs alone. Where there is more, say so with --memory.",
			n.Addr, sizeText(need), sizeText(x.memory.size)))
	}
	began, waited := x.opts.Now(), false
	err = x.memory.take(ctx, n.Index, need, func() {
		waited = true
		x.emit(Event{Type: "waiting", Addr: n.Addr, Bytes: need})
	})
	if err != nil {
		return nil, err
	}
	if waited {
		o.waited = x.opts.Now().Sub(began)
		x.emit(Event{Type: "admitted", Addr: n.Addr})
	}
	return func() { x.memory.give(need) }, nil
}

// sizeText writes a size in units of a thousand.
func sizeText(n int64) string {
	if n < 1e9 {
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// estimate is the peak of memory that a job is expected to come to.
func (j *job) estimate(parallelism int) int64 {
	k := j.kinds[j.action.Kind]
	if k == nil {
		k = &stage.Kind{Memory: stage.Load.UnionMemory}
	}
	l, chunks := stage.Load{Config: j.config}, 0
	for _, m := range j.members {
		o := m.Artifact.(Output)
		into := &l.Read
		for _, in := range j.ports.In {
			if in.Name == m.Port && in.Mapped {
				into, chunks = &l.Mapped, o.Table.Chunks()
			}
		}
		v := o.volume(j.store, readBy(j.ports, m.Port))
		into.Rows, into.Bytes = into.Rows+v.Rows, into.Bytes+v.Bytes
	}
	for _, f := range j.action.Files {
		for _, s := range f.Segments {
			l.Mapped.Rows, l.Mapped.Bytes = l.Mapped.Rows+int64(s.Records), l.Mapped.Bytes+int64(s.Size)
		}
		chunks += len(f.Segments)
	}
	l.AtOnce = min(parallelism, chunks)
	return max(k.Estimate(l), 0)
}

// volume is how much of an artifact a stage reads.
func (o Output) volume(s Store, columns []string) (v stage.Volume) {
	if o.Table != nil {
		return o.Table.volume(s, columns)
	}
	for _, f := range o.Files {
		v.Bytes += f.Size
	}
	return v
}

// A table is sized by some of its chunks. A column of which the store cannot tell the size counts as a short text.
const (
	sizedChunks = 64
	unsized     = 256 // bytes of a value
)

func (t *Table) volume(s Store, columns []string) (v stage.Volume) {
	v.Rows = t.Rows()
	sizes, _ := s.(interface {
		RawSize(d spec.Digest) (int64, error)
	})
	var rows, bytes float64
	for i := 0; i < len(t.chunks); i += max(len(t.chunks)/sizedChunks, 1) {
		c := &t.chunks[i]
		rows += float64(c.rows)
		for _, name := range columns {
			col, lv, ok := c.find(name)
			if !ok {
				continue
			}
			size, share := float64(unsized*c.rows), 1.0
			if sizes != nil {
				if n, err := sizes.RawSize(col.Blob); err == nil {
					size = float64(n)
					if !lv.all && lv.sel.Of() > 0 {
						share = float64(c.rows) / float64(lv.sel.Of())
					}
				}
			}
			bytes += size * share
		}
	}
	if rows > 0 {
		v.Bytes = int64(bytes / rows * float64(v.Rows))
	}
	return v
}
