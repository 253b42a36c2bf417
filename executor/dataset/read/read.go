// Package read makes rows of the records that package frame found: it checks each record strictly, puts its fields into
// the canonical columns of a table, and gives the row its id. A record that does not make a row is rejected with a
// reason and its place, never mended and never dropped in silence: records in are rows and rejections out.
//
// It reads JSON objects (JSONL, JSON arrays, Parquet rows), CSV and TSV records, and the dialogues of HH-RLHF. What a
// segment comes to depends on its bytes, the header of its file and the options alone.
package read

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

// Version moves when the same record would make another row.
const Version = "read/2"

// Options say what to make of records.
type Options struct {
	Artifact spec.Artifact // the table: its canonical columns
	Format   string        // one of package frame's
	Comma    string        // of a csv or tsv; empty is the format's own
	Header   bool          // the first record of a csv or tsv names its columns, else they are column1, column2, ...
	// Map gives columns by expressions over `row`. Columns that it does not name are taken from fields of the default
	// names.
	Map map[string]*expr.Node
	// Where says which records to take, by an expression over `row` that is true of them; nil takes all.
	Where *expr.Node
	// ImplicitPrompt says that the responses of pairs begin with the prompt, where a record has none of its own.
	ImplicitPrompt bool
	// Key is the user's own id of a row, an expression over `row`; nil makes ids of what the rows hold.
	Key *expr.Node
	// IDs says that the field id holds the ids of rows, as package write writes them. A row without one gets the id of its
	// content.
	IDs bool
}

// A Parser reads segments. It may be used by many goroutines at once.
type Parser struct {
	Options
	comma   byte
	columns []column
	names   map[string]alias // of fields that columns are taken from by default
	mapped  map[string]bool  // fields that the map reads, which are no extra fields then
	key     *expr.Program
	where   *expr.Program
	share   []atomic.Int64 // of each column's text in the bytes of the last segment, in 1024ths: room for the next is made by it
}

// A column is a column of the table but extra, with the expression that makes it if there is one.
type column struct {
	spec.Column
	program *expr.Program
}

// An alias is a name under which a column is found. Where several are there the one of the lowest rank counts.
type alias struct{ column, rank int }

// New compiles the options. It is an error when they name a column that the table does not have, an expression that does
// not compile, or a format that is not read.
func New(o Options) (*Parser, error) {
	p := &Parser{Options: o, names: map[string]alias{}, mapped: map[string]bool{}}
	switch o.Format {
	case frame.JSONL, frame.JSON, frame.Parquet, frame.Arrow:
	case frame.HHRLHF:
		if o.Artifact != spec.Pairs || len(o.Map) > 0 {
			return nil, fmt.Errorf("hh-rlhf files hold pairs and take no map: use jsonl to map their fields")
		}
	case frame.CSV, frame.TSV:
		var err error
		if p.comma, err = frame.Comma(spec.Source{Format: o.Format, Comma: o.Comma}); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("%q is no format that can be read", o.Format)
	}
	for _, c := range o.Artifact.Columns() {
		if c.Name != spec.Extra {
			p.columns = append(p.columns, column{Column: c})
		}
	}
	p.share = make([]atomic.Int64, len(o.Artifact.Columns()))
	if err := p.compile(); err != nil {
		return nil, err
	}
	for i, c := range p.columns {
		if c.program != nil {
			continue
		}
		for rank, name := range fieldNames(o.Artifact, c.Name) {
			p.names[name] = alias{i, rank}
		}
	}
	return p, nil
}

func (p *Parser) compile() (err error) {
	for _, name := range slices.Sorted(maps.Keys(p.Map)) {
		i := slices.IndexFunc(p.columns, func(c column) bool { return c.Name == name })
		if i < 0 {
			return fmt.Errorf("%s have no column %q to map to; they have %s", p.Artifact, name, p.columnNames())
		}
		if p.columns[i].program, err = expr.Compile(p.Map[name]); err != nil {
			return fmt.Errorf("the map of column %q: %w", name, err)
		}
		for _, path := range expr.Fields(p.Map[name]) {
			if len(path) > 0 {
				p.mapped[path[0]] = true
			}
		}
	}
	if p.Where != nil {
		if p.where, err = expr.Compile(p.Where); err != nil {
			return fmt.Errorf("the condition: %w", err)
		}
	}
	if p.Key == nil {
		return nil
	}
	if p.key, err = expr.Compile(p.Key); err != nil {
		return fmt.Errorf("the key: %w", err)
	}
	return nil
}

// Fields returns the fields of a record that columns, the condition and the key are made of, sorted; nil where an
// expression reads the record as a whole.
func (p *Parser) Fields() []string {
	list := slices.Collect(maps.Keys(p.names))
	for _, n := range append(slices.Collect(maps.Values(p.Map)), p.Where, p.Key) {
		if n == nil {
			continue
		}
		for _, path := range expr.Fields(n) {
			if len(path) == 0 {
				return nil
			}
			list = append(list, path[0])
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (p *Parser) columnNames() string {
	names := make([]string, len(p.columns))
	for i, c := range p.columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// A Result is what a segment came to: len(Row) + len(Rejected) is the number of its records.
type Result struct {
	// Chunk has the id column and the canonical columns that have a value. Equal rows have equal ids here; they get
	// occurrence numbers when all chunks are known.
	Chunk dataset.Chunk
	// Records gives, for each row, the number of its record in the segment.
	Records []uint32
	// Given says, for each row, whether its record had its id; nil unless the options say that records may.
	Given    []bool
	Rejected []Rejection
	CRLF     int // records that end in a carriage return and a line feed
}

// shared returns bytes that stay as they are as a string, without a copy of them.
func shared(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Parse reads a segment, which must not be changed afterwards. The header is that of the segment's file. It is an error
// when the header cannot be read; everything else is rejected record by record.
func (p *Parser) Parse(header, segment []byte) (Result, error) {
	if mark, ok := strings.CutPrefix(shared(segment), frame.OversizedMark); ok && strings.IndexAny(mark, "\n,") == len(mark)-1 {
		size, head, _ := strings.Cut(mark[:len(mark)-1], " ")
		return Result{Rejected: []Rejection{{
			Reason: TooLarge,
			Detail: fmt.Sprintf("the record of %s bytes is over the limit; it begins with %s", size, quote(head)),
		}}}, nil
	}
	w := newWorker(p, len(segment))
	if p.comma != 0 {
		if err := w.table(string(header), segment); err != nil {
			return Result{}, err
		}
	} else {
		w.objects(segment)
	}
	return w.finish(), nil
}
