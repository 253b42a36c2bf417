package ngram

import (
	"cmp"
	"math/bits"
	"slices"
)

// candidate is a document that shares something with the text.
type candidate struct {
	doc      uint32
	rule     Rule // a rule that holds for the document as a whole
	from, to int  // the tokens of the text that it holds on

	longest   stretch
	covered   int      // tokens of the text inside shared n-grams
	coveredTo int      // where the last of those ends
	marks     []uint64 // tokens of the document inside shared n-grams, one bit each
}

// diagonal is a way to lay a document along the text: shift is the place in the text of its first token.
type diagonal struct {
	doc   uint32
	shift int
}

// stretch is a run of tokens of the text.
type stretch struct{ from, to int }

func (r stretch) len() int { return r.to - r.from }

// maxRepeats bounds how many occurrences of one n-gram in one document are laid along the text in search of long spans.
// Only a document that repeats itself that often is affected, and then spans are found among its first repeats. Without a
// bound, a text and an item that both say one word a hundred thousand times would take hours.
const maxRepeats = 64

func (s *Scanner) candidate(d uint32) *candidate {
	i, ok := s.number[d]
	if !ok {
		i = len(s.candidates)
		s.number[d] = i
		s.candidates = append(s.candidates, candidate{doc: d})
	}
	return &s.candidates[i]
}

// hold notes that a rule holds on the tokens from, to; a stronger one stays.
func (c *candidate) hold(r Rule, from, to int) {
	if c.rule == 0 || r < c.rule {
		c.rule, c.from, c.to = r, from, to
	}
}

// collect verifies the hits and gathers from them what each document shares with the text.
func (s *Scanner) collect() {
	n := s.x.settings.N
	clear(s.diagonals)
	clear(s.seen)
	for _, h := range s.hits {
		group := s.x.grams.group(h.group)
		if !slices.Equal(s.x.at(group[0]), s.tokens[h.pos:h.pos+n]) {
			continue
		}
		fresh := !s.seen[h.group]
		s.seen[h.group] = true
		for len(group) > 0 {
			doc := group[0].doc
			end, _ := slices.BinarySearchFunc(group, doc+1, func(p posting, doc uint32) int { return cmp.Compare(p.doc, doc) })
			s.meet(h.pos, doc, group[:end], fresh)
			group = group[end:]
		}
	}
}

// meet notes that the n-gram at pos of the text stands at some places of a document, in the text for the first time or not.
func (s *Scanner) meet(pos int, doc uint32, places []posting, fresh bool) {
	if s.x.docs[doc].hidden {
		for _, p := range places {
			s.tryWhole(doc, pos-int(p.pos))
		}
		return
	}
	n := s.x.settings.N
	c := s.candidate(doc)
	c.cover(pos, n)
	if fresh {
		for _, p := range places {
			c.mark(int(p.pos), n, len(s.x.docs[doc].tokens))
		}
	}
	for _, p := range places[:min(len(places), maxRepeats)] {
		s.lay(c, pos, diagonal{doc, pos - int(p.pos)})
	}
}

// cover counts the tokens of the text from pos that were not covered before. Hits come in the order of the text.
func (c *candidate) cover(pos, n int) {
	from := max(pos, c.coveredTo)
	c.covered += pos + n - from
	c.coveredTo = pos + n
}

// mark marks n tokens of the document from pos.
func (c *candidate) mark(pos, n, size int) {
	if c.marks == nil {
		c.marks = make([]uint64, (size+63)/64)
	}
	for i := pos; i < pos+n; i++ {
		c.marks[i>>6] |= 1 << (i & 63)
	}
}

// lay extends the run of shared n-grams on a diagonal by the one at pos, or begins one there.
func (s *Scanner) lay(c *candidate, pos int, d diagonal) {
	n := s.x.settings.N
	run, ok := s.diagonals[d]
	if !ok && s.x.docs[d.doc].masked {
		s.tryWhole(d.doc, d.shift)
	}
	if !ok || run.to != pos+n-1 {
		run.from = pos
	}
	run.to = pos + n
	s.diagonals[d] = run
	if run.len() > c.longest.len() {
		c.longest = run
	}
}

// tryWhole looks whether the whole of a document whose n-grams are masked stands in the text at shift. Where it is shorter
// than a span that counts by itself, and nothing in it is its own, it must also make up enough of the text.
func (s *Scanner) tryWhole(d uint32, shift int) {
	doc := &s.x.docs[d]
	end := shift + len(doc.tokens)
	if shift < 0 || end > len(s.tokens) || !slices.Equal(doc.tokens, s.tokens[shift:end]) {
		return
	}
	if len(doc.tokens) >= s.x.settings.Span || !doc.hidden || s.enough(len(doc.tokens)) {
		s.candidate(d).hold(Whole, shift, end)
	}
}

// judge turns candidates into matches, in the order of the documents.
func (s *Scanner) judge() {
	slices.SortFunc(s.candidates, func(a, b candidate) int { return cmp.Compare(a.doc, b.doc) })
	for i := range s.candidates {
		if m := s.match(&s.candidates[i]); m.Rule != 0 {
			s.matches = append(s.matches, m)
		}
	}
}

// match is what a candidate shares with the text, with the first rule that holds.
func (s *Scanner) match(c *candidate) Match {
	doc, set := &s.x.docs[c.doc], &s.x.settings
	size := float64(len(doc.tokens))
	marked := 0
	for _, w := range c.marks {
		marked += bits.OnesCount64(w)
	}
	m := Match{
		Refs: doc.refs, Rule: c.rule, ItemTokens: len(doc.tokens), Matched: c.covered, LongestSpan: c.longest.len(),
		CovTest: float64(marked) / size, CovTrain: float64(c.covered) / float64(len(s.tokens)),
	}
	switch {
	case c.rule == Exact || c.rule == Skeleton:
	case m.CovTest >= set.CovTest:
		m.Rule = CoverTest
	case m.CovTrain >= set.CovTrain && m.Matched >= set.Span:
		m.Rule = CoverTrain
	case m.LongestSpan >= set.Span:
		m.Rule = LongSpan
	}
	span := c.longest
	switch m.Rule {
	case Exact, Whole, Short: // the item is there in one run, whatever is masked or too short for n-grams
		span = stretch{c.from, c.to}
		m.Matched, m.LongestSpan, m.CovTest = max(m.Matched, span.len()), span.len(), 1
		m.CovTrain = float64(m.Matched) / float64(len(s.tokens))
	case Skeleton: // token borders may differ everywhere, so there need be no run
		span = stretch{c.from, c.to}
	}
	if span.len() > 0 {
		m.Start, m.End = s.places[span.from].Start, s.places[span.to-1].End
	}
	return m
}
