package linear

import (
	"math"
	"unicode"
	"unicode/utf8"
)

// TokensVersion names the rules by which text becomes words and characters; it
// is stored with each model.
const TokensVersion = "linear-tokens/1"

// span is one word: the hash of its lower-case form and where it begins.
type span struct {
	hash uint64
	at   uint32
}

// scan takes text apart into words and characters, reusing its buffers.
//
// A word is a maximal run of letters, marks and digits in simple lower case; an
// apostrophe between two of them belongs to the word, so that "don't" is one.
// Scripts written without spaces give one word per character. Every other
// character that is not white space or a control is a word of its own:
// punctuation is style, and style is what preferences are often about.
type scan struct {
	words []span
	// chars holds one entry per character of the text in lower case, each run of
	// white space being one space, with one space before and after.
	chars []char
}

// char is a normalised character and where it came from.
type char struct {
	r  rune
	at uint32
}

// beforeText is the place of the space that stands before the text.
const beforeText = math.MaxUint32

// What an ASCII byte is. A byte that belongs to a word is its own lower case.
const (
	isSpace = 0 // white space and controls
	isMark  = 1 // punctuation and symbols
	isWide  = 2 // first or later byte of a character beyond ASCII
)

var class = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= utf8.RuneSelf:
			t[c] = isWide
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'z':
			t[c] = uint8(c)
		case c >= 'A' && c <= 'Z':
			t[c] = uint8(c) + 'a' - 'A'
		case c > ' ' && c < 0x7f:
			t[c] = isMark
		}
	}
	return t
}()

// Constants of the hash: FNV's offset and prime over the bytes, then the
// finaliser of MurmurHash3, so that every bit of the result is usable.
const (
	hashSeed  = 0xcbf29ce484222325
	hashPrime = 0x00000100000001b3
)

func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// scanWords fills s.words with the text's words, at most limit of them (no
// limit where it is negative).
func (s *scan) scanWords(text string, limit int) {
	s.words = s.words[:0]
	for i := 0; i < len(text) && len(s.words) != limit; {
		switch k := class[text[i]]; k {
		case isSpace:
			i++
		case isMark:
			s.words = append(s.words, span{mix((hashSeed ^ uint64(text[i])) * hashPrime), uint32(i)})
			i++
		default:
			i = s.scanWord(text, i)
		}
	}
}

// scanWord reads one word, or skips one character that is in none, and returns
// the position after it.
func (s *scan) scanWord(text string, from int) int {
	h := uint64(hashSeed)
	i := from
	for i < len(text) {
		k := class[text[i]]
		if k > isWide {
			h = (h ^ uint64(k)) * hashPrime
			i++
			continue
		}
		if k == isWide {
			r, size := utf8.DecodeRuneInString(text[i:])
			switch {
			case r == '’' && i > from && inWord(text[i+size:]):
				h = (h ^ '\'') * hashPrime
				i += size
				continue
			case alone(r) || !joins(r):
				if i > from {
					s.words = append(s.words, span{mix(h), uint32(from)})
				}
				if !unicode.IsSpace(r) && !unicode.IsControl(r) {
					s.words = append(s.words, span{mix(hashRune(hashSeed, r)), uint32(i)})
				}
				return i + size
			}
			h = hashRune(h, unicode.ToLower(r))
			i += size
			continue
		}
		if text[i] == '\'' && inWord(text[i+1:]) {
			h = (h ^ '\'') * hashPrime
			i++
			continue
		}
		break
	}
	s.words = append(s.words, span{mix(h), uint32(from)})
	return i
}

func hashRune(h uint64, r rune) uint64 {
	var buf [utf8.UTFMax]byte
	for _, b := range buf[:utf8.EncodeRune(buf[:], r)] {
		h = (h ^ uint64(b)) * hashPrime
	}
	return h
}

// inWord reports whether text begins with a character of a word.
func inWord(text string) bool {
	if len(text) == 0 {
		return false
	}
	if k := class[text[0]]; k != isWide {
		return k > isWide
	}
	r, _ := utf8.DecodeRuneInString(text)
	return joins(r) && !alone(r)
}

// joins reports whether a character beyond ASCII is part of a word.
func joins(r rune) bool { return unicode.In(r, unicode.L, unicode.M, unicode.N) }

// alone reports whether a character is a word by itself, as in scripts that
// write no spaces.
func alone(r rune) bool {
	return r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// scanChars fills s.chars from the text from position at on, at most limit of
// them (no limit where it is negative).
func (s *scan) scanChars(text string, limit int) {
	s.chars = append(s.chars[:0], char{' ', beforeText})
	space := true
	for i := 0; i < len(text) && len(s.chars) != limit; {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		switch {
		case r <= ' ' || r == 0x7f || r > 0x7f && unicode.IsSpace(r):
			if !space {
				s.chars = append(s.chars, char{' ', uint32(i)})
			}
			space = true
		case r < utf8.RuneSelf:
			if k := class[r]; k > isWide {
				r = rune(k)
			}
			s.chars, space = append(s.chars, char{r, uint32(i)}), false
		default:
			s.chars, space = append(s.chars, char{unicode.ToLower(r), uint32(i)}), false
		}
		i += size
	}
	if !space {
		s.chars = append(s.chars, char{' ', uint32(len(text))})
	}
}
