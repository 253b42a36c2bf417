package executor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// mapSources maps the segments of a node's files. Only files with a segment that is not cached are read; what is read
// must have the digests that the plan was made with.
func (m *mapping) mapSources(ctx context.Context) ([]*storedChunk, error) {
	files := m.x.plan.Facts.Files[m.node.Addr.String()]
	pieces := m.pieces(files)
	chunks := make([]*storedChunk, len(pieces))
	missing := map[int]bool{} // files
	for i, p := range pieces {
		m.total += int64(p.segment.Records)
		m.rows = append(m.rows, p.segment.Records)
		if chunks[i] = m.lookup(ctx, p.inputs); chunks[i] == nil {
			missing[p.file] = true
			continue
		}
		m.progress(p.segment.Records)
	}
	sources := m.kind.Sources(m.node.Block.Full())
	prepare := m.preparer(ctx)
	group, ctx := errgroup.WithContext(ctx)
	for first := 0; first < len(pieces); {
		file := pieces[first].file
		end := first
		for end < len(pieces) && pieces[end].file == file {
			end++
		}
		if missing[file] {
			err := m.readFile(ctx, group, sources[files[file].Source], files[file], prepare, pieces[first:end], chunks[first:end], first)
			if err != nil {
				return nil, errors.Join(err, group.Wait())
			}
		}
		first = end
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := context.Cause(ctxOrNil(ctx, chunks)); err != nil {
		return nil, err
	}
	m.trim(chunks)
	return chunks, nil
}

// pieces lists the node's segments in source order; with a limit, only as many as may hold that many rows.
func (m *mapping) pieces(files []planner.File) []piece {
	var list []piece
	records := 0
	for i, f := range files {
		header := spec.HashBytes(f.Header)
		for _, s := range f.Segments {
			if limit := m.limit(); limit > 0 && records >= limit {
				return list
			}
			records += s.Records
			inputs := planner.Digest([]planner.Component{
				{Name: "source", Value: strconv.Itoa(f.Source)},
				{Name: "header", Value: header.String()},
				{Name: "segment", Value: s.Digest.String()},
			})
			list = append(list, piece{file: i, segment: s, inputs: inputs})
		}
	}
	return list
}

func (m *mapping) limit() int {
	if !m.kind.Limits {
		return 0
	}
	return m.x.plan.Options.Limit
}

// readFile reads one file again and maps those of its segments that are not cached.
func (m *mapping) readFile(ctx context.Context, group *errgroup.Group, source spec.Source, f planner.File,
	prepare func() (stage.State, error), pieces []piece, chunks []*storedChunk, first int,
) error {
	next := 0
	err := resolve.Read(ctx, m.x.dir, source, f, func(b []byte) error {
		if next >= len(pieces) {
			if m.limit() == 0 {
				return resolve.ErrChanged
			}
			return errLimit
		}
		i := next
		next++
		p := pieces[i]
		if spec.HashBytes(b) != p.segment.Digest {
			return resolve.ErrChanged
		}
		if chunks[i] != nil {
			return nil
		}
		if err := m.x.acquire(ctx); err != nil {
			return err
		}
		content := bytes.Clone(b)
		group.Go(func() (err error) {
			defer m.x.release()
			if _, err := m.x.store.Put(ctx, content); err != nil {
				return err
			}
			in := stage.Chunk{Index: first + i, Segment: &stage.Segment{
				Source: f.Source, Header: f.Header, Bytes: content, Records: p.segment.Records,
			}}
			chunks[i], err = m.mapOne(ctx, prepare, in, p.inputs)
			m.progress(p.segment.Records)
			return err
		})
		return nil
	})
	switch {
	case errors.Is(err, errLimit):
		return nil
	case err != nil:
		return resolve.Named(f.Path, err)
	case next < len(pieces):
		return fmt.Errorf("%s: %w", f.Path, resolve.ErrChanged)
	}
	return nil
}

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
