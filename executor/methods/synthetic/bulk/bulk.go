// Package bulk makes preference pairs by the million for benchmarks. Package synthetic plants defects in a few thousand
// readable records; here nothing can be read, but what makes large tables dear is as it is in collected data: words whose
// frequencies fall as one over their rank (Zipf), prompts of common templates, and prompts that repeat others with a few
// words changed.
//
// Every record is a function of the corpus's settings and the record's number, so any part can be made anywhere.
package bulk

import (
	"encoding/json"
	"math"
	"strings"

	"github.com/prefab-build/prefab/executor/methods/stream"
)

// A Corpus makes records. It never changes.
type Corpus struct {
	seed      uint64
	words     []string
	templates [][]string // an empty word is a slot
	items     int
}

// The shares of the prompts that are not composed word by word: of a template, near an earlier prompt, equal to an earlier
// one, and made around a benchmark's question. Collections of prompts have a few to some tens of percent of the first three.
const (
	templated = 0.15
	near      = 0.10
	equal     = 0.02
	leaked    = 0.005
)

// New returns the corpus of a seed with a vocabulary of that many words, and that many questions of a benchmark to leak.
// English prompts have some tens of thousands of words; a thousand words make a narrow corpus, whose prompts share most of
// their shingles with thousands of others.
func New(seed uint64, vocabulary, items int) *Corpus {
	c := &Corpus{seed: seed, items: items}
	s := stream.New(seed, "words")
	seen := map[string]bool{}
	for len(c.words) < vocabulary {
		// Frequent words are short.
		w := spell(&s, 1+s.IntN(1+min(3, len(c.words)/40)))
		if !seen[w] {
			seen[w] = true
			c.words = append(c.words, w)
		}
	}
	for i := range 60 {
		s := stream.New(seed, "template", string(rune('a'+i)))
		t := make([]string, 12+s.IntN(30))
		for k := range t {
			t[k] = c.word(&s)
		}
		for range 2 + s.IntN(4) {
			t[s.IntN(len(t))] = ""
		}
		c.templates = append(c.templates, t)
	}
	return c
}

// spell makes a word of syllables.
func spell(s *stream.Stream, syllables int) string {
	const onsets, vowels, codas = "bcdfghjklmnprstvwz", "aaeeeiioou", "      nnrstlm"
	var b strings.Builder
	for range syllables {
		b.WriteByte(onsets[s.IntN(len(onsets))])
		b.WriteByte(vowels[s.IntN(len(vowels))])
		if c := codas[s.IntN(len(codas))]; c != ' ' {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// word draws a word: that of rank r with a probability of about 1/r.
func (c *Corpus) word(s *stream.Stream) string {
	r := int(math.Exp(s.Float64() * math.Log(float64(len(c.words)))))
	return c.words[min(r, len(c.words))-1]
}

func (c *Corpus) text(s *stream.Stream, words int) []string {
	t := make([]string, words)
	for i := range t {
		t[i] = c.word(s)
	}
	return t
}

// Prompt returns the prompt of a record: 10 to 40 words, and up to 70 around a benchmark's question.
func (c *Corpus) Prompt(n int) string { return strings.Join(c.prompt(n), " ") }

func (c *Corpus) prompt(n int) []string {
	s := stream.New(c.seed, "prompt", key(n))
	u := s.Float64()
	if u < near+equal && n > 0 {
		// Chains happen: an earlier prompt may itself be near another.
		t := c.prompt(s.IntN(n))
		if u < near {
			for range 1 + s.IntN(4) {
				t[s.IntN(len(t))] = c.word(&s)
			}
		}
		return t
	}
	switch u -= near + equal; {
	case u < templated:
		t := append([]string(nil), c.templates[s.IntN(len(c.templates))]...)
		for i, w := range t {
			if w == "" {
				t[i] = c.word(&s)
			}
		}
		return t
	case u < templated+leaked && c.items > 0:
		t := c.question(s.IntN(c.items))
		return append(append(c.text(&s, s.IntN(10)), t...), c.text(&s, s.IntN(10))...)
	}
	return c.text(&s, 10+s.IntN(31))
}

func (c *Corpus) question(n int) []string {
	s := stream.New(c.seed, "question", key(n))
	return c.text(&s, 20+s.IntN(30))
}

// Pair returns a record of about 1.1 kB as a line of JSON, without its end.
func (c *Corpus) Pair(n int) []byte {
	s := stream.New(c.seed, "pair", key(n))
	return line(struct {
		UID      int    `json:"uid"`
		Prompt   string `json:"prompt"`
		Chosen   string `json:"chosen"`
		Rejected string `json:"rejected"`
	}{n, c.Prompt(n), strings.Join(c.text(&s, 30+s.IntN(90)), " "), strings.Join(c.text(&s, 30+s.IntN(90)), " ")})
}

// Item returns a problem of the benchmark as a line of JSON, without its end.
func (c *Corpus) Item(n int) []byte {
	s := stream.New(c.seed, "item", key(n))
	return line(struct {
		Question string `json:"question"`
		Answer   string `json:"answer"`
	}{strings.Join(c.question(n), " "), strings.Join(c.text(&s, 10), " ")})
}

func line(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("bulk: " + err.Error())
	}
	return b
}

// key spells a number in eight bytes.
func key(n int) string {
	var b [8]byte
	for i := range b {
		b[i] = byte(n >> (8 * i))
	}
	return string(b[:])
}
