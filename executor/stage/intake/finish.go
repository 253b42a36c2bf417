package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// RepeatedKey is the reason for which a row goes that is there already, word for word and with the same key.
const RepeatedKey = "repeated key"

// A first is the row that first had an id, and how often it came again.
type first struct{ chunk, row, again uint32 }

// A gathering is what Finish knows while it goes through the segments in their order.
type gathering struct {
	config   Config
	port     string
	parts    []partial
	before   []int // of each segment, the records of its source that stand before it
	index    *index
	firsts   []first // by their numbers in the index
	made     int64
	records  int64
	repeated int64
	crlf     int64
	equal    int64
	reasons  map[string]int64
	clashes  int      // different rows with a key that is taken
	clash    [][2]int // of the first of them, chunk and row: who has the key, and who wants it
}

// Finish tells rows with equal ids apart, and measures.
func (Mapper) Finish(_ context.Context, t *stage.Task, all *stage.Mapped) error {
	c, _, err := config(t)
	if err != nil {
		return err
	}
	total := int64(0)
	for _, rows := range all.Rows {
		total += int64(rows)
	}
	g := &gathering{
		config: c, port: t.Ports().Out[0].Name, index: newIndex(total), firsts: make([]first, 0, total), reasons: map[string]int64{},
		parts: make([]partial, len(all.Deltas)), before: make([]int, len(all.Deltas)),
	}
	counted := make([]int, len(c.Source))
	for i, d := range all.Deltas {
		p, err := decodePartial(d.Partial)
		if err != nil {
			return err
		}
		g.parts[i], g.before[i] = p, counted[p.source]
		counted[p.source] += all.Rows[i]
		g.records += int64(all.Rows[i])
		g.crlf += int64(p.crlf)
		if c.Key != nil {
			g.keyed(i, d)
		} else {
			g.content(i, d)
		}
		for _, e := range d.Ledger {
			g.reasons[e.Reason]++
		}
		if p := d.Out[g.port]; p != nil {
			g.made += int64(p.Keep.Len())
		}
	}
	if g.clashes > 0 {
		return g.clashing()
	}
	if g.made == 0 {
		return g.empty(all)
	}
	g.measure(t)
	return nil
}

// first returns the row that had an id before; nil when it is this one.
func (g *gathering) first(id *spec.Digest, chunk, row int) *first {
	n, again := g.index.find(id, len(g.firsts), func(n int) bool {
		f := &g.firsts[n]
		return g.parts[f.chunk].ids[f.row] == *id
	})
	if !again {
		g.firsts = append(g.firsts, first{chunk: uint32(chunk), row: uint32(row)})
		return nil
	}
	return &g.firsts[n]
}

// content gives equal rows ids of their own: the n-th of them that of its occurrence.
func (g *gathering) content(i int, d *stage.Delta) {
	out := d.Out[g.port]
	if out == nil {
		return
	}
	ids := g.parts[i].ids[:out.Keep.Of()] // --limit may have cut the last segment short
	var told []spec.Digest                // apart, where some are equal
	for r := range ids {
		f := g.first(&ids[r], i, r)
		if f == nil {
			continue
		}
		f.again++
		if told == nil {
			told = slices.Clone(ids)
		}
		told[r] = dataset.OccurrenceID(ids[r], uint64(f.again))
		g.equal++
	}
	if told != nil {
		out.Columns = []dataset.Column{dataset.IDColumn(told)}
	}
}

// keyed drops rows that repeat another with its key, and takes note of other rows with a key that is taken.
func (g *gathering) keyed(i int, d *stage.Delta) {
	out := d.Out[g.port]
	if out == nil {
		return
	}
	p := g.parts[i]
	var again []int
	for r := range out.Keep.Of() {
		f := g.first(&p.ids[r], i, r)
		if f == nil {
			continue
		}
		if g.parts[f.chunk].contents[f.row] != p.contents[r] {
			if g.clashes++; len(g.clash) < 2*shownClashes {
				g.clash = append(g.clash, [2]int{int(f.chunk), int(f.row)}, [2]int{i, r})
			}
			continue
		}
		again = append(again, r)
		d.Ledger = append(d.Ledger, stage.Entry{
			Row: int(p.records[r]), Reason: RepeatedKey, Detail: "the same row is " + g.number(int(f.chunk), int(f.row)),
		})
	}
	if again == nil {
		return
	}
	gone := map[int]bool{}
	for _, r := range again {
		gone[r] = true
	}
	out.Keep = dataset.Select(out.Keep.Of(), func(r int) bool { return !gone[r] })
	g.repeated += int64(len(again))
}

// number names a row by its source and the number of its record there, from 1. What is kept in the ledger holds no path,
// since a path is in no key.
func (g *gathering) number(chunk, row int) string {
	p := g.parts[chunk]
	return fmt.Sprintf("record %d of source %d", g.before[chunk]+int(p.records[row])+1, p.source+1)
}

// place names a row by its paths too, for an error.
func (g *gathering) place(chunk, row int) string {
	p := g.parts[chunk]
	return fmt.Sprintf("record %d of %s", g.before[chunk]+int(p.records[row])+1, g.config.Source[p.source].describe(p.source))
}

// empty is the error of a dataset without a row: it says what became of the records.
func (g *gathering) empty(all *stage.Mapped) error {
	if g.records == 0 {
		return errors.New("there is no record in the sources: they are empty, or hold blank lines only")
	}
	var counts []string
	for _, reason := range sorted(g.reasons) {
		counts = append(counts, fmt.Sprintf("%d %s", g.reasons[reason], reason))
	}
	for i, d := range all.Deltas {
		for _, e := range d.Ledger {
			p := g.parts[i]
			first := stage.Record{Segment: i, Record: e.Row}
			return stage.At(&stage.RecordError{Records: []stage.Record{first}, Say: func(name func(stage.Record) string) string {
				place := name(first)
				if place == "" {
					place = fmt.Sprintf("record %d of %s", g.before[i]+e.Row+1, g.config.Source[p.source].describe(p.source))
				}
				return fmt.Sprintf("no record makes a row: %d rejected (%s). The first, %s: %s: %s",
					g.records, strings.Join(counts, ", "), place, e.Reason, e.Detail)
			}}, "source", strconv.Itoa(p.source), "map")
		}
	}
	return errors.New("no record makes a row")
}
