package executor

import (
	"context"
	"runtime"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A piece is one segment of one file, as the plan's facts have it.
type piece struct {
	file    int // in the node's files
	number  int // in the file
	segment planner.Segment
	inputs  spec.Digest
}

// mapSources maps the segments of an action's files that are not cached.
func (m *mapping) mapSources(ctx context.Context) ([]*storedChunk, error) {
	pieces, chunks := m.look(ctx)
	prepare := m.preparer(ctx)
	err := m.readMissing(ctx, pieces, chunks, func(ctx context.Context, i int, content []byte) (err error) {
		p := pieces[i]
		f := m.action.Files[p.file]
		in := stage.Chunk{Index: i, Segment: &stage.Segment{
			Source: f.Source, Header: f.Header, Bytes: content, Records: p.segment.Records,
		}}
		chunks[i], err = m.mapOne(ctx, prepare, in, p.inputs)
		m.progress(p.segment.Records)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := context.Cause(ctxOrNil(ctx, chunks)); err != nil {
		return nil, err
	}
	m.trim(chunks)
	return chunks, nil
}

// look lists the action's segments, and looks up what they were mapped to.
func (m *mapping) look(ctx context.Context) ([]piece, []*storedChunk) {
	pieces := m.pieces(m.action.Files)
	chunks := make([]*storedChunk, len(pieces))
	for _, p := range pieces {
		m.total += int64(p.segment.Records)
		m.rows = append(m.rows, p.segment.Records)
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, p := range pieces {
		group.Go(func() error {
			if chunks[i] = m.lookup(ctx, p.inputs); chunks[i] != nil {
				m.progress(p.segment.Records)
			}
			return nil
		})
	}
	_ = group.Wait() // what is not found is mapped
	return pieces, chunks
}

// ingest puts what a stage reads from outside into the store, for a worker that has nothing else.
func (j *job) ingest(ctx context.Context) error {
	k := j.kinds[j.action.Kind]
	if k == nil || k.Sources == nil {
		return nil
	}
	if k.Runner != nil {
		return j.ingestRaw(ctx)
	}
	m, err := j.newMapping(ctx, k)
	if err != nil {
		return err
	}
	pieces, chunks := m.look(ctx)
	return m.readMissing(ctx, pieces, chunks, func(ctx context.Context, _ int, content []byte) error {
		_, err := m.store.Put(ctx, content)
		return err
	})
}

// readMissing reads the files with a segment that is not cached, and has something done with each such segment, several at
// a time. What can be picked out of its file is; the rest is found by reading files through.
func (m *mapping) readMissing(ctx context.Context, pieces []piece, chunks []*storedChunk,
	do func(ctx context.Context, i int, content []byte) error,
) error {
	w := &wanted{mapping: m, pieces: pieces, missing: make([]bool, len(pieces)), doubt: make([]bool, len(pieces)), do: do}
	for i := range chunks {
		w.missing[i] = chunks[i] == nil
	}
	if err := w.eachFile(ctx, w.pick); err != nil {
		return err
	}
	return w.eachFile(ctx, w.readThrough)
}

// pieces lists the node's segments in source order; with a limit, only as many as may hold that many rows.
func (m *mapping) pieces(files []planner.File) []piece {
	var list []piece
	records := 0
	for i, f := range files {
		for n, s := range f.Segments {
			if limit := m.limit(); limit > 0 && records >= limit {
				return list
			}
			records += s.Records
			list = append(list, piece{file: i, number: n, segment: s, inputs: segmentInputs(f, s)})
		}
	}
	return list
}

// segmentInputs is the inputs half of the key of what a segment is mapped to.
func segmentInputs(f planner.File, s planner.Segment) spec.Digest {
	return planner.Digest([]planner.Component{
		{Name: "source", Value: strconv.Itoa(f.Source)},
		{Name: "header", Value: spec.HashBytes(f.Header).String()},
		{Name: "segment", Value: s.Digest.String()},
	})
}

func (m *mapping) limit() int { return m.action.Limit }

// trim cuts the last chunks so that no more rows than the limit are made.
func (m *mapping) trim(chunks []*storedChunk) {
	left := m.limit()
	if left == 0 {
		return
	}
	for i, c := range chunks {
		if m.rows[i] <= left {
			left -= m.rows[i]
			continue
		}
		// The first records of the chunk: its made rows are fewer by the records dropped before them.
		dropped := map[int]bool{}
		var ledger []stage.Entry
		for _, e := range c.Ledger {
			if e.Row < left {
				ledger = append(ledger, e)
				dropped[e.Row] = dropped[e.Row] || !e.Kept
			}
		}
		rows := left
		for _, d := range dropped {
			if d {
				rows--
			}
		}
		cut := &storedChunk{Ledger: ledger, Partial: c.Partial, Out: map[string]chunkDelta{}}
		for port, d := range c.Out {
			n := min(rows, d.Rows)
			sel := dataset.Select(d.Rows, func(r int) bool { return r < n })
			var layers []layer
			for _, l := range d.Layers {
				layers = append(layers, layer{Sel: partial(sel), Columns: l.Columns})
			}
			cut.Out[port] = chunkDelta{Made: true, Rows: n, Layers: layers}
		}
		chunks[i] = cut
		m.rows[i] = left
		left = 0
	}
}
