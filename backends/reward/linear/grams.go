package linear

import (
	"unicode"
	"unicode/utf8"
)

// shape says what kind of n-gram a feature is: the family in the high four bits,
// n in the low ones.
type shape uint8

const (
	wordShape shape = 1 << 4 // n words in a row
	charShape shape = 2 << 4 // n characters in a row
	leadShape shape = 3 << 4 // the first n words
	families        = 3
)

func (s shape) family() int { return int(s>>4) - 1 } // from 0
func (s shape) n() int      { return int(s & 15) }

// gram is one occurrence of an n-gram.
type gram struct {
	hash  uint64
	at    uint32
	shape shape
}

// leadWords is how many opening words are features of their own: openings such
// as "I'm sorry" or "Sure, here" say what kind of answer follows.
const leadWords = 3

// grams lists the n-grams of the words and characters that s holds: those of the
// config, in a fixed order, by family.
func (s *scan) grams(out []gram, cfg Config) []gram {
	out = out[:0]
	for _, n := range cfg.Ngrams {
		salt := mix(uint64(wordShape) + uint64(n))
		switch n {
		case 1:
			for _, w := range s.words {
				out = append(out, gram{w.hash, w.at, wordShape + 1})
			}
		case 2:
			for i := 1; i < len(s.words); i++ {
				out = append(out, gram{mix(s.words[i-1].hash*3 + s.words[i].hash + salt), s.words[i-1].at, wordShape + 2})
			}
		default:
			for i := 0; i+n <= len(s.words); i++ {
				out = append(out, gram{chain(s.words[i:i+n], salt), s.words[i].at, wordShape + shape(n)})
			}
		}
	}
	for _, n := range cfg.CharNgrams {
		salt := mix(uint64(charShape) + uint64(n))
		for i := 0; i+n <= len(s.chars); i++ {
			h := salt
			for _, c := range s.chars[i : i+n] {
				h = (h ^ uint64(c.r)) * hashPrime
			}
			out = append(out, gram{mix(h), s.chars[i].at, charShape + shape(n)})
		}
	}
	if cfg.Lead {
		for n := 1; n <= leadWords && n <= len(s.words); n++ {
			out = append(out, gram{chain(s.words[:n], mix(uint64(leadShape)+uint64(n))), 0, leadShape + shape(n)})
		}
	}
	return out
}

func chain(words []span, salt uint64) uint64 {
	h := salt
	for _, w := range words {
		h = mix(h*3 + w.hash)
	}
	return h
}

// appendText appends what an n-gram of the given shape at a place in a document
// reads: its words in lower case with one space between them, or its characters.
func (s *scan) appendText(out []byte, doc string, at uint32, sh shape) []byte {
	if sh&^15 == charShape {
		for _, c := range s.charsAt(doc, at, sh.n()) {
			out = utf8.AppendRune(out, c.r)
		}
		return out
	}
	doc = doc[at:]
	s.scanWords(doc, sh.n()+1)
	for i, w := range s.words[:min(sh.n(), len(s.words))] {
		if i > 0 {
			out = append(out, ' ')
		}
		end := len(doc)
		if i+1 < len(s.words) {
			end = int(s.words[i+1].at)
		}
		out = appendWord(out, doc[w.at:end])
	}
	return out
}

// charsAt returns the n characters that begin at a place in a document.
func (s *scan) charsAt(doc string, at uint32, n int) []char {
	from := at
	if at == beforeText {
		from = 0
	}
	s.scanChars(doc[from:], n+1)
	chars := s.chars
	if at != beforeText && len(chars) > 1 && chars[1].at == 0 {
		chars = chars[1:] // the space before doc[from:] is not in the document
	}
	return chars[:min(n, len(chars))]
}

// appendWord appends the one word that text begins with, in lower case. Only
// white space and controls may follow it: all else would be a word.
func appendWord(out []byte, text string) []byte {
	for i, r := range text {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			break
		}
		if r == '’' && i > 0 {
			r = '\''
		}
		out = utf8.AppendRune(out, unicode.ToLower(r))
	}
	return out
}
