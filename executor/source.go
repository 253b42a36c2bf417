package executor

import (
	"bytes"
	"context"
	"errors"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A piece is one segment of one file, as the plan's facts have it.
type piece struct {
	file    int // in the node's files
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
	for i, p := range pieces {
		m.total += int64(p.segment.Records)
		m.rows = append(m.rows, p.segment.Records)
		if chunks[i] = m.lookup(ctx, p.inputs); chunks[i] != nil {
			m.progress(p.segment.Records)
		}
	}
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
// a time.
func (m *mapping) readMissing(ctx context.Context, pieces []piece, chunks []*storedChunk,
	do func(ctx context.Context, i int, content []byte) error,
) error {
	group, ctx := errgroup.WithContext(ctx)
	for first := 0; first < len(pieces); {
		file, end, missing := pieces[first].file, first, false
		for ; end < len(pieces) && pieces[end].file == file; end++ {
			missing = missing || chunks[end] == nil
		}
		if missing {
			if err := m.readFile(ctx, group, pieces, chunks, first, end, do); err != nil {
				return errors.Join(err, group.Wait())
			}
		}
		first = end
	}
	return group.Wait()
}

// pieces lists the node's segments in source order; with a limit, only as many as may hold that many rows.
func (m *mapping) pieces(files []planner.File) []piece {
	var list []piece
	records := 0
	for i, f := range files {
		for _, s := range f.Segments {
			if limit := m.limit(); limit > 0 && records >= limit {
				return list
			}
			records += s.Records
			list = append(list, piece{file: i, segment: s, inputs: segmentInputs(f, s)})
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

// readFile reads one file again: the pieces from first up to end.
func (m *mapping) readFile(ctx context.Context, group *errgroup.Group, pieces []piece, chunks []*storedChunk, first, end int,
	do func(ctx context.Context, i int, content []byte) error,
) error {
	file, next := pieces[first].file, first
	err := m.segments.read(ctx, file, func(b []byte) error {
		if next >= end {
			if m.limit() == 0 {
				return resolve.ErrChanged
			}
			return errLimit
		}
		i := next
		next++
		if b != nil && spec.HashBytes(b) != pieces[i].segment.Digest {
			return resolve.ErrChanged
		}
		if chunks[i] != nil {
			return nil
		}
		if err := m.acquire(ctx); err != nil {
			return err
		}
		content := bytes.Clone(b)
		group.Go(func() (err error) {
			defer m.release()
			if content == nil {
				if content, err = m.store.Get(ctx, pieces[i].segment.Digest); err != nil {
					return err
				}
			}
			return do(ctx, i, content)
		})
		return nil
	})
	switch {
	case errors.Is(err, errLimit):
		return nil
	case err != nil:
		return m.segments.named(file, err)
	case next < end:
		return m.segments.named(file, resolve.ErrChanged)
	}
	return nil
}

// segments are where a job finds the segments of its files.
type segments interface {
	// read gives the content of the segments of a file in order, or nil for each that lies in the store.
	read(ctx context.Context, file int, emit func([]byte) error) error
	// named puts the file's name before an error.
	named(file int, err error) error
}

// projectFiles are the files of a project, as the plan's facts have them.
type projectFiles struct {
	dir     string
	sources []spec.Source
	files   []planner.File
}

func (p *projectFiles) read(ctx context.Context, file int, emit func([]byte) error) error {
	f := p.files[file]
	return resolve.Read(ctx, p.dir, p.sources[f.Source], f, emit)
}

func (p *projectFiles) named(file int, err error) error {
	return resolve.Named(p.files[file].Path, err)
}

// storedFiles are files whose segments were put into the store.
type storedFiles []planner.File

func (s storedFiles) read(_ context.Context, file int, emit func([]byte) error) error {
	for range s[file].Segments {
		if err := emit(nil); err != nil {
			return err
		}
	}
	return nil
}

func (storedFiles) named(_ int, err error) error { return err }

// errLimit ends the reading of a file early: --limit needs no more of it.
var errLimit = errors.New("enough rows")

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
