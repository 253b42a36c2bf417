package frame

import (
	"bytes"
	"fmt"

	"github.com/prefab-build/prefab/spec"
)

// table splits CSV and TSV (RFC 4180).
type table struct {
	seg    *segmenter
	name   string
	header bool // the next record is the header
	first  bool // the next record is the first one
	src    spec.Source
	Records
}

// Records finds the ends of CSV records: a line end outside of quotes ends a record, and quotes open at the start of a
// field only. It is what a file is split by, and what a segment is split by again.
type Records struct {
	comma byte
	state recordState
}

// NewRecords returns a Records that stands before the first record of fields that the comma separates.
func NewRecords(comma byte) Records { return Records{comma: comma} }

type recordState int

const (
	fieldStart recordState = iota
	unquoted
	quoted
	afterQuote // a quote inside of quotes: it ends them, or another one follows and both stand for one
)

func (t *table) write(p []byte) error {
	for len(p) > 0 {
		n, end := t.Next(p)
		if !end {
			t.seg.add(p)
			return nil
		}
		t.seg.add(p[:n-1])
		if err := t.end(p[n-1 : n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// Next returns how many bytes of p belong to the current record, and whether the last of them is the line feed
// that ends it.
func (t *Records) Next(p []byte) (n int, end bool) {
	for i := 0; i < len(p); i++ {
		c := p[i]
		switch t.state {
		case quoted:
			j := bytes.IndexByte(p[i:], '"')
			if j < 0 {
				return len(p), false
			}
			i += j
			t.state = afterQuote
			continue
		case fieldStart, afterQuote:
			if c == '"' {
				t.state = quoted
				continue
			}
		}
		switch c {
		case '\n':
			t.state = fieldStart
			return i + 1, true
		case t.comma:
			t.state = fieldStart
		default:
			t.state = unquoted
		}
	}
	return len(p), false
}

func (t *table) end(feed []byte) error {
	t.seg.skip(feed)
	if len(bytes.TrimLeft(t.seg.current(), "\r")) == 0 && t.seg.length <= t.seg.max {
		t.seg.drop()
		t.seg.sum.Blank++
		return nil
	}
	if t.first {
		t.first = false
		if err := t.look(t.seg.current()); err != nil {
			return err
		}
	}
	if t.header {
		if t.seg.length > t.seg.max {
			return fmt.Errorf("%s: the header is %d bytes long; a quote may be left open in it", t.name, t.seg.length)
		}
		t.header = false
		t.seg.sum.Header = bytes.Clone(t.seg.current())
		t.seg.drop()
		return nil
	}
	return t.seg.end('\n')
}

// look refuses a file whose first record shows that it is of another dialect: read as it is described it would be one
// record, or records of one field, and the reasons in the ledger would name the symptoms.
func (t *table) look(record []byte) error {
	if at := bareReturn(record, t.comma); at >= 0 {
		return fmt.Errorf("%s: line 1 has a bare carriage return in it, at byte %d: the lines seem to end in CR alone, as old programs write them; "+
			"convert them, as with tr '\\r' '\\n'", t.name, at)
	}
	if !t.header || t.src.Comma != "" || bytes.IndexByte(record, t.comma) >= 0 {
		return nil
	}
	for _, c := range []byte(";\t|,") {
		if parts := bytes.Split(bytes.TrimRight(record, "\r"), []byte{c}); len(parts) < 2 || !names(parts) {
			continue
		}
		head := string(record[:min(len(record), 60)])
		switch {
		case c == '\t':
			return fmt.Errorf("%s: the header is one column, %q: its fields seem to be parted by tabs; read it with source \"tsv\"", t.name, head)
		case c == ',':
			return fmt.Errorf("%s: the header is one column, %q: its fields seem to be parted by commas; read it with source \"csv\"", t.name, head)
		case t.src.Format == TSV:
			return fmt.Errorf("%s: the header is one column, %q: its fields seem to be parted by %q; read it with source \"csv\" and comma = \"%c\"", t.name, head, c, c)
		}
		return fmt.Errorf("%s: the header is one column, %q: its fields seem to be parted by %q; write comma = \"%c\" in the source, "+
			"or comma = \",\" where it is one column", t.name, head, c, c)
	}
	return nil
}

// names reports whether all parts of a header can be names of columns.
func names(parts [][]byte) bool {
	for _, p := range parts {
		if p = bytes.Trim(p, `" `); len(p) == 0 || len(p) > 60 || bytes.ContainsAny(p, "?!\"") {
			return false
		}
	}
	return true
}

// bareReturn returns where a carriage return stands outside of quotes and not at the end, or -1.
func bareReturn(record []byte, comma byte) int {
	record = bytes.TrimRight(record, "\r")
	machine := NewRecords(comma)
	for done := 0; ; {
		i := bytes.IndexByte(record[done:], '\r')
		if i < 0 {
			return -1
		}
		machine.Next(record[done : done+i])
		if machine.state != quoted {
			return done + i
		}
		machine.Next(record[done+i : done+i+1])
		done += i + 1
	}
}

// close refuses a file that ends within quotes which other lines have gone into: these would be one record, and all that is
// seen of their loss.
func (t *table) close() error {
	if !t.seg.open {
		return nil
	}
	first, last := t.seg.place.Line, t.seg.line
	if bytes.HasSuffix(t.seg.current(), newline) {
		last--
	}
	t.seg.place.Last = last
	if t.state == quoted && last > first {
		return fmt.Errorf("%s: line %d: a quote that is opened in the record that begins here is not closed: it takes in all that follows, up to line %d. "+
			"Close it, or write \"\" for a quote within quotes; or else the file is cut short", t.name, first, last)
	}
	return t.end(nil)
}
