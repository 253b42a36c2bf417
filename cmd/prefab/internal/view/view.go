// Package view prints everything that a person or a machine sees: problems, plans, progress, outcomes, documentation.
// Nothing else in prefab writes to the standard streams.
package view

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
	"golang.org/x/term"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
	"github.com/prefab-build/prefab/spec/expr"
)

// Options are how things are printed.
type Options struct {
	JSON    bool
	NoColor bool
	Dir     string // that paths of the spec are relative to
}

// A View prints. What was asked for goes to out, what happens on the way to err.
type View struct {
	out, err io.Writer
	live     io.Writer // err, for signs of life: they are of the moment, and in no transcript
	opts     Options
	width    int
	terminal bool   // err is one, so progress may be drawn
	stream   bool   // what is printed for machines is a stream of events
	profile  string // of colours
	styles   styles

	reading sync.Mutex // guards read
	read    time.Time  // when reading was last told of
}

type styles struct {
	good, bad, warn, busy, faint, bold lipgloss.Style
}

// New returns a view of the streams.
func New(out, err io.Writer, opts Options) *View {
	v := &View{out: out, err: err, live: err, opts: opts, width: 80}
	r := lipgloss.NewRenderer(out)
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w >= 40 {
			v.width = min(w, 120)
		}
	} else {
		opts.NoColor = true
	}
	if f, ok := err.(*os.File); ok && !opts.JSON {
		v.terminal = term.IsTerminal(int(f.Fd()))
	}
	if opts.NoColor {
		r.SetColorProfile(termenv.Ascii)
		v.opts.NoColor = true
	}
	v.profile = r.ColorProfile().Name()
	color := func(c string) lipgloss.Style { return r.NewStyle().Foreground(lipgloss.Color(c)) }
	v.styles = styles{
		good: color("2"), bad: color("1"), warn: color("3"), busy: color("6"),
		faint: r.NewStyle().Faint(true), bold: r.NewStyle().Bold(true),
	}
	return v
}

// A Value is an output of the pipeline.
type Value struct {
	Name      string
	Value     expr.Value
	Sensitive bool
	Problem   string // why it has no value
}

// Text prints text as it is.
func (v *View) Text(s string) { fmt.Fprint(v.out, s) }

// Ask prints a question and leaves the cursor behind it.
func (v *View) Ask(s string) { fmt.Fprint(v.out, "\n"+v.styles.bold.Render(s)) }

// Path is a path of the spec as a person finds it from where they stand.
func (v *View) Path(p string) string {
	if v.opts.Dir == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(v.opts.Dir, filepath.FromSlash(p))
}

// Pinned tells that the lock file was written.
func (v *View) Pinned(n int, name string) {
	v.Note(fmt.Sprintf("Pinned %s in %s.", count(n, "input"), v.Path(name)))
}

// Note tells what happens, for people only.
func (v *View) Note(s string) {
	if !v.opts.JSON {
		fmt.Fprintln(v.err, s)
	}
}

// Stream says that what is printed for machines is a stream of events, as apply's is. Elsewhere it is one document.
func (v *View) Stream() { v.stream = true }

// Warning tells of something that is wrong but stops nothing. For machines it is an event of the stream, and beside a
// document a line on standard error.
func (v *View) Warning(s string) {
	if v.opts.JSON {
		out := v.err
		if v.stream {
			out = v.out
		}
		writeJSON(out, map[string]any{"type": "warning", "text": s})
		return
	}
	fmt.Fprintln(v.err, v.styles.warn.Render("Warning: ")+v.wrap(s, 9))
}

// Error tells why a command failed.
func (v *View) Error(err error) {
	if v.opts.JSON {
		v.printJSON(map[string]any{"type": "error", "text": err.Error()})
		return
	}
	fmt.Fprintln(v.err, v.styles.bad.Render("Error: ")+v.wrap(err.Error(), 7))
}

// Diagnostics prints problems with the source that they are about.
func (v *View) Diagnostics(list diag.List, files map[string][]byte) {
	if v.opts.JSON {
		v.printJSON(DiagnosticsJSON(list, files))
		return
	}
	_ = Diagnostics(v.err, list, files, DiagnosticOptions{Color: !v.opts.NoColor, Width: v.width})
}

// Reading tells that an input is being read, when that takes long. It may be called from several goroutines.
func (v *View) Reading(_ spec.Addr, path string, done, _ int64) {
	if v.opts.JSON {
		return // a plan is one document
	}
	v.reading.Lock()
	defer v.reading.Unlock()
	now := time.Now()
	if v.read.IsZero() {
		v.read = now
	}
	if now.Sub(v.read) >= silence*3/4 {
		v.read = now
		fmt.Fprintln(v.live, clip(fmt.Sprintf("  reading %s: %s", path, bytesText(done)), v.width))
	}
}

// Valid says that a spec has no problems.
func (v *View) Valid(p *spec.Pipeline) {
	if v.opts.JSON {
		v.printJSON(map[string]any{"valid": true, "stages": len(p.Blocks), "gates": len(p.Gates)})
		return
	}
	fmt.Fprintf(v.out, "The spec is valid: %s, %s.\n", count(len(p.Blocks), "stage"), count(len(p.Gates), "gate"))
}

// Version prints the version.
func (v *View) Version(version string) {
	if v.opts.JSON {
		v.printJSON(map[string]any{"version": version})
		return
	}
	fmt.Fprintln(v.out, "prefab "+version)
}

// JSON prints a value as JSON, whatever the options say.
func (v *View) printJSON(x any) { writeJSON(v.out, x) }

func writeJSON(w io.Writer, x any) {
	b, err := json.Marshal(x)
	if err != nil {
		panic("view: no JSON: " + err.Error())
	}
	fmt.Fprintf(w, "%s\n", b)
}

// wrap breaks text at the view's width; lines after the first are indented.
func (v *View) wrap(s string, indent int) string {
	var out strings.Builder
	for i, line := range strings.Split(s, "\n") {
		at := indent
		if i > 0 {
			own := len(line) - len(strings.TrimLeft(line, " ")) // what is laid out stays so
			at = indent + own
			out.WriteByte('\n')
			if strings.TrimSpace(line) == "" {
				continue
			}
			out.WriteString(strings.Repeat(" ", at))
			code := own >= 4 // a piece of a spec, which would not parse when it is broken
			if code || own > 0 && at+lipgloss.Width(line[own:]) <= v.width {
				out.WriteString(line[own:])
				continue
			}
		}
		column := at
		for j, word := range strings.Fields(line) {
			w := lipgloss.Width(word)
			if j > 0 && column+1+w > v.width {
				out.WriteString("\n" + strings.Repeat(" ", at))
				column = at
			} else if j > 0 {
				out.WriteByte(' ')
				column++
			}
			out.WriteString(word)
			column += w
		}
	}
	return out.String()
}

// count writes a number of things: "1 stage", "2 stages".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%s %ss", thousands(int64(n)), thing)
}

// thousands writes a number with commas.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if neg {
		return "-" + s
	}
	return s
}

// pad fills s with spaces up to a width, counting what is seen and not what is stored.
func pad(s string, width int) string {
	if w := lipgloss.Width(s); w < width {
		return s + strings.Repeat(" ", width-w)
	}
	return s
}

// clip cuts s to a width.
func clip(s string, width int) string {
	if lipgloss.Width(s) <= width {
		return s
	}
	r := []rune(s)
	for len(r) > 0 && lipgloss.Width(string(r))+1 > width {
		r = r[:len(r)-1]
	}
	return string(r) + "…"
}
