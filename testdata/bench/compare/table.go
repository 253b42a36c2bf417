package compare

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A section is a part of the report: a heading, what is to be known about its figures, and a table.
type section struct {
	title string
	text  string
	head  []string
	rows  [][]string
}

// usage is the head of tables of measured work; a section may add columns.
var usage = []string{"work", "tool", "CPU s", "wall s", "peak MB", "runs", "CPU against prefab"}

// measured adds a row for each tool. The first tool is what the others are compared with, and more gives the columns that
// a section adds.
func (s *section) measured(work string, list []series, more func(series) []string) {
	base := 0.0
	for i, l := range list {
		if len(l.runs) == 0 {
			// A command that failed has said it in many lines, some with bars.
			s.rows = append(s.rows, s.pad([]string{work, l.tool, "failed: " + plain(fmt.Sprint(l.err))}))
			continue
		}
		c := SpreadOf(l.runs, cpu)
		ratio := "1"
		if i == 0 {
			base = c.Median
		} else if base > 0 {
			ratio = digits(c.Median / base)
		}
		row := []string{
			work, l.tool, c.String(), SpreadOf(l.runs, wall).String(), megabytes(l.runs), fmt.Sprint(len(l.runs)), ratio,
		}
		if more != nil {
			row = append(row, more(l)...)
		}
		s.rows = append(s.rows, row)
	}
}

func (s *section) pad(row []string) []string {
	for len(row) < len(s.head) {
		row = append(row, "")
	}
	return row
}

// plain brings an error into a cell.
func plain(s string) string {
	s = strings.Join(strings.Fields(strings.ReplaceAll(s, "|", "/")), " ")
	if r := []rune(s); len(r) > 160 {
		s = string(r[:160]) + "…"
	}
	return s
}

// String is the median, with the least and the greatest.
func (s Spread) String() string {
	if s.Min == s.Max {
		return digits(s.Median)
	}
	return fmt.Sprintf("%s [%s, %s]", digits(s.Median), digits(s.Min), digits(s.Max))
}

// digits rounds to three of them.
func digits(x float64) string {
	if x == 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return fmt.Sprint(x)
	}
	places := 2 - int(math.Floor(math.Log10(math.Abs(x))))
	return fmt.Sprintf("%.*f", max(0, places), x)
}

// megabytes is the largest peak, or a bound where this process's own memory hides it.
func megabytes(runs []Usage) string {
	most := slices.MaxFunc(runs, func(a, b Usage) int { return cmp.Compare(a.Peak, b.Peak) })
	if most.Peak <= most.Floor+64<<10 {
		return fmt.Sprintf("< %.0f", math.Ceil(float64(most.Floor)/1e6)+1)
	}
	return fmt.Sprintf("%.0f", float64(most.Peak)/1e6)
}

// Markdown is the section as text.
func (s *section) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n", s.title)
	if s.text != "" {
		fmt.Fprintf(&b, "%s\n\n", s.text)
	}
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(s.head)
	rule := make([]string, len(s.head))
	for i := range rule {
		rule[i] = "---"
		if i > 1 {
			rule[i] = "---:"
		}
	}
	line(rule)
	for _, r := range s.rows {
		line(r)
	}
	return b.String()
}

// ratios fills the ratios of the last rows of a section, whose figures were added one by one.
func ratios(s *section, work string, list []series) {
	if len(list[0].runs) == 0 {
		return
	}
	base := SpreadOf(list[0].runs, cpu).Median
	rows := s.rows[len(s.rows)-len(list):]
	for i, l := range list {
		if i > 0 && len(l.runs) > 0 && rows[i][0] == work && base > 0 {
			rows[i][len(usage)-1] = digits(SpreadOf(l.runs, cpu).Median / base)
		}
	}
}
