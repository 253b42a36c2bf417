package intake

import (
	"context"
	"fmt"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/dataset/read"
	"github.com/prefab-build/prefab/executor/methods/synthetic"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// A Mapper makes the rows of the one output port of its kind. A segment becomes rows and rejections by itself; which of
// equal rows is which is settled when all are known.
type Mapper struct{}

// A state holds one parser for each source.
type state struct {
	artifact spec.Artifact
	parsers  []*read.Parser
	sources  []Source
	keyed    bool
}

// Prepare compiles the parsers.
func (Mapper) Prepare(_ context.Context, t *stage.Task) (stage.State, error) {
	c, artifact, err := config(t)
	if err != nil {
		return nil, err
	}
	s := &state{artifact: artifact, keyed: c.Key != nil}
	for i, source := range c.Source {
		p, err := c.parser(i, s.artifact)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source.describe(i), err)
		}
		s.parsers = append(s.parsers, p)
		s.sources = append(s.sources, source)
	}
	return s, nil
}

func config(t *stage.Task) (c Config, a spec.Artifact, err error) {
	return c, t.Ports().Out[0].Artifact, t.Config(&c)
}

// MapChunk parses one segment.
func (Mapper) MapChunk(_ context.Context, t *stage.Task, shared stage.State, in stage.Chunk) (*stage.Delta, error) {
	s := shared.(*state)
	seg := in.Segment
	content, source := seg.Bytes, &s.sources[seg.Source]
	if source.Label == Synthetic {
		var err error
		if content, err = synthetic.Generate(seg.Bytes); err != nil {
			return nil, err
		}
	}
	rows, err := s.parsers[seg.Source].Parse(seg.Header, content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source.describe(seg.Source), err)
	}
	d := &stage.Delta{}
	for _, r := range rows.Rejected {
		d.Ledger = append(d.Ledger, stage.Entry{Row: r.Record, Reason: r.Reason, Detail: r.Detail, Offset: r.Offset})
	}
	known := partial{source: seg.Source, records: rows.Records, crlf: rows.CRLF}
	ids := rows.Chunk.IDs()
	for i := range rows.Chunk.Rows {
		known.ids = append(known.ids, ids.Digest(i))
	}
	if s.keyed {
		known.contents = dataset.RowContents(rows.Chunk, s.artifact.Columns())
	}
	d.Partial = known.encode()
	if rows.Chunk.Rows > 0 {
		d.Out = map[string]*stage.PortDelta{t.Ports().Out[0].Name: {Make: &rows.Chunk}}
	}
	return d, nil
}
