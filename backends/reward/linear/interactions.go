package linear

import (
	"math"
	"strings"

	"github.com/prefab-build/prefab/backends/reward"
)

// interactions are the features that are not n-grams of the response: counts,
// and what the response has to do with the request (the prompt's last turn).
// Plain n-grams of the prompt would be useless: both sides of a pair have the
// same, and they cancel.
//
// Counts enter as log(1+n). Each feature is divided by the root mean square of
// its differences over the training pairs, so that one penalty suits all.
var interactions = [...]string{
	"log characters",
	"log characters, squared",
	"log words",
	"mean word length",
	"distinct words, share",
	"lines",
	"list items",
	"question marks",
	"exclamation marks",
	"commas",
	"quotes",
	"digits",
	"capitals, share",
	"bold or code marks",
	"ends a sentence",
	"ends with a question",
	"words from the request, share",
	"request covered, share",
	"words from the request, log",
	"length against request",
	"log characters x log request",
	"log characters x request asks",
	"log characters x later turn",
	"question marks x request asks",
	"opens like the request",
}

// Interactions lists the names of the features that Config.Interactions turns
// on, in the order of their weights.
func Interactions() []string { return interactions[:] }

// request is what the interactions know of a prompt.
type request struct {
	words    wordSet // distinct words, to be matched against the response
	opening  uint64
	logChars float64
	chars    int
	asks     float64
	later    float64 // log(1+turns before the last)
}

// read takes in the prompt's last turn.
func (q *request) read(prompt string, s *scan) {
	last := prompt
	turns := 0
	if i := strings.LastIndexByte(prompt, reward.TextMark); i >= 0 {
		last, turns = prompt[i+1:], strings.Count(prompt, string(reward.TextMark))-1
	}
	s.scanWords(last, -1)
	q.words.reset()
	for _, w := range s.words {
		q.words.add(w.hash)
	}
	q.opening = opening(s.words)
	q.chars = len(last)
	q.logChars = math.Log1p(float64(len(last)))
	q.asks = 0
	if strings.IndexByte(last, '?') >= 0 {
		q.asks = 1
	}
	q.later = math.Log1p(float64(turns))
}

// opening identifies the first three words of a text; 0 for fewer.
func opening(words []span) uint64 {
	if len(words) < leadWords {
		return 0
	}
	return chain(words[:leadWords], 0)
}

// counts are the character counts of a response.
type counts struct {
	lines, items, asks, shouts, commas, quotes, digits, capitals, letters, marks int
}

func count(text string) (c counts) {
	start := true // only white space since the line began
	for i := 0; i < len(text); i++ {
		b := text[i]
		switch {
		case b == '\n':
			c.lines++
			start = true
			continue
		case b == ' ' || b == '\t' || b == '\r':
			continue
		case b >= 'a' && b <= 'z':
			c.letters++
		case b >= 'A' && b <= 'Z':
			c.letters++
			c.capitals++
		case b >= '0' && b <= '9':
			c.digits++
			if start && numbersItem(text[i:]) {
				c.items++
			}
		case b == '?':
			c.asks++
		case b == '!':
			c.shouts++
		case b == ',':
			c.commas++
		case b == '"':
			c.quotes++
		case b == '*' || b == '-':
			if start && i+1 < len(text) && text[i+1] == ' ' {
				c.items++
			} else if b == '*' {
				c.marks++
			}
		case b == '`':
			c.marks++
		}
		start = false
	}
	return c
}

// numbersItem reports whether a line that begins with a digit is an item of a
// numbered list, as in "1." or "12)".
func numbersItem(line string) bool {
	for i := 1; i < len(line) && i < 4; i++ {
		switch b := line[i]; {
		case b == '.' || b == ')':
			return true
		case b < '0' || b > '9':
			return false
		}
	}
	return false
}

// features fills out with the interactions of a response whose words s holds.
// The set seen is scratch.
func (q *request) features(out *[len(interactions)]float64, text string, s *scan, seen *wordSet) {
	c := count(text)
	seen.reset()
	shared := 0
	for _, w := range s.words {
		if seen.add(w.hash) && q.words.has(w.hash) {
			shared++
		}
	}
	chars, words := float64(len(text)), float64(len(s.words))
	logChars := math.Log1p(chars)
	trimmed := strings.TrimRight(text, " \t\r\n\"'*)")
	ends, asks := 0.0, 0.0
	if trimmed != "" {
		switch trimmed[len(trimmed)-1] {
		case '.', '!':
			ends = 1
		case '?':
			ends, asks = 1, 1
		}
	}
	repeats := 0.0
	if o := opening(s.words); o != 0 && o == q.opening {
		repeats = 1
	}
	log := func(n int) float64 { return math.Log1p(float64(n)) }
	*out = [len(interactions)]float64{
		logChars,
		logChars * logChars / 10,
		math.Log1p(words),
		share(chars, words),
		share(float64(seen.n), words),
		log(c.lines),
		log(c.items),
		log(c.asks),
		log(c.shouts),
		log(c.commas),
		log(c.quotes),
		log(c.digits),
		share(float64(c.capitals), float64(c.letters)),
		log(c.marks),
		ends,
		asks,
		share(float64(shared), float64(seen.n)),
		share(float64(shared), float64(q.words.n)),
		log(shared),
		share(chars, chars+float64(q.chars)),
		logChars * q.logChars / 5,
		logChars * q.asks,
		logChars * q.later,
		log(c.asks) * q.asks,
		repeats,
	}
}

// share is a/b, and 0 where there is nothing to share.
func share(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
