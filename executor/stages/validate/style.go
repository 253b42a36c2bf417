package validate

import "unicode/utf8"

// The marks of style that two responses are compared by.
const (
	characters = iota
	lineBreaks
	listItems
	questions
	exclamations
	digits
	capitals
	fences
	marks
)

var markNames = [marks]string{
	"characters", "line breaks", "list items", "question marks", "exclamation marks", "digits", "capital letters", "code fences",
}

// style counts the marks of a text.
func style(s string) (n [marks]int) {
	n[characters] = utf8.RuneCountInString(s)
	begins := true // only spaces since the line began
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\n':
			n[lineBreaks]++
			begins = true
			continue
		case c == ' ' || c == '\t':
			continue
		case c == '?':
			n[questions]++
		case c == '!':
			n[exclamations]++
		case c >= '0' && c <= '9':
			n[digits]++
			if begins && i+1 < len(s) && (s[i+1] == '.' || s[i+1] == ')') {
				n[listItems]++
			}
		case c >= 'A' && c <= 'Z':
			n[capitals]++
		case (c == '-' || c == '*') && begins && i+1 < len(s) && s[i+1] == ' ':
			n[listItems]++
		case c == '`' && begins && len(s)-i >= 3 && s[i:i+3] == "```":
			n[fences]++
		}
		begins = false
	}
	return n
}

// A contest counts, over pairs, which of the two responses has more of a mark.
type contest struct {
	Chosen   int64 `json:"chosen_more"`
	Equal    int64 `json:"equal"`
	Rejected int64 `json:"rejected_more"`
}

func (c *contest) add(chosen, rejected int) {
	switch {
	case chosen > rejected:
		c.Chosen++
	case chosen < rejected:
		c.Rejected++
	default:
		c.Equal++
	}
}

func (c *contest) merge(o contest) {
	c.Chosen += o.Chosen
	c.Equal += o.Equal
	c.Rejected += o.Rejected
}

// share is the share of pairs whose chosen response has more, equal ones counted half.
func (c contest) share() float64 {
	return (float64(c.Chosen) + float64(c.Equal)/2) / float64(c.Chosen+c.Equal+c.Rejected)
}

// decides is the share of pairs that the mark decides rightly, whichever way it points.
func (c contest) decides() float64 { return max(c.share(), 1-c.share()) }
