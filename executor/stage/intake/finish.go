package intake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/dataset/read"
	"github.com/prefab-build/prefab/executor/methods/synthetic"
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
	firsts   []first // by the number of their id in the index
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
		g.parts[i].ids = nil // the index has them
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
func (g *gathering) first(id spec.Digest, chunk, row int) *first {
	n, again := g.index.add(id)
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
	changed := false
	for r, id := range ids {
		f := g.first(id, i, r)
		if f == nil {
			continue
		}
		f.again++
		ids[r] = dataset.OccurrenceID(id, uint64(f.again))
		changed = true
		g.equal++
	}
	if changed {
		out.Columns = []dataset.Column{dataset.IDColumn(ids)}
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
	for r, id := range p.ids[:out.Keep.Of()] {
		f := g.first(id, i, r)
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

// shownClashes is how many pairs of rows with the same key a message names.
const shownClashes = 10

// clashing is the error of different rows with the same key.
func (g *gathering) clashing() error {
	e := &stage.RecordError{}
	for _, at := range g.clash {
		e.Records = append(e.Records, stage.Record{Segment: at[0], Record: int(g.parts[at[0]].records[at[1]])})
	}
	e.Say = func(name func(stage.Record) string) string {
		var b strings.Builder
		fmt.Fprintf(&b, "%s a key that another row has:\n", quantity(g.clashes, "row has", "rows have"))
		numbered := false
		for k, r := range e.Records {
			text := name(r)
			if text == "" {
				text, numbered = g.place(g.clash[k][0], g.clash[k][1]), true
			}
			b.WriteString(text + []string{" and ", "\n"}[k%2])
		}
		if more := g.clashes - len(e.Records)/2; more > 0 {
			fmt.Fprintf(&b, "and %d more\n", more)
		}
		b.WriteString("A key names one row: correct the data, or make the key of more fields.")
		if numbered {
			b.WriteString(" (Records are counted over all files of a source in the order of their names, without blank lines)")
		}
		return b.String()
	}
	return e
}

// quantity is a number of things.
func quantity(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
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

// measure records the metrics that Metrics declares.
func (g *gathering) measure(t *stage.Task) {
	left := g.reasons[read.NotSelected]
	rejected := g.records - g.made - g.repeated - left
	delete(g.reasons, RepeatedKey)
	delete(g.reasons, read.NotSelected)
	t.Metric(spec.Value("rows", float64(g.made), g.records))
	t.Metric(spec.Value("records", float64(g.records), g.records))
	m := spec.Value("rejected", float64(rejected), g.records)
	m.Table = g.reasons
	t.Metric(m)
	t.Metric(spec.Value("rejected_share", float64(rejected)/float64(g.records-left), g.records-left))
	t.Metric(spec.Value("not_selected", float64(left), g.records))
	t.Metric(spec.Value("repeated_rows", float64(g.equal+g.repeated), g.records))
	t.Metric(spec.Value("crlf_records", float64(g.crlf), g.records))
	for _, s := range g.config.Source {
		if s.Label == Synthetic {
			for _, m := range g.planted(t.Ports().Out[0].Artifact) {
				t.Metric(m)
			}
			break
		}
	}
}

// planted counts the defects that the generator was told to plant, all together and by the setting that asks for them.
// With --limit only some of its records were made.
func (g *gathering) planted(a spec.Artifact) []spec.Metric {
	counts, settings := map[string]int{}, map[string]int{}
	total, expected, alone := 0, 0, true
	for _, s := range g.config.Source {
		if s.Label != Synthetic {
			alone = false
			continue
		}
		for _, p := range s.of(a).Parts() {
			expected += p.Rows
		}
		for _, d := range synthetic.Planted(s.of(a)) {
			counts[d.Defect] += d.Rows
			settings["planted_"+d.Setting] += d.Rows
			total += d.Rows
		}
	}
	var list []spec.Metric
	for _, name := range append([]string{"planted"}, slices.Sorted(maps.Keys(settings))...) {
		if alone && int64(expected) != g.records {
			list = append(list, spec.Unavailable(name, fmt.Sprintf("only %d of %d records were made", g.records, expected)))
			continue
		}
		m := spec.Value(name, float64(settings[name]), g.records)
		if name == "planted" {
			m = spec.Value(name, float64(total), g.records)
			m.Table = counts
		}
		list = append(list, m)
	}
	return list
}

// Metrics declares what the Mapper measures when it makes that table.
func (c Config) Metrics(a spec.Artifact) []spec.MetricDef {
	count := func(name, unit, doc, advice string) spec.MetricDef {
		return spec.MetricDef{Name: name, Unit: unit, Min: spec.F(0), Integer: true, Doc: doc, Advice: advice}
	}
	const broken = "Look at the ledger: each rejected record is listed with its place and what is wrong with it."
	share := spec.MetricDef{
		Name: "rejected_share", Unit: "share", Min: spec.F(0), Max: spec.F(1), Advice: broken,
		Doc:    "share of the selected records that make no row",
		Limits: map[string]spec.Limit{"strict": {Max: spec.F(0.01)}, "documented": {Max: spec.F(0.01), Warn: true}},
	}
	list := []spec.MetricDef{
		count("rows", "rows", "rows that go out", "Collect more data."),
		count("records", "records", "records in the files", ""),
		count("rejected", "records", "records that make no row; the table counts them by reason", broken),
		share,
		count("not_selected", "records", "records that where leaves out", ""),
		count("repeated_rows", "rows", "rows that equal an earlier one in everything; with a key they go, without they stay apart by occurrence", "The same rows were collected twice: look at the globs and at how the files were joined."),
		count("crlf_records", "records", "records that end in a carriage return and a line feed", ""),
	}
	for _, s := range c.Source {
		if s.Label == Synthetic {
			list = append(list, count("planted", "records", "defects that the generator was told to plant; the table counts them", ""))
			for _, d := range synthetic.Planted(s.of(a)) {
				if n := len(list); list[n-1].Name != "planted_"+d.Setting {
					list = append(list, count("planted_"+d.Setting, "records", "those that the setting "+d.Setting+" asked for", ""))
				}
			}
			return list
		}
	}
	return list
}
