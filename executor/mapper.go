package executor

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A mapping runs a Mapper: the chunks that are not cached, then Finish.
type mapping struct {
	*job
	kind *stage.Kind
	host *host
	task *stage.Task

	port  string // the mapped port
	base  spec.Digest
	rows  []int // in, by chunk
	total int64
	done  atomic.Int64
}

// A storedChunk is what the store keeps of one mapped chunk.
type storedChunk struct {
	Out     map[string]chunkDelta `json:"out,omitempty"`
	Ledger  []stage.Entry         `json:"ledger,omitempty"`
	Partial []byte                `json:"partial,omitempty"`
	Blob    spec.Digest           `json:"blob,omitzero"` // of a large partial
}

// inlinePartial is the size up to which a partial stands in the entry itself: a file costs about as much as 4 kB.
const inlinePartial = 4096

func (j *job) newMapping(ctx context.Context, k *stage.Kind) (*mapping, error) {
	h, err := newHost(ctx, j)
	if err != nil {
		return nil, err
	}
	m := &mapping{job: j, kind: k, host: h, task: stage.NewTask(h, j.ports)}
	for _, in := range j.ports.In {
		if in.Mapped {
			m.port = in.Name
		}
	}
	m.base, err = m.chunkBase()
	return m, err
}

func (j *job) runMapper(ctx context.Context, k *stage.Kind) (*entry, error) {
	m, err := j.newMapping(ctx, k)
	if err != nil {
		return nil, err
	}
	var chunks []*storedChunk
	if k.Sources != nil {
		chunks, err = m.mapSources(ctx)
	} else {
		chunks, err = m.mapTable(ctx)
	}
	if err != nil {
		return nil, err
	}
	return m.finish(ctx, chunks)
}

// chunkBase is what is asked of every chunk: the node's base without the limit, and the prepared ports.
func (m *mapping) chunkBase() (spec.Digest, error) {
	var prepared []planner.Member
	for _, member := range m.members {
		for _, in := range m.ports.In {
			if in.Name == member.Port && in.Prepared {
				prepared = append(prepared, member)
			}
		}
	}
	key, err := planner.NodeKey(m.ports, prepared, nil)
	if err != nil {
		return spec.Digest{}, err
	}
	return planner.Digest(append(perChunk(m.action.Base), key.Inputs...)), nil
}

// perChunk is what of a node's base is asked of every chunk.
func perChunk(base []planner.Component) []planner.Component {
	list := []planner.Component{{Name: "map", Value: "1"}}
	for _, c := range base {
		if c.Name != "limit" {
			list = append(list, c)
		}
	}
	return list
}

