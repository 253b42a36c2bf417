package read

import (
	"fmt"
	"strconv"
	"unicode/utf8"

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
