package command

import (
	"bufio"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A log takes down what a program says, line by line, without secrets, and keeps the last lines for an error.
type log struct {
	say    func(format string, args ...any)
	hidden []hidden // sorted by length while it reads
	clean  *strings.Replacer
	tail   []string
	lines  int
}

type hidden struct{ text, by string }

// A program that never stops talking must not fill the disk with its log, nor a line the memory.
const (
	mostLines = 10_000
	mostLine  = 4 << 10
	mostRead  = 64 << 10
	tailLines = 20
	// leastHidden is how long a text is at least that is looked for: shorter ones stand in many words.
	leastHidden = 6
)

// hide has a text replaced wherever it is said. It has to be called before read.
func (l *log) hide(text, by string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); len(line) >= leastHidden {
			l.hidden = append(l.hidden, hidden{line, by})
		}
	}
}

// read takes down all lines of r.
func (l *log) read(r io.Reader) {
	// Where two begin at one place the longer is the one: of a secret that begins with another none is to be left.
	slices.SortStableFunc(l.hidden, func(a, b hidden) int { return len(b.text) - len(a.text) })
	var pairs []string
	for _, h := range l.hidden {
		pairs = append(pairs, h.text, h.by)
	}
	l.clean = strings.NewReplacer(pairs...)
	in := bufio.NewReaderSize(r, mostRead)
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			line = line[:max(0, len(line)-l.longest())] // its end may be half a secret
		}
		if text := string(line); text != "" {
			l.add(text)
		}
		for errors.Is(err, bufio.ErrBufferFull) { // the rest of a long line is passed over
			_, err = in.ReadSlice('\n')
		}
		if err != nil {
			return
		}
	}
}

func (l *log) longest() int {
	if len(l.hidden) == 0 {
		return 0
	}
	return len(l.hidden[0].text)
}

// escape is a control sequence of a terminal, such as a colour.
var escape = regexp.MustCompile("\x1b\\[[0-9;?]*[ -/]*[@-~]")

func (l *log) add(text string) {
	text = strings.TrimRight(strings.ToValidUTF8(escape.ReplaceAllString(text, ""), "\uFFFD"), " \r\n")
	if i := strings.LastIndexByte(text, '\r'); i >= 0 { // a progress bar: what a terminal would show in the end
		text = text[i+1:]
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, l.clean.Replace(text))
	if text == "" {
		return
	}
	if len(text) > mostLine {
		text = strings.ToValidUTF8(text[:mostLine], "") + " (cut)"
	}
	if l.lines++; l.lines <= mostLines {
		l.say("%s", text)
	}
	if l.tail = append(l.tail, text); len(l.tail) > tailLines {
		l.tail = l.tail[1:]
	}
}

// end says how much was not taken down.
func (l *log) end() {
	if more := l.lines - mostLines; more > 0 {
		l.say("(%d lines more, which are not kept)", more)
	}
}

// last returns the last lines, indented.
func (l *log) last() string {
	if len(l.tail) == 0 {
		return ""
	}
	return "  " + strings.Join(l.tail, "\n  ")
}
