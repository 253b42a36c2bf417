package view

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"github.com/prefab-build/prefab/spec/diag"
)

// DiagnosticOptions says how problems are printed.
type DiagnosticOptions struct {
	Color bool
	Width int // columns of the terminal; 0 is 80, which is also the widest that text is set
}

// The narrowest and widest setting of text. Longer lines are harder to read than to scroll.
const (
	narrowest = 40
	widest    = 80
)

// Diagnostics prints problems for people: what is wrong, the source with the exact span underlined, the values that
// were involved, and what to do. Files holds the sources by the names that the ranges use; a file that it lacks is
// named without its source.
func Diagnostics(w io.Writer, list diag.List, files map[string][]byte, opts DiagnosticOptions) error {
	p := newDiagnosticPrinter(files, opts)
	for _, d := range list {
		p.diagnostic(d)
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

type diagnosticPrinter struct {
	out   bytes.Buffer
	files map[string][]byte
	width int // of a line, without the rule at the left

	rule               lipgloss.Style // of the problem at hand
	fatal, alarm       lipgloss.Style
	bold, faint, plain lipgloss.Style
}

func newDiagnosticPrinter(files map[string][]byte, opts DiagnosticOptions) *diagnosticPrinter {
	r := lipgloss.NewRenderer(io.Discard, termenv.WithUnsafe())
	r.SetColorProfile(termenv.Ascii)
	if opts.Color {
		r.SetColorProfile(termenv.ANSI)
	}
	width := opts.Width
	if width == 0 {
		width = widest
	}
	p := &diagnosticPrinter{files: files, width: min(max(width, narrowest), widest) - 2}
	p.plain = r.NewStyle().Inline(true)
	p.bold, p.faint = p.plain.Bold(true), p.plain.Faint(true)
	p.fatal, p.alarm = p.bold.Foreground(lipgloss.Color("1")), p.bold.Foreground(lipgloss.Color("3"))
	return p
}

func (p *diagnosticPrinter) diagnostic(d diag.Diagnostic) {
	title := "Error: "
	p.rule = p.fatal
	if d.Severity == diag.Warning {
		title, p.rule = "Warning: ", p.alarm
	}
	p.out.WriteString(p.rule.Render("╷") + "\n")
	for i, line := range wrapText(title+visible(d.Summary), p.width) {
		if rest, ok := strings.CutPrefix(line, strings.TrimSpace(title)); i == 0 && ok {
			p.line(p.rule.Render(strings.TrimSpace(title)) + p.bold.Render(rest))
		} else {
			p.line(p.bold.Render(line))
		}
	}
	p.where(d)
	if d.Detail != "" {
		p.line("")
		for _, line := range wrapText(visible(d.Detail), p.width) {
			p.line(line)
		}
	}
	p.out.WriteString(p.rule.Render("╵") + "\n")
}

// line writes one line behind the rule.
func (p *diagnosticPrinter) line(text string) {
	p.out.WriteString(p.rule.Render("│"))
	if text != "" {
		p.out.WriteString(" " + text)
	}
	p.out.WriteByte('\n')
}

// where prints the place, the source and the values.
func (p *diagnosticPrinter) where(d diag.Diagnostic) {
	if d.Subject.IsZero() {
		if d.Block != "" || len(d.Values) > 0 {
			p.line("")
		}
		if d.Block != "" {
			p.line("  in " + visible(d.Block) + ":")
		}
		p.values(d.Values, "    ")
		return
	}
	p.line("")
	place := "  on " + visible(d.Subject.File)
	if d.Subject.Start.Line > 0 {
		place += " line " + strconv.Itoa(d.Subject.Start.Line)
	}
	if d.Block != "" {
		place += ", in " + visible(d.Block)
	}
	p.line(place + ":")
	if d.Secret {
		p.line(p.faint.Render("    (the source is not shown: a sensitive value stands there)"))
		p.values(d.Values, "    ")
		return
	}
	lines := snippet(p.files[d.Subject.File], d.Subject, d.Context)
	if len(lines) == 0 {
		p.line(p.faint.Render("    (the source is not at hand)"))
		p.values(d.Values, "    ")
		return
	}
	gutter := len(strconv.Itoa(lines[len(lines)-1].number))
	p.source(lines, gutter)
	p.values(d.Values, "    "+strings.Repeat(" ", gutter+1))
}

// source prints lines of a file with their numbers and, below each, marks under the part at fault.
func (p *diagnosticPrinter) source(lines []sourceLine, gutter int) {
	room := p.width - gutter - 7 // "    12 │ "
	for i, l := range lines {
		if i > 0 && l.number != lines[i-1].number+1 {
			p.line(p.faint.Render(strings.Repeat(" ", gutter+4) + " ⋮"))
		}
		text, from, to := l.fit(room)
		p.line(p.faint.Render(fmt.Sprintf("    %*d │", gutter, l.number)) + strings.TrimRight(" "+text, " "))
		if l.marked {
			marks := strings.Repeat("^", max(1, to-from))
			p.line(p.faint.Render(strings.Repeat(" ", gutter+4)+" │") + " " + strings.Repeat(" ", from) + p.rule.Render(marks))
		}
	}
}

// values prints what the failing expression referred to, with further lines of a long value below its first.
func (p *diagnosticPrinter) values(values []diag.Operand, indent string) {
	for i, v := range values {
		branch, below := "├─ ", "│    "
		if i == len(values)-1 {
			branch, below = "└─ ", "     "
		}
		text := visible(v.Traversal) + " is " + visible(v.Value)
		for j, line := range wrapText(text, p.width-len(indent)-5) {
			if j == 0 {
				p.line(indent + p.faint.Render(branch) + line)
			} else {
				p.line(indent + p.faint.Render(below) + line)
			}
		}
	}
}

// wrapText breaks text into lines of at most width columns, at spaces. Lines that start with a space are taken as they
// are, such as code and lists; a word that is too long for a line stands alone on one.
func wrapText(text string, width int) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if strings.HasPrefix(paragraph, " ") {
			lines = append(lines, paragraph)
			continue
		}
		line, used := "", 0
		for _, word := range strings.Fields(paragraph) {
			n := ansi.StringWidth(word)
			if used > 0 && used+1+n > width {
				lines = append(lines, line)
				line, used = "", 0
			}
			if used > 0 {
				line += " "
				used++
			}
			line += word
			used += n
		}
		lines = append(lines, line)
	}
	return lines
}
