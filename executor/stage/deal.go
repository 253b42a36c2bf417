package stage

import (
	"context"
	"fmt"
	"iter"
	"os"

	"github.com/prefab-build/prefab/executor/dataset"
)

// A deal is a table dealt out by the first bytes of its ids: the rows of each stretch of the digest space, in a file that
// has no name. It is written and read once, so that sorting takes time by the size of a table and not by its square.
type deal struct {
	file      *os.File
	stretches [][]piece // of each, one piece a chunk, in the order of the chunks
}

// A piece is the rows of one chunk that are in one stretch: the canonical encodings of its columns, one behind the other.
type piece struct {
	at    int64
	rows  int
	names []string // of the columns
	sizes []int
}

// dealt yields the n stretches of a table, each in the order of its ids. The next is read and sorted meanwhile.
func (t *Table) dealt(ctx context.Context, columns []string, n int) iter.Seq2[dataset.Chunk, error] {
	return func(yield func(dataset.Chunk, error) bool) {
		file, err := t.scratch()
		if err != nil {
			yield(dataset.Chunk{}, err)
			return
		}
		defer file.Close()
		d := deal{file, make([][]piece, n)}
		if err := d.fill(ctx, t, columns); err != nil {
			yield(dataset.Chunk{}, err)
			return
		}
		ahead(ctx, n, 1, d.stretch)(yield)
	}
}

// fill deals the rows of a table out.
func (d *deal) fill(ctx context.Context, t *Table, columns []string) error {
	at := int64(0)
	for h, err := range Ahead(ctx, t.Chunks, func(i int) (hand, error) { return newHand(t, i, columns, len(d.stretches)) }) {
		if err != nil {
			return err
		}
		if _, err := d.file.WriteAt(h.code, at); err != nil {
			return fmt.Errorf("sorting the rows on disk: %w", err)
		}
		for s, p := range h.pieces {
			if p.rows > 0 {
				p.at += at
				d.stretches[s] = append(d.stretches[s], p)
			}
		}
		at += int64(len(h.code))
	}
	return nil
}

// A hand is one chunk dealt out: a piece for each stretch.
type hand struct {
	code   []byte
	pieces []piece
}

func newHand(t *Table, chunk int, columns []string, stretches int) (hand, error) {
	c, err := t.load(chunk, columns)
	if err != nil {
		return hand{}, err
	}
	rows := make([][]uint32, stretches)
	ids := c.IDs()
	for r := range c.Rows {
		s := int(ids.At(r)[0]) * stretches >> 8
		rows[s] = append(rows[s], uint32(r))
	}
	h := hand{pieces: make([]piece, stretches)}
	names := make([]string, len(c.Columns))
	for i, col := range c.Columns {
		names[i] = col.Name
	}
	for s, list := range rows {
		if len(list) == 0 {
			continue
		}
		p := piece{at: int64(len(h.code)), rows: len(list), names: names, sizes: make([]int, len(names))}
		for i, col := range c.Gather(list).Columns {
			from := len(h.code)
			h.code = dataset.AppendEncoded(h.code, col)
			p.sizes[i] = len(h.code) - from
		}
		h.pieces[s] = p
	}
	return h, nil
}

// stretch reads the rows of a stretch and sorts them.
func (d *deal) stretch(s int) (dataset.Chunk, error) {
	parts := make([]dataset.Chunk, len(d.stretches[s]))
	for i, p := range d.stretches[s] {
		var err error
		if parts[i], err = d.read(p); err != nil {
			return dataset.Chunk{}, fmt.Errorf("reading rows that were sorted on disk: %w", err)
		}
	}
	return sorted(parts)
}

func (d *deal) read(p piece) (dataset.Chunk, error) {
	size := 0
	for _, n := range p.sizes {
		size += n
	}
	code := make([]byte, size)
	if _, err := d.file.ReadAt(code, p.at); err != nil {
		return dataset.Chunk{}, err
	}
	c := dataset.Chunk{Rows: p.rows, Columns: make([]dataset.Column, len(p.names))}
	for i, n := range p.sizes {
		var err error
		if c.Columns[i], err = dataset.Decode(code[:n:n], p.names[i]); err != nil {
			return dataset.Chunk{}, err
		}
		code = code[n:]
	}
	return c, nil
}
