package frame

import (
	"bytes"
	"fmt"
)

// table splits CSV and TSV (RFC 4180).
type table struct {
	seg    *segmenter
	name   string
	header bool // the next record is the header
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

func (t *table) close() error {
	if !t.seg.open {
		return nil
	}
	return t.end(nil)
}
