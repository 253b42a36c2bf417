package read

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/spec/expr"
)

// table reads a segment of CSV or TSV records (RFC 4180). A field without quotes that is empty is null, one that is "" is
// the empty string; all others are strings, and what the column wants to be is made of them.
func (w *worker) table(header string, segment []byte) error {
	var head head
	if w.Header {
		fields, p := splitRecord(nil, strings.TrimSuffix(header, "\r"), w.comma)
		if p != nil {
			return fmt.Errorf("the header cannot be read: %s: %s", p.reason, p.detail)
		}
		names := make([]string, len(fields))
		for i, f := range fields {
			names[i] = f.Str()
		}
		if err := head.set(names); err != nil {
			return err
		}
	}
	all := shared(segment)
	var fields []expr.Value
	for offset := 0; offset < len(all); {
		records := frame.NewRecords(w.comma)
		n, ended := records.Next(segment[offset:])
		text, start := all[offset:offset+n], offset
		offset += n
		if ended {
			text = text[:n-1]
		}
		if strings.HasSuffix(text, "\r") {
			w.result.CRLF++
			text = text[:len(text)-1]
		}
		var p *problem
		if fields, p = splitRecord(fields[:0], text, w.comma); p == nil {
			p = w.tableRow(&head, fields, text)
		}
		if lines := strings.Count(text, "\n") + 1; p != nil && lines > 1 && (p.reason == BadQuote || p.reason == WrongFields) {
			p.detail += fmt.Sprintf("; the record is %d lines long, as where a quote is left open", lines)
		}
		w.done(start, text, p)
	}
	return nil
}

func (w *worker) tableRow(h *head, fields []expr.Value, text string) *problem {
	if !w.Header && len(fields) != len(h.names) {
		h.number(len(fields))
	}
	if len(fields) != len(h.names) {
		return wrong(WrongFields, "%d fields where there are %d columns: %s", len(fields), len(h.names), quote(text))
	}
	for k, i := range h.order {
		h.object[k] = expr.Field{Name: h.names[i], Value: fields[i]}
	}
	return w.row(expr.ObjectOf(h.object))
}

// A head names the columns of a table.
type head struct {
	names  []string
	order  []int        // of the names, sorted: an object is made without sorting it
	object []expr.Field // reused from row to row
}

func (h *head) set(names []string) error {
	h.names, h.order, h.object = names, make([]int, len(names)), make([]expr.Field, len(names))
	for i := range h.order {
		h.order[i] = i
	}
	slices.SortFunc(h.order, func(a, b int) int { return strings.Compare(names[a], names[b]) })
	for k := 1; k < len(h.order); k++ {
		if names[h.order[k]] == names[h.order[k-1]] {
			return fmt.Errorf("the header names two columns %q", names[h.order[k]])
		}
	}
	return nil
}

// number names the columns of a file without a header.
func (h *head) number(n int) {
	names := make([]string, n)
	for i := range names {
		names[i] = "column" + strconv.Itoa(i+1)
	}
	if err := h.set(names); err != nil {
		panic("read: " + err.Error())
	}
}

// splitRecord appends the fields of a record to list.
func splitRecord(list []expr.Value, s string, comma byte) ([]expr.Value, *problem) {
	switch {
	case strings.HasPrefix(s, bom):
		return list, wrong(ByteOrderMark, "the record begins with a byte order mark, as where files were joined")
	case strings.IndexByte(s, 0) >= 0:
		at := strings.IndexByte(s, 0)
		return list, &problem{NULCharacter, "the record holds the NUL character, near " + around(s, at), at}
	case !utf8.ValidString(s):
		at := 0
		for r, size := utf8.DecodeRuneInString(s); r != utf8.RuneError || size != 1; r, size = utf8.DecodeRuneInString(s[at:]) {
			at += size
		}
		return list, &problem{NotUTF8, fmt.Sprintf("the byte 0x%02x at byte %d is not UTF-8, near %s", s[at], at, around(s, at)), at}
	}
	for at := 0; ; {
		v, n, p := splitField(s[at:], comma)
		if p != nil {
			p.at += at
			return list, p
		}
		list = append(list, v)
		if at += n; at >= len(s) {
			return list, nil
		}
		if at++; at == len(s) { // the record ends in a comma: one more field, empty
			return append(list, expr.Value{}), nil
		}
	}
}

// splitField reads the first field of s and returns its length, the comma behind it not counted.
func splitField(s string, comma byte) (expr.Value, int, *problem) {
	if !strings.HasPrefix(s, `"`) {
		n := strings.IndexByte(s, comma)
		if n < 0 {
			n = len(s)
		}
		if q := strings.IndexByte(s[:n], '"'); q >= 0 {
			return expr.Value{}, 0, &problem{BadQuote, "a quote stands in a field without quotes, near " + around(s, q), q}
		}
		if n == 0 {
			return expr.Value{}, 0, nil
		}
		return expr.StringOf(s[:n]), n, nil
	}
	double := false
	for i := 1; i < len(s); i++ {
		j := strings.IndexByte(s[i:], '"')
		if j < 0 {
			break
		}
		i += j
		if i+1 < len(s) && s[i+1] == '"' {
			double = true
			i++
			continue
		}
		if i+1 < len(s) && s[i+1] != comma {
			return expr.Value{}, 0, &problem{BadQuote, "a quoted field goes on after its quote, near " + around(s, i), i}
		}
		text := s[1:i]
		if double {
			text = strings.ReplaceAll(text, `""`, `"`)
		}
		return expr.StringOf(text), i + 1, nil
	}
	return expr.Value{}, 0, &problem{BadQuote, "a quoted field has no end: " + quote(s), 0}
}
