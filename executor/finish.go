package executor

import (
	"context"
	"fmt"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/stage"
)

// finish runs Finish over the mapped chunks and makes the node's entry.
func (m *mapping) finish(ctx context.Context, chunks []*storedChunk) (*entry, error) {
	mapped := &stage.Mapped{Rows: m.rows, Deltas: make([]*stage.Delta, len(chunks))}
	was := make([]map[string]dataset.Selection, len(chunks))
	for i, c := range chunks {
		d := &stage.Delta{Out: map[string]*stage.PortDelta{}, Ledger: c.Ledger, Partial: c.Partial}
		was[i] = map[string]dataset.Selection{}
		for port, pd := range c.Out {
			keep := pd.keep(m.rows[i])
			was[i][port] = keep
			d.Out[port] = &stage.PortDelta{Keep: keep}
		}
		mapped.Deltas[i] = d
	}
	if err := m.acquire(ctx); err != nil {
		return nil, err
	}
	err := m.kind.Mapper.Finish(ctx, m.task, mapped)
	m.release()
	if err != nil {
		return nil, err
	}
	deltas := map[string][]chunkDelta{}
	var ledger Ledger
	for _, out := range m.ports.Out {
		if out.Artifact.IsRows() && (out.From != "" || m.kind.Sources != nil || len(m.host.emitted[out.Name]) == 0) {
			deltas[out.Name] = make([]chunkDelta, len(chunks))
		}
	}
	for i, c := range chunks {
		for port := range deltas {
			d, err := m.refined(ctx, c, was[i], mapped.Deltas[i], i, port)
			if err != nil {
				return nil, fmt.Errorf("port %s, chunk %d: %w", port, i, err)
			}
			deltas[port][i] = d
		}
		for _, e := range mapped.Deltas[i].Ledger {
			ledger = append(ledger, LedgerLine{Chunk: i, Entry: e})
		}
	}
	counts, err := m.balance(chunks, mapped, ledger)
	if err != nil {
		return nil, err
	}
	return m.host.entry(deltas, ledger, counts)
}

// refined is the final delta of one chunk and port.
func (m *mapping) refined(ctx context.Context, c *storedChunk, was map[string]dataset.Selection, d *stage.Delta, i int, port string) (chunkDelta, error) {
	p := d.Out[port]
	if p == nil {
		return chunkDelta{Made: true}, nil // no rows
	}
	if p.Make != nil {
		return storeDelta(ctx, m.store, p)
	}
	stored, mapped := c.Out[port]
	if !mapped {
		if err := m.check(port, p, m.rows[i]); err != nil {
			return chunkDelta{}, err
		}
		return storeDelta(ctx, m.store, p)
	}
	if p.Keep.Digest() == was[port].Digest() && len(p.Columns) == 0 {
		return stored, nil
	}
	return stored.refine(ctx, m.store, was[port], p)
}

// balance counts the ledger, and refuses a stage that loses rows without saying so.
func (m *mapping) balance(chunks []*storedChunk, mapped *stage.Mapped, ledger Ledger) (Counts, error) {
	c := Counts{Out: map[string]int64{}, Dropped: map[string]int64{}, Noted: map[string]int64{}}
	for _, l := range ledger {
		if l.Kept {
			c.Noted[l.Reason]++
		} else {
			c.Dropped[l.Reason]++
		}
	}
	for i, rows := range mapped.Rows {
		c.In += int64(rows)
		dropped := map[int]bool{}
		for _, e := range mapped.Deltas[i].Ledger {
			if !e.Kept {
				dropped[e.Row] = true
			}
		}
		kept, made := make([]bool, rows), 0
		for port, p := range mapped.Deltas[i].Out {
			switch {
			case p == nil:
				continue
			case p.Make != nil:
				made += p.Make.Rows
				continue
			case chunks[i].Out[port].Made:
				made += p.Keep.Len()
				continue
			}
			for _, r := range p.Keep.Rows() {
				kept[r] = true
			}
		}
		if m.kind.Sources != nil {
			if made+len(dropped) != rows {
				return c, fmt.Errorf("the ledger does not balance: %d records, %d rows made, %d dropped. This is a bug of the stage kind %s",
					rows, made, len(dropped), m.kind.Name)
			}
			continue
		}
		if made > 0 || !m.passesRows() {
			continue // rows that are made have no one-to-one balance
		}
		for r, k := range kept {
			if k == dropped[r] {
				return c, fmt.Errorf("the ledger does not balance: row %d of chunk %d is kept (%t) and dropped (%t). This is a bug of the stage kind %s",
					r, i, k, dropped[r], m.kind.Name)
			}
		}
	}
	return c, nil
}

// passesRows reports whether some output keeps rows of the mapped port.
func (m *mapping) passesRows() bool {
	for _, out := range m.ports.Out {
		if out.From == m.port && out.Artifact.IsRows() {
			return true
		}
	}
	return false
}
