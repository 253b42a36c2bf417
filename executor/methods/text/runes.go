package text

import (
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// class is what a character is to the tokenizer.
type class uint8

const (
	separator class = iota
	word            // a letter or number of a script with spaces
	alone           // a letter or number of a script without: a token of its own
	mark            // goes with what stands before it
)

// properties of one rune, all that the reader needs to know.
type properties struct {
	fold   rune
	class  class
	plain  bool // NFKC of the rune alone is the rune
	starts bool // NFKC never joins it with what stands before it
}

// ascii maps a byte to its lower case where it is a letter or digit, to 0 where it separates, and to 1 beyond ASCII.
var ascii = func() (t [256]byte) {
	for i := range t {
		c := byte(i)
		switch {
		case c >= 0x80:
			t[i] = 1
		case 'A' <= c && c <= 'Z':
			t[i] = c + 'a' - 'A'
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			t[i] = c
		}
	}
	return t
}()

// tableEnd bounds the table of properties: all alphabets in daily use and kana lie below it.
const tableEnd = 0x3200

// table is made when the first character beyond ASCII is met, which takes a few milliseconds.
var table = sync.OnceValue(func() *[tableEnd]properties {
	t := new([tableEnd]properties)
	for r := range t {
		t[r] = derive(rune(r))
	}
	return t
})

// lookup is the properties of r.
func lookup(r rune) properties {
	switch {
	case r < tableEnd:
		return table()[r]
	case 0x4e00 <= r && r <= 0x9fff: // unified ideographs
		return properties{fold: r, class: alone, plain: true, starts: true}
	case 0xac00 <= r && r <= 0xd7a3: // Hangul syllables
		return properties{fold: r, class: word, plain: true, starts: true}
	}
	return derive(r)
}

func derive(r rune) properties {
	s := string(r)
	return properties{
		fold:   fold(r),
		class:  classify(r),
		plain:  norm.NFKC.IsNormalString(s),
		starts: norm.NFKC.PropertiesString(s).BoundaryBefore(),
	}
}

// fold is Unicode's simple case folding. The lower case of the upper case is the same for all members of a case orbit;
// runes without one, such as dotless ı, stay as they are.
func fold(r rune) rune {
	if unicode.SimpleFold(r) == r {
		return r
	}
	return unicode.ToLower(unicode.ToUpper(r))
}

var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
	// Characters of Japanese that Unicode files under Common: closing mark, vertical repeat marks, masu, long vowel.
	{R16: []unicode.Range16{{0x3006, 0x3006, 1}, {0x3031, 0x3035, 1}, {0x303c, 0x303c, 1}, {0x30fc, 0x30fc, 1}}},
}

func classify(r rune) class {
	switch {
	case unicode.Is(unicode.M, r):
		return mark
	case !unicode.IsLetter(r) && !unicode.IsNumber(r):
		return separator
	case r >= 0x0e00 && unicode.In(r, unspaced...):
		return alone
	}
	return word
}
