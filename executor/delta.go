package executor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// A chunkDelta is the stored form of what one chunk of an output port came to. Made rows have no input beneath; kept
// rows are the input's rows that In selects. Layers of columns lie above, the last on top.
type chunkDelta struct {
	Rows   int        `json:"rows"`
	Made   bool       `json:"made,omitempty"`
	In     *selection `json:"in,omitempty"` // nil: all
	Layers []layer    `json:"layers,omitempty"`
}

type layer struct {
	Sel     *selection  `json:"sel,omitempty"` // nil: all
	Columns []columnRef `json:"columns"`
}

// A selection is a dataset.Selection that stands in JSON as the base64 of its bytes.
type selection struct{ dataset.Selection }

func (s selection) MarshalText() ([]byte, error) {
	return base64.StdEncoding.AppendEncode(nil, s.Bytes()), nil
}

func (s *selection) UnmarshalText(text []byte) (err error) {
	b, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return err
	}
	s.Selection, err = dataset.ParseSelection(b)
	return err
}

// encodings are buffers that columns are encoded into before they are hashed and stored.
var encodings = sync.Pool{New: func() any { return new([]byte) }}

// storeColumns puts each column into the store.
func storeColumns(ctx context.Context, s Store, columns []dataset.Column) ([]columnRef, error) {
	refs := make([]columnRef, 0, len(columns))
	scratch := encodings.Get().(*[]byte)
	defer encodings.Put(scratch)
	for _, c := range columns {
		*scratch = dataset.AppendEncoded((*scratch)[:0], c)
		d, err := s.Put(ctx, *scratch)
		if err != nil {
			return nil, err
		}
		refs = append(refs, columnRef{Name: c.Name, Type: c.Type, Blob: d})
	}
	return refs, nil
}

// storeDelta stores what MapChunk returned for one port.
func storeDelta(ctx context.Context, s Store, p *stage.PortDelta) (chunkDelta, error) {
	var d chunkDelta
	columns := p.Columns
	if p.Make != nil {
		d.Made, d.Rows, columns = true, p.Make.Rows, p.Make.Columns
	} else {
		d.Rows = p.Keep.Len()
		d.In = partial(p.Keep)
	}
	if len(columns) == 0 {
		return d, nil
	}
	refs, err := storeColumns(ctx, s, columns)
	if err != nil {
		return d, err
	}
	for _, c := range columns {
		if c.Rows() != d.Rows {
			return d, fmt.Errorf("column %s has %d rows where %d are kept", c.Name, c.Rows(), d.Rows)
		}
	}
	d.Layers = []layer{{Columns: refs}}
	return d, nil
}

// partial returns nil for a selection that keeps every row.
func partial(s dataset.Selection) *selection {
	if s.Len() == s.Of() {
		return nil
	}
	return &selection{s}
}

// keep returns the selection that Finish sees: of the input's rows, or of the rows that were made.
func (d *chunkDelta) keep(inputRows int) dataset.Selection {
	switch {
	case d.Made:
		return dataset.All(d.Rows)
	case d.In != nil:
		return d.In.Selection
	}
	return dataset.All(inputRows)
}

// refine applies what Finish decided: a narrower selection, and columns for what is left.
func (d chunkDelta) refine(ctx context.Context, s Store, was dataset.Selection, p *stage.PortDelta) (chunkDelta, error) {
	out := chunkDelta{Made: d.Made, Rows: p.Keep.Len(), In: partial(p.Keep)}
	if p.Keep.Of() != was.Of() {
		return out, fmt.Errorf("the stage's Finish selects from %d rows where there are %d", p.Keep.Of(), was.Of())
	}
	inner := dataset.All(was.Len())
	if p.Keep.Len() != was.Len() || len(d.Layers) > 0 {
		rows := was.Rows()
		inner = dataset.Select(len(rows), func(i int) bool { return p.Keep.Has(int(rows[i])) })
		if len(d.Layers) > 0 && inner.Len() != p.Keep.Len() {
			return out, fmt.Errorf("the stage's Finish keeps rows that MapChunk dropped, and MapChunk made no columns for them")
		}
	}
	if d.Made {
		out.In = nil
	}
	for _, l := range d.Layers {
		sel := inner
		if l.Sel != nil {
			sel = dataset.Compose(l.Sel.Selection, inner)
		}
		out.Layers = append(out.Layers, layer{Sel: partial(sel), Columns: l.Columns})
	}
	if len(p.Columns) == 0 {
		return out, nil
	}
	for _, c := range p.Columns {
		if c.Rows() != out.Rows {
			return out, fmt.Errorf("column %s has %d rows where %d are kept", c.Name, c.Rows(), out.Rows)
		}
	}
	refs, err := storeColumns(ctx, s, p.Columns)
	if err != nil {
		return out, err
	}
	out.Layers = append(out.Layers, layer{Columns: refs})
	return out, nil
}

// lay puts the deltas of a port over the table that they were made from; made rows need none. Chunks without rows are
// left out: keys do not see them, so a result may be laid over a table that has others.
func lay(s Store, in *Table, deltas []chunkDelta) (*Table, error) {
	out := &Table{store: s, chunks: make([]tableChunk, 0, len(deltas))}
	for i, d := range deltas {
		c := tableChunk{rows: d.Rows}
		if !d.Made {
			if in == nil || i >= len(in.chunks) {
				return nil, fmt.Errorf("chunk %d of a result has no chunk beneath it", i)
			}
			beneath := in.chunks[i]
			if !d.fits(beneath.rows) {
				return nil, fmt.Errorf("chunk %d of a result was made for another chunk than the one beneath it", i)
			}
			for _, lv := range beneath.levels {
				c.levels = append(c.levels, through(lv, beneath.rows, d.In))
			}
		}
		for _, l := range d.Layers {
			lv := level{all: l.Sel == nil, columns: l.Columns}
			if l.Sel != nil {
				if lv.sel = l.Sel.Selection; lv.sel.Len() != d.Rows {
					return nil, fmt.Errorf("chunk %d of a result has %d rows, and columns of %d", i, d.Rows, lv.sel.Len())
				}
			}
			c.levels = append(c.levels, lv)
		}
		if c.rows > 0 {
			out.chunks = append(out.chunks, c)
		}
	}
	return out, nil
}

// fits reports whether a delta of kept rows can lie over a chunk of that many rows.
func (d *chunkDelta) fits(rows int) bool {
	if d.In == nil {
		return d.Rows == rows
	}
	return d.In.Of() == rows && d.In.Len() == d.Rows
}

// through narrows a level by a selection of the rows that are visible through it.
func through(lv level, visible int, sel *selection) level {
	switch {
	case sel == nil:
		return lv
	case sel.Of() != visible:
		panic(fmt.Sprintf("executor: a selection of %d rows lies over %d", sel.Of(), visible))
	case lv.all:
		return level{sel: sel.Selection, columns: lv.columns}
	}
	return level{sel: dataset.Compose(lv.sel, sel.Selection), columns: lv.columns}
}

func encodeDeltas(list []chunkDelta) []byte {
	b, err := json.Marshal(list)
	if err != nil {
		panic("executor: " + err.Error())
	}
	return b
}

func loadDeltas(ctx context.Context, s Store, d spec.Digest) ([]chunkDelta, error) {
	b, err := s.Get(ctx, d)
	if err != nil {
		return nil, err
	}
	var list []chunkDelta
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("a stored delta is no delta: %w", err)
	}
	return list, nil
}
