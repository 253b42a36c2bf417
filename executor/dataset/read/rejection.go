package read

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prefab-build/prefab/spec/diag"
	"github.com/prefab-build/prefab/spec/expr"
)

// The reasons for which a record makes no row. They are constant, so that ledgers can be counted by them.
const (
	NotJSON       = "not JSON"
	NotUTF8       = "not UTF-8"
	LoneSurrogate = "lone surrogate"
	DuplicateName = "duplicate name"
	BadNumber     = "number out of range"
	TooDeep       = "nested too deeply"
	NULCharacter  = "NUL character"
	ByteOrderMark = "byte order mark"
	NotAnObject   = "not an object"
	TooLarge      = "too large"
	BadQuote      = "misplaced quote"
	WrongFields   = "wrong number of fields"
	MissingField  = "missing field"
	NoPrompt      = "no prompt"
	WrongType     = "wrong type"
	EmptyText     = "empty text"
	SameResponses = "chosen equals rejected"
	PromptsDiffer = "prompts differ"
	NoDialogue    = "no dialogue"
	HumanLast     = "last turn is the human's"
	MapFailed     = "map failed"
	NullKey       = "null key"
	NotSelected   = "not selected"
)

// A Rejection is a record that made no row.
type Rejection struct {
	Record int    // in the segment, from 0
	Offset int64  // of the record's first byte in the segment
	At     int64  // of the first wrong byte in the record, where there is one
	Line   int    // of that byte in the record, from 0
	Reason string // one of the reasons above
	Detail string
}

// A problem is why a record makes no row. A nil one is none.
type problem struct {
	reason, detail string
	at             int
}

func wrong(reason, format string, args ...any) *problem {
	return &problem{reason: reason, detail: fmt.Sprintf(format, args...)}
}

// missing rejects a record that has no value for a column, which is why; the detail says what the record has instead.
func (w *worker) missing(why string, i int) *problem {
	var b strings.Builder
	name := w.columns[i].Name
	b.WriteString("there is no " + name)
	names, known := w.given(), false
	for _, f := range w.env.Row.Fields() {
		_, own := w.names[f.Name]
		known = known || own || w.mapped[f.Name]
	}
	if node := w.Map[name]; node != nil {
		for _, path := range expr.Fields(node) {
			if len(path) > 0 && w.env.Row.Get(path[0]).IsNull() {
				b.WriteString(": its map reads row." + path[0] + ", which the record lacks")
				if best := diag.Closest(path[0], names); best != "" {
					b.WriteString(" (did you mean row." + best + "?)")
				}
				break
			}
		}
	}
	if len(names) == 0 {
		b.WriteString("; the record has no fields that are not null")
	} else {
		b.WriteString("; the record has " + listed(names))
	}
	switch {
	case w.IDs: // what prefab wrote, or a program for it: there is nothing to map
		b.WriteString(". Write " + name + " in every record")
		return &problem{reason: why, detail: b.String()}
	case w.Map[name] == nil:
		b.WriteString(". Map a field to " + name)
	default:
		b.WriteString(". Correct the map")
	}
	if why == NoPrompt {
		b.WriteString(", or set implicit_prompt = true in the source where chosen and rejected begin with the prompt")
	}
	if w.comma != 0 && w.Header && !known {
		b.WriteString("; if the first line of the file is data and no header, set header = false")
	}
	return &problem{reason: why, detail: b.String()}
}

// given are the names of the record's fields that are not null.
func (w *worker) given() []string {
	names := make([]string, 0, w.env.Row.Len())
	for _, f := range w.env.Row.Fields() {
		if !f.Value.IsNull() {
			names = append(names, f.Name)
		}
	}
	return names
}

// listed joins the names of fields, a dozen at most.
func listed(names []string) string {
	const most = 12
	quoted := make([]string, 0, most)
	for _, n := range names[:min(len(names), most)] {
		if strings.ContainsAny(n, " ,;") || n == "" {
			n = quote(n)
		}
		quoted = append(quoted, n)
	}
	text := strings.Join(quoted, ", ")
	if len(names) > most {
		text += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return text
}

// quote shows a piece of text in a message, shortened.
func quote(s string) string {
	const most = 60
	if len(s) <= most {
		return strconv.Quote(s)
	}
	cut := most
	for cut > most-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strconv.Quote(s[:cut]) + "…"
}

// around shows the text that surrounds byte at.
func around(s string, at int) string {
	start, end := max(0, at-20), min(len(s), at+20)
	for start > 0 && start < at && !utf8.RuneStart(s[start]) {
		start++
	}
	for end > at+1 && end < len(s) && !utf8.RuneStart(s[end]) {
		end--
	}
	return quote(s[start:end])
}

var jsonReasons = map[string]string{
	expr.BadSyntax:     NotJSON,
	expr.BadUTF8:       NotUTF8,
	expr.LoneSurrogate: LoneSurrogate,
	expr.DuplicateName: DuplicateName,
	expr.BadNumber:     BadNumber,
	expr.TooDeep:       TooDeep,
}

func jsonProblem(text string, e *expr.JSONError) *problem {
	return &problem{
		reason: jsonReasons[e.Code],
		detail: fmt.Sprintf("%s, near %s", e.Error(), around(text, min(e.Offset, len(text)))),
		at:     e.Offset,
	}
}
