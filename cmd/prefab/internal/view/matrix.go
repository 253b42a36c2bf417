package view

import (
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/prefab-build/prefab/spec/expr"
)

// matrix lays out a value that is a list of rows of the same length, each a list of plain values: a line for every row,
// the first of which names the columns, and numbers to the right. It reports false for a value that is no such list.
func (v *View) matrix(value expr.Value, indent string) (string, bool) {
	rows, ok := matrixRows(value)
	if !ok {
		return "", false
	}
	widths := make([]int, len(rows[0]))
	right := make([]bool, len(rows[0]))
	for _, row := range rows {
		for i, f := range row {
			widths[i] = max(widths[i], lipgloss.Width(f.text))
			right[i] = right[i] || f.number
		}
	}
	var b strings.Builder
	for n, row := range rows {
		cells := make([]string, len(row))
		for i, f := range row {
			if cells[i] = pad(f.text, widths[i]); right[i] {
				cells[i] = strings.Repeat(" ", widths[i]-lipgloss.Width(f.text)) + f.text
			}
		}
		line := strings.TrimRight(strings.Join(cells, "  "), " ")
		if n == 0 {
			line = v.styles.faint.Render(line)
		}
		b.WriteString(indent + line + "\n")
	}
	return b.String(), true
}

// A field is one value of a table as it is shown.
type field struct {
	text   string
	number bool
}

func matrixRows(value expr.Value) ([][]field, bool) {
	list := value.Elems()
	if value.Kind() != expr.List || len(list) < 2 {
		return nil, false
	}
	var rows [][]field
	for _, o := range list {
		if o.Kind() != expr.List || o.Len() == 0 || o.Len() != list[0].Len() {
			return nil, false
		}
		var row []field
		for _, x := range o.Elems() {
			if x.Kind() == expr.List || x.Kind() == expr.Map {
				return nil, false
			}
			row = append(row, field{shown(x), x.IsNumber()})
		}
		rows = append(rows, row)
	}
	return rows, true
}

// shown is a plain value as a person reads it.
func shown(x expr.Value) string {
	switch {
	case x.IsNull():
		return "-"
	case x.Kind() == expr.String:
		return x.Str()
	case x.IsNumber():
		return number(x.Float())
	}
	return x.String()
}