// mapTable maps the chunks of a table: those in the store are taken from there, the others run in parallel.
func (m *mapping) mapTable(ctx context.Context) ([]*storedChunk, error) {
	table := inputTable(m.members, m.port)
	var columns []string
	for _, in := range m.ports.In {
		if in.Name == m.port {
			columns = in.Columns
		}
	}
	digests, err := table.digests(ctx, columns)
	if err != nil {
		return nil, err
	}
	chunks := make([]*storedChunk, table.Chunks())
	m.total = table.Rows()
	prepare := m.preparer(ctx)
	group, ctx := errgroup.WithContext(ctx)
	for i := range chunks {
		rows := table.chunks[i].rows
		m.rows = append(m.rows, rows)
		if err := m.acquire(ctx); err != nil {
			break
		}
		group.Go(func() error {
			defer m.release()
			defer m.progress(rows)
			inputs := chunkInputs(rows, columns, digests[i])
			if chunks[i] = m.lookup(ctx, inputs); chunks[i] != nil {
				return nil
			}
			chunk, err := table.Load(ctx, i, columns)
			if err != nil {
				return err
			}
			chunks[i], err = m.mapOne(ctx, prepare, stage.Chunk{Chunk: chunk, Index: i}, inputs)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return chunks, context.Cause(ctxOrNil(ctx, chunks))
}

// ctxOrNil gives the context whose end explains why a chunk was not mapped, or one without an end.
func ctxOrNil(ctx context.Context, chunks []*storedChunk) context.Context {
	for _, c := range chunks {
		if c == nil {
			return ctx
		}
	}
	return context.Background()
}

func chunkInputs(rows int, columns []string, digests []spec.Digest) spec.Digest {
	list := []planner.Component{{Name: "rows", Value: strconv.Itoa(rows)}}
	for k, c := range columns {
		list = append(list, planner.Component{Name: c, Value: digests[k].String()})
	}
	return planner.Digest(list)
}

// preparer returns a function that runs Prepare once, when the first chunk needs it.
func (m *mapping) preparer(ctx context.Context) func() (stage.State, error) {
	type result struct {
		state stage.State
		err   error
	}
	once := make(chan *result, 1)
	once <- nil
	return func() (stage.State, error) {
		r := <-once
		if r == nil {
			r = &result{}
			r.state, r.err = m.kind.Mapper.Prepare(ctx, m.task)
		}
		once <- r
		return r.state, r.err
	}
}

func (m *mapping) lookup(ctx context.Context, inputs spec.Digest) *storedChunk {
	if m.fresh {
		return nil
	}
	raw, err := m.store.GetAction(m.base, inputs)
	if err != nil {
		return nil
	}
	var c storedChunk
	if json.Unmarshal(raw, &c) != nil {
		return nil
	}
	if !c.Blob.IsZero() {
		if c.Partial, err = m.store.Get(ctx, c.Blob); err != nil {
			return nil
		}
	}
	whole := true
	for _, d := range c.Out {
		for _, l := range d.Layers {
			for _, col := range l.Columns {
				whole = present(ctx, m.store, col.Blob, m.deep) && whole
			}
		}
	}
	if !whole {
		return nil
	}
	return &c
}

// mapOne maps one chunk and stores what it came to. It runs in a goroutine of its own, where a panic would end the
// program: a kind's bug is to fail its node alone.
func (m *mapping) mapOne(ctx context.Context, prepare func() (stage.State, error), in stage.Chunk, inputs spec.Digest) (c *storedChunk, err error) {
	defer recovered(&err)
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	state, err := prepare()
	if err != nil {
		return nil, err
	}
	delta, err := m.kind.Mapper.MapChunk(ctx, m.task, state, in)
	if err != nil {
		return nil, err
	}
	c = &storedChunk{Ledger: delta.Ledger, Partial: delta.Partial, Out: map[string]chunkDelta{}}
	for port, p := range delta.Out {
		if p == nil {
			continue
		}
		if err := m.check(port, p, in.Rows); err != nil {
			return nil, err
		}
		if c.Out[port], err = storeDelta(ctx, m.store, p); err != nil {
			return nil, fmt.Errorf("port %s: %w", port, err)
		}
	}
	stored := *c
	if len(c.Partial) > inlinePartial {
		stored.Partial = nil
		if stored.Blob, err = m.store.Put(ctx, c.Partial); err != nil {
			return nil, err
		}
	}
	raw, err := json.Marshal(stored)
	if err != nil {
		return nil, err
	}
	if err := m.store.PutAction(m.base, inputs, raw); err != nil {
		if m.conflict(err) {
			return c, nil
		}
		return nil, err
	}
	return c, nil
}

// check refuses what no table could be made of.
func (m *mapping) check(port string, p *stage.PortDelta, rows int) error {
	if !slices.ContainsFunc(m.ports.Out, func(o spec.OutPort) bool { return o.Name == port }) {
		return fmt.Errorf("the stage kind %s fills the port %s, which it does not declare", m.kind.Name, port)
	}
	if p.Make == nil && p.Keep.Of() != rows {
		return fmt.Errorf("port %s: the stage kind %s selects from %d rows where there are %d", port, m.kind.Name, p.Keep.Of(), rows)
	}
	return nil
}

func (m *mapping) progress(rows int) {
	m.host.Progress(m.done.Add(int64(rows)), m.total, "rows")
}
