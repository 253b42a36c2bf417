package view

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// detailRows is how many lines of a table are shown; the whole of it is in --json.
const detailRows = 16

// details prints what a metric has beside its number, indented: objects of plain values and lists of such objects as
// small tables, and what is deeper under its name. Where the keys of an object number the members of an input, their
// addresses stand in their place.
func (v *View) details(t any, members map[string]string, indent int) {
	var x any
	if t == nil || json.Unmarshal(spec.Canonical(t), &x) != nil {
		return
	}
	v.detail(x, members, indent)
}

func (v *View) detail(x any, members map[string]string, indent int) {
	switch x := x.(type) {
	case []any:
		if rows, ok := records(x); ok {
			v.grid(rows, indent)
			return
		}
		v.list(x, indent)
	case map[string]any:
		if rows, ok := keyed(x, members); ok {
			v.grid(rows, indent)
			return
		}
		v.object(x, members, indent)
	case nil:
	default:
		v.faintLines(plain(x), indent)
	}
}

// list prints plain values in one line, and each of the others by itself.
func (v *View) list(x []any, indent int) {
	var words []string
	for i, e := range x {
		switch {
		case isPlain(e):
			words = append(words, plain(e))
		case i < detailRows:
			v.detail(e, nil, indent)
		}
	}
	v.faintLines(strings.Join(words, ", "), indent)
}

// object prints the plain values of an object as one table, then each of the others under its name.
func (v *View) object(x map[string]any, members map[string]string, indent int) {
	var rows [][]field
	for _, k := range memberOrder(x) {
		if isPlain(x[k]) {
			rows = append(rows, []field{{text: nameOf(k, members)}, fieldOf(x[k])})
		}
	}
	if len(rows) > 0 {
		v.grid(rows, indent)
	}
	for _, k := range memberOrder(x) {
		if !isPlain(x[k]) && !isEmpty(x[k]) {
			v.faintLines(nameOf(k, members), indent)
			v.detail(x[k], nil, indent+2)
		}
	}
}

// records lays out a list of objects of plain values: a first row of names, then one for each.
func records(list []any) ([][]field, bool) {
	objects := make([]map[string]any, len(list))
	for i, e := range list {
		o, ok := e.(map[string]any)
		if !ok {
			return nil, false
		}
		objects[i] = o
	}
	return layOut(objects, nil)
}

// keyed lays out an object of objects of plain values, the key of each before them.
func keyed(x map[string]any, members map[string]string) ([][]field, bool) {
	var names []string
	var objects []map[string]any
	for _, k := range memberOrder(x) {
		o, ok := x[k].(map[string]any)
		if !ok {
			return nil, false
		}
		names, objects = append(names, nameOf(k, members)), append(objects, o)
	}
	return layOut(objects, names)
}

// layOut makes a table of objects of plain values. Columns stand in the order in which they are read.
func layOut(objects []map[string]any, names []string) ([][]field, bool) {
	text := map[string]bool{}
	var columns []string
	for _, o := range objects {
		for k, x := range o {
			if !isPlain(x) {
				return nil, false
			}
			if _, seen := text[k]; !seen {
				columns = append(columns, k)
			}
			_, s := x.(string)
			text[k] = text[k] || s
		}
	}
	if len(columns) == 0 {
		return nil, false
	}
	slices.SortFunc(columns, compareColumns(text))
	rows := make([][]field, 1+len(objects))
	if names != nil {
		rows[0] = append(rows[0], field{})
	}
	for _, k := range columns {
		rows[0] = append(rows[0], field{text: k})
	}
	for i, o := range objects {
		if names != nil {
			rows[1+i] = append(rows[1+i], field{text: names[i]})
		}
		for _, k := range columns {
			rows[1+i] = append(rows[1+i], fieldOf(o[k]))
		}
	}
	return rows, true
}

// grid prints rows aligned, numbers to the right. Rows that do not fit their page are printed one value after another.
func (v *View) grid(rows [][]field, indent int) {
	widths, right := columnsOf(rows)
	total := indent + 2*(len(widths)-1)
	for _, w := range widths {
		total += w
	}
	for i, row := range rows {
		if i > detailRows {
			v.faintLines(fmt.Sprintf("and %d more: --json has them all", len(rows)-i), indent)
			return
		}
		if total > v.width && len(row) > 2 {
			if i > 0 {
				v.faintLines(sentence(rows[0], row), indent)
			}
			continue
		}
		var cells []string
		for j, f := range row {
			gap := strings.Repeat(" ", widths[j]-lipgloss.Width(f.text))
			if right[j] {
				cells = append(cells, gap+f.text)
			} else {
				cells = append(cells, f.text+gap)
			}
		}
		line := strings.TrimRight(strings.Join(cells, "  "), " ")
		fmt.Fprintln(v.out, strings.Repeat(" ", indent)+v.styles.faint.Render(clip(line, max(v.width-indent, narrowest))))
	}
}

func columnsOf(rows [][]field) (widths []int, right []bool) {
	for _, row := range rows {
		for j, f := range row {
			if j == len(widths) {
				widths, right = append(widths, 0), append(right, false)
			}
			widths[j], right[j] = max(widths[j], lipgloss.Width(f.text)), right[j] || f.number
		}
	}
	return widths, right
}

// sentence is a row as text: what stands before the columns, then name and value of each that has one.
func sentence(head, row []field) string {
	var parts []string
	for j, f := range row {
		switch {
		case head[j].text == "":
			parts = append(parts, f.text+":")
		case f.text != "":
			parts = append(parts, head[j].text+" "+f.text)
		}
	}
	return strings.Replace(strings.Join(parts, ", "), ":, ", ": ", 1)
}

func (v *View) faintLines(text string, indent int) {
	if text == "" {
		return
	}
	for _, line := range wrapText(text, max(v.width-indent, narrowest)) {
		fmt.Fprintln(v.out, strings.Repeat(" ", indent)+v.styles.faint.Render(line))
	}
}

func isPlain(x any) bool {
	switch x.(type) {
	case map[string]any, []any:
		return false
	}
	return true
}

func isEmpty(x any) bool {
	switch x := x.(type) {
	case map[string]any:
		return len(x) == 0
	case []any:
		return len(x) == 0
	}
	return x == nil
}

func fieldOf(x any) field {
	_, isNumber := x.(float64)
	return field{text: plain(x), number: isNumber}
}

// plain is a value on one line.
func plain(x any) string {
	switch x := x.(type) {
	case nil:
		return ""
	case string:
		const id = 64 // an id is cut to what cat --row needs
		if len(x) == id && strings.Trim(x, "0123456789abcdef") == "" {
			return x[:12]
		}
		return strings.Join(strings.Fields(x), " ")
	case float64:
		return number(x)
	case bool:
		if x {
			return "yes"
		}
		return "no"
	}
	return string(spec.Canonical(x))
}

func nameOf(key string, members map[string]string) string {
	switch {
	case members[key] != "":
		return members[key]
	case key == "":
		return "(none)"
	}
	return key
}

// Members gives the addresses that stand behind the numbers of a stage's list inputs. With several such inputs a
// number means nothing by itself, so there are none.
func Members(n *planner.Node) map[string]string {
	if n == nil || n.Block == nil {
		return nil
	}
	port, out := "", map[string]string{}
	for _, in := range n.Block.Inputs {
		if strings.Trim(in.Member, "0123456789") != "" || in.Member == "" || len(in.Refs) == 0 {
			continue
		}
		if port != "" && port != in.Port {
			return nil
		}
		port = in.Port
		out[in.Member] = in.Refs[0].Addr.String()
	}
	return out
}
