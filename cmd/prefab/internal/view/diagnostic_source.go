package view

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/prefab-build/prefab/spec/diag"
)

// tabWidth is how far apart tab stops are printed. Terminals use 8, which wastes the width of a snippet.
const tabWidth = 4

// At most this many lines of one range are printed, half of them from its start and half from its end.
const mostSourceLines = 6

// A sourceLine is one line of a file, ready to print: its cells and which of them are at fault.
type sourceLine struct {
	number   int
	cells    []cell
	from, to int // the marked cells: from, but without to
	marked   bool
}

// A cell is one character as a reader sees it, which may be several code points, and the columns that it takes.
type cell struct {
	text  string
	width int
}

// snippet returns the lines to show for a range: those of the subject, and those of the context around it where they
// are few. It returns none when the source is not the one that the range was made from.
func snippet(src []byte, subject, context diag.Range) []sourceLine {
	start, end := subject.Start.Byte, max(subject.End.Byte, subject.Start.Byte)
	if len(src) == 0 || start < 0 || end > len(src) || subject.Start.Line < 1 {
		return nil
	}
	if bytes.Count(src[:start], []byte("\n"))+1 != subject.Start.Line {
		return nil
	}
	from, to := start, end
	inside := context.File == subject.File && context.Start.Byte <= start && end <= context.End.Byte && context.End.Byte <= len(src)
	if inside && bytes.Count(src[context.Start.Byte:context.End.Byte], []byte("\n")) < mostSourceLines {
		from, to = context.Start.Byte, context.End.Byte
	}
	from = lineStart(src, from)
	number := bytes.Count(src[:from], []byte("\n")) + 1
	var lines []sourceLine
	for at := from; ; number++ {
		length := bytes.IndexByte(src[at:], '\n')
		next := at + length + 1
		if length < 0 {
			length, next = len(src)-at, len(src)+1
		}
		lines = append(lines, newSourceLine(number, src[at:at+length], start-at, end-at))
		if at = next; at > len(src) || at >= to && at > start {
			break
		}
	}
	return elide(lines)
}

func lineStart(src []byte, at int) int { return bytes.LastIndexByte(src[:at], '\n') + 1 }

// elide leaves out the middle of a long range.
func elide(lines []sourceLine) []sourceLine {
	if len(lines) <= mostSourceLines {
		return lines
	}
	const half = mostSourceLines / 2
	return append(lines[:half:half], lines[len(lines)-half:]...)
}

// newSourceLine cuts a line into cells and marks those that start in [from, to), offsets in bytes that may lie outside
// the line. An empty range marks the one place where it stands. White space at the ends of a marked line of a longer
// range is not marked.
func newSourceLine(number int, line []byte, from, to int) sourceLine {
	l := sourceLine{number: number, from: -1}
	full := len(line)
	line = bytes.TrimSuffix(line, []byte("\r"))
	column := 0
	for at := 0; at < len(line); {
		cluster, width := ansi.FirstGraphemeCluster(line[at:], ansi.GraphemeWidth)
		if !utf8.Valid(cluster) || len(cluster) == 0 {
			cluster = line[at : at+1]
		}
		c := cell{visible(string(cluster)), width}
		if string(cluster) == "\t" {
			c.width = tabWidth - column%tabWidth
			c.text = strings.Repeat(" ", c.width)
		} else if c.text != string(cluster) {
			c.width = ansi.StringWidth(c.text)
		}
		// A cell is marked when any of its bytes is: a range never ends within what a reader sees as one character.
		if last := at + len(cluster); from < last && at < to || from == to && at <= from && from < last {
			if l.from < 0 {
				l.from = len(l.cells)
			}
			l.to = len(l.cells) + 1
		}
		at += len(cluster)
		column += c.width
		l.cells = append(l.cells, c)
	}
	if l.from < 0 {
		// Nothing of the line is in the range, but its end may be: a missing brace, an unclosed string.
		l.marked = len(line) <= from && from <= full && to <= full+1
		l.from, l.to = len(l.cells), len(l.cells)
		return l
	}
	l.marked = true
	blank := func(i int) bool { return strings.TrimSpace(l.cells[i].text) == "" }
	for l.from < l.to-1 && from < 0 && blank(l.from) {
		l.from++
	}
	for l.to-1 > l.from && to > len(line) && blank(l.to-1) {
		l.to--
	}
	return l
}

// fit returns the text of the line within a number of columns, with the marked part in view, and the columns of the
// marks.
func (l sourceLine) fit(room int) (text string, from, to int) {
	first, last := 0, len(l.cells)
	if l.marked && columns(l.cells[:l.from]) == columns(l.cells) {
		room-- // the mark stands behind the text
	}
	if columns(l.cells) > room {
		// Keep some of what stands before the mark: it says what the mark belongs to.
		const before = 12
		if columns(l.cells[:min(l.from+1, len(l.cells))]) > room-2 {
			for first = l.from; first > 0 && columns(l.cells[first-1:l.from]) <= before; {
				first--
			}
		}
		for last = first; last < len(l.cells) && columns(l.cells[first:last+1]) <= room-2; {
			last++
		}
	}
	var b strings.Builder
	lead := 0
	if first > 0 {
		b.WriteString("…")
		lead = 1
	}
	for _, c := range l.cells[first:last] {
		b.WriteString(c.text)
	}
	if last < len(l.cells) {
		b.WriteString("…")
	}
	from = lead + columns(l.cells[first:max(first, min(l.from, last))])
	to = lead + columns(l.cells[first:max(first, min(l.to, last))])
	return b.String(), from, to
}

func columns(cells []cell) int {
	n := 0
	for _, c := range cells {
		n += c.width
	}
	return n
}

// visible replaces what a terminal would act on instead of showing it: control characters by their pictures, bytes
// that are no UTF-8 and the marks that reorder text by U+FFFD. Line feeds stay.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == utf8.RuneError:
			return r
		case r == '\t':
			return ' '
		case r < 0x20:
			return '\u2400' + r
		case r == 0x7f:
			return '\u2421'
		case 0x80 <= r && r < 0xa0, 0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
			return utf8.RuneError
		}
		return r
	}, s)
}
