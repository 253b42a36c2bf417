package write

import (
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/spec"
)

// table writes CSV or TSV (RFC 4180, with line feeds): a null is an empty field, an empty string a pair of quotes.
type table struct {
	out     io.Writer
	columns []spec.Column
	comma   byte
	special string // what a field that holds it is quoted for
	begun   bool
	buf     []byte
}

func newTable(out io.Writer, columns []spec.Column, comma byte) *table {
	return &table{out: out, columns: columns, comma: comma, special: "\"\r\n" + string(comma)}
}

// header writes the names of the columns, once.
func (t *table) header() error {
	if t.begun {
		return nil
	}
	t.begun = true
	t.buf = t.buf[:0]
	for i, c := range t.columns {
		if i > 0 {
			t.buf = append(t.buf, t.comma)
		}
		t.buf = t.quote(t.buf, c.Name)
	}
	_, err := t.out.Write(append(t.buf, '\n'))
	return err
}

func (t *table) Write(rows dataset.Chunk) error {
	if err := t.header(); err != nil {
		return err
	}
	cells := make([]func([]byte, int) ([]byte, error), len(t.columns))
	for i, c := range t.columns {
		col, ok := rows.Column(c.Name)
		if !ok {
			cells[i] = func(b []byte, _ int) ([]byte, error) { return b, nil }
			continue
		}
		cells[i] = t.cell(col)
	}
	for r := range rows.Rows {
		t.buf = t.buf[:0]
		for i, cell := range cells {
			if i > 0 {
				t.buf = append(t.buf, t.comma)
			}
			var err error
			if t.buf, err = cell(t.buf, r); err != nil {
				return fmt.Errorf("row %s: %s: %w", rowName(rows, r), t.columns[i].Name, err)
			}
		}
		if len(t.buf) == 0 {
			t.buf = append(t.buf, `""`...) // the null of a single column: an empty line would be no row
		}
		if _, err := t.out.Write(append(t.buf, '\n')); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) Close() error { return t.header() }

// cell returns what appends the value of one row.
func (t *table) cell(c dataset.Column) func([]byte, int) ([]byte, error) {
	null := func(int) bool { return true }
	var add func([]byte, int) ([]byte, error)
	switch c.Type {
	case spec.String, spec.JSON:
		v := c.Strings()
		null, add = v.Null, func(b []byte, r int) ([]byte, error) { return t.quote(b, v.At(r)), nil }
	case spec.Int64:
		v := c.Ints()
		null, add = v.Null, func(b []byte, r int) ([]byte, error) { return strconv.AppendInt(b, v.At(r), 10), nil }
	case spec.Float64:
		v := c.Floats()
		null, add = v.Null, func(b []byte, r int) ([]byte, error) {
			return append(b, strings.Trim(string(dataset.AppendJSONFloat(nil, v.At(r))), `"`)...), nil
		}
	case spec.Bool:
		v := c.Bools()
		null, add = v.Null, func(b []byte, r int) ([]byte, error) { return strconv.AppendBool(b, v.At(r)), nil }
	case spec.Bytes32:
		v := c.Digests()
		null, add = v.Null, func(b []byte, r int) ([]byte, error) { return hex.AppendEncode(b, v.At(r)), nil }
	case spec.Messages:
		v := c.Messages()
		null, add = v.Null, func(b []byte, r int) ([]byte, error) {
			if !v.IsText(r) {
				return b, fmt.Errorf("a conversation has no place in a table of text: write strings, or a .jsonl or .parquet file")
			}
			return t.quote(b, v.Text(r)), nil
		}
	}
	return func(b []byte, r int) ([]byte, error) {
		if null(r) {
			return b, nil
		}
		return add(b, r)
	}
}

func (t *table) quote(b []byte, s string) []byte {
	if s != "" && !strings.ContainsAny(s, t.special) {
		return append(b, s...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(s, `"`, `""`)...)
	return append(b, '"')
}
