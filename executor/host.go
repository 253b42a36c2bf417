package executor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A host is one job's Task from the executor's side: it collects what the stage makes.
type host struct {
	*job
	ctx     context.Context
	members map[string][]stage.Member

	mu      sync.Mutex // guards what follows
	metrics []spec.Metric
	notes   Ledger
	emitted map[string][]chunkDelta
	files   map[string][]StoredFile
}

func newHost(ctx context.Context, j *job) (*host, error) {
	h := &host{
		job: j, ctx: ctx, members: map[string][]stage.Member{},
		emitted: map[string][]chunkDelta{}, files: map[string][]StoredFile{},
	}
	if j.action.Kind == planner.UnionKind {
		return h, nil // it reads its members itself
	}
	for _, m := range j.members {
		out, err := h.member(m)
		if err != nil {
			return nil, err
		}
		h.members[m.Port] = append(h.members[m.Port], out)
	}
	return h, nil
}

// member opens one input: rows lazily, files at once, since a stage with a model needs all of it.
func (h *host) member(m planner.Member) (stage.Member, error) {
	o := m.Artifact.(Output)
	out := stage.Member{Name: m.Member}
	if o.Table != nil {
		var columns []string
		for _, in := range h.ports.In {
			if in.Name == m.Port {
				columns = in.Columns
			}
		}
		out.Table = o.Table.View(h.ctx, columns)
		return out, nil
	}
	for _, f := range o.Files {
		b, err := h.store.Get(h.ctx, f.Digest)
		if err != nil {
			return out, fmt.Errorf("reading %s: %w", f.Name, err)
		}
		out.Files = append(out.Files, stage.File{Name: f.Name, Content: b})
	}
	return out, nil
}

func (h *host) Config() spec.Config                { return h.config }
func (h *host) Seed() uint64                       { return h.action.Seed }
func (h *host) Members(port string) []stage.Member { return h.members[port] }

func (h *host) Backend() (spec.Setting, bool) {
	if h.action.Backend == nil {
		return spec.Setting{}, false
	}
	return *h.action.Backend, true
}

func (h *host) Emit(port string, rows dataset.Chunk) error {
	h.declared(port, true)
	for _, c := range rows.Columns {
		if c.Rows() != rows.Rows {
			panic(fmt.Sprintf("executor: port %s gets a column %s of %d rows in a chunk of %d", port, c.Name, c.Rows(), rows.Rows))
		}
	}
	if _, ok := rows.Column(spec.ID); !ok {
		panic("executor: port " + port + " gets rows without ids")
	}
	refs, err := storeColumns(h.ctx, h.store, rows.Columns)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.emitted[port] = append(h.emitted[port], chunkDelta{Made: true, Rows: rows.Rows, Layers: []layer{{Columns: refs}}})
	return nil
}

// declared panics when a stage fills a port that Ports does not declare, or with what it is not for: it would be lost.
func (h *host) declared(port string, rows bool) {
	for _, out := range h.ports.Out {
		if out.Name == port && out.Artifact.IsRows() == rows {
			return
		}
	}
	panic("executor: the stage kind " + h.action.Kind + " has no output " + port + " of that sort")
}

// Create streams a file into the store. The pipe keeps one copy of it in memory at most.
func (h *host) Create(port, name string) (io.WriteCloser, error) {
	h.declared(port, false)
	r, w := io.Pipe()
	f := &hostFile{host: h, port: port, name: name, pipe: w, done: make(chan struct{})}
	go func() {
		defer close(f.done)
		f.digest, f.size, f.err = h.store.PutReader(h.ctx, r)
		r.CloseWithError(f.err)
	}()
	return f, nil
}

type hostFile struct {
	host       *host
	port, name string
	pipe       *io.PipeWriter
	done       chan struct{}
	digest     spec.Digest
	size       int64
	err        error
}

func (f *hostFile) Write(b []byte) (int, error) { return f.pipe.Write(b) }

func (f *hostFile) Close() error {
	f.pipe.Close()
	<-f.done
	if f.err != nil {
		return f.err
	}
	f.host.mu.Lock()
	defer f.host.mu.Unlock()
	f.host.files[f.port] = append(f.host.files[f.port], StoredFile{Name: f.name, Digest: f.digest, Size: f.size})
	return nil
}

func (h *host) Metric(m spec.Metric) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.metrics = append(h.metrics, m)
}

func (h *host) Note(e stage.Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notes = append(h.notes, LedgerLine{Entry: e})
}

func (h *host) Progress(done, total int64, unit string) {
	h.tell(Event{Type: "progress", Addr: h.addr, Done: done, Total: total, Unit: unit})
}

func (h *host) Logf(format string, args ...any) {
	h.tell(Event{Type: "log", Addr: h.addr, Text: fmt.Sprintf(format, args...)})
}

// entry is what the node is stored as. Deltas are those of the mapped ports; what was emitted stands beside them.
func (h *host) entry(deltas map[string][]chunkDelta, ledger Ledger, counts Counts) (*entry, error) {
	e := &entry{Ports: map[string]storedPort{}, Metrics: h.metrics, Counts: counts}
	for _, out := range h.ports.Out {
		p := storedPort{Artifact: out.Artifact}
		if !out.Artifact.IsRows() {
			p.Files = h.files[out.Name]
			slices.SortFunc(p.Files, func(a, b StoredFile) int { return strings.Compare(a.Name, b.Name) })
			e.Ports[out.Name] = p
			continue
		}
		list, mapped := deltas[out.Name]
		if !mapped {
			list = h.emitted[out.Name]
		} else {
			p.From = out.From
		}
		for _, d := range list {
			p.Rows += int64(d.Rows)
		}
		if counts.Out != nil {
			counts.Out[out.Name] = p.Rows
		}
		d, err := h.store.Put(h.ctx, encodeDeltas(list))
		if err != nil {
			return nil, err
		}
		p.Deltas = d
		e.Ports[out.Name] = p
	}
	ledger = append(ledger, h.notes...)
	if len(ledger) == 0 {
		return e, nil
	}
	b, err := json.Marshal(ledger)
	if err != nil {
		return nil, err
	}
	e.Ledger, err = h.store.Put(h.ctx, b)
	return e, err
}
