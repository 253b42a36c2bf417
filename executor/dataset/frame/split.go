package frame

import (
	"bytes"
	"fmt"
)

// lines splits JSONL: a line feed ends a record.
type lines struct{ seg *segmenter }

func (l *lines) write(p []byte) error {
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			l.seg.add(p)
			return nil
		}
		l.seg.add(p[:i])
		if err := l.end(p[i : i+1]); err != nil {
			return err
		}
		p = p[i+1:]
	}
	return nil
}

func (l *lines) end(feed []byte) error {
	l.seg.skip(feed)
	if len(bytes.TrimLeft(l.seg.current(), " \t\r")) == 0 && l.seg.length <= l.seg.max {
		l.seg.drop()
		l.seg.sum.Blank++
		return nil
	}
	return l.seg.end('\n')
}

func (l *lines) close() error {
	if !l.seg.open {
		return nil
	}
	return l.end(nil)
}

// elements splits a JSON array at the commas of its top level. It looks at brackets and strings alone.
type elements struct {
	seg  *segmenter
	name string
	Elements
	where int // before the array, in it, behind it
}

const (
	before = iota
	inside
	behind
)

func (e *elements) write(p []byte) error {
	for len(p) > 0 {
		switch e.where {
		case inside:
			n, end := e.Next(p)
			if err := e.take(p[:n], end); err != nil {
				return err
			}
			p = p[n:]
		default:
			rest := bytes.TrimLeft(p, " \t\r\n")
			e.seg.skip(p[:len(p)-len(rest)])
			if p = rest; len(p) == 0 {
				return nil
			}
			if e.where == behind || p[0] != '[' {
				return e.misplaced(p[0])
			}
			e.seg.skip(p[:1])
			e.where, p = inside, p[1:]
		}
	}
	return nil
}

// take gives bytes to the current element. When they end it, its last byte is the comma or the closing bracket.
func (e *elements) take(p []byte, end bool) error {
	body := p
	if end {
		body = p[:len(p)-1]
	}
	if !e.seg.open {
		rest := bytes.TrimLeft(body, " \t\r\n")
		e.seg.skip(body[:len(body)-len(rest)])
		body = rest
	}
	if len(body) > 0 {
		e.seg.add(body)
	}
	if !end {
		return nil
	}
	last := p[len(p)-1]
	if last == ']' {
		e.where = behind
	}
	empty := !e.seg.open
	if empty && last == ']' && e.seg.sum.Records == 0 {
		e.seg.skip(p[len(p)-1:]) // an empty array
		return nil
	}
	if empty {
		e.seg.add(nil) // nothing between two commas: a record for package read to refuse
	} else if e.seg.length <= e.seg.max {
		e.seg.buf = e.seg.buf[:e.seg.start+len(bytes.TrimRight(e.seg.current(), " \t\r\n"))]
	}
	e.seg.skip(p[len(p)-1:])
	return e.seg.end(',')
}

func (e *elements) misplaced(c byte) error {
	if e.where == behind {
		return fmt.Errorf("%s: line %d: %q follows the end of the array; a json file holds one array and nothing else",
			e.name, e.seg.line, c)
	}
	return fmt.Errorf("%s: line %d: the file begins with %q, not with the [ of an array; if it holds one object a line, its format is jsonl",
		e.name, e.seg.line, c)
}

func (e *elements) close() error {
	switch e.where {
	case before:
		return fmt.Errorf("%s: the file is empty; a json file holds an array", e.name)
	case inside:
		return fmt.Errorf("%s: the array is not closed: the file ends in line %d, after %d whole elements; it may be truncated, or an element leaves a bracket or a string open",
			e.name, e.seg.line, e.seg.sum.Records)
	}
	return nil
}

// Elements finds the ends of JSON values that are followed by a comma or a closing bracket. It is what a JSON array is
// split by, and what a segment of one is split by again. The zero value stands before the first value.
type Elements struct {
	depth    int
	inString bool
	escaped  bool
}

// Next returns how many bytes of p belong to the current value, and whether the last of them is the comma or bracket
// that ends it.
func (e *Elements) Next(p []byte) (n int, end bool) {
	for i := 0; i < len(p); i++ {
		c := p[i]
		switch {
		case e.escaped:
			e.escaped = false
		case e.inString:
			for c != '"' && c != '\\' {
				if i++; i == len(p) {
					return i, false
				}
				c = p[i]
			}
			e.inString, e.escaped = c != '"', c == '\\'
		case c == '"':
			e.inString = true
		case c == '{' || c == '[':
			e.depth++
		case e.depth > 0 && (c == '}' || c == ']'):
			e.depth--
		case e.depth == 0 && (c == ',' || c == ']'):
			return i + 1, true
		}
	}
	return len(p), false
}
