// Package find looks for the texts of a row in bytes that may hold them in whatever form: as they are, in JSON with
// whichever characters escaped, in a field of a table. It compares letters and digits alone, so that quotes, escapes and
// layout make no difference. It errs on the side of finding: what it misses are texts too short to tell anything.
package find

import (
	"bytes"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/prefab-build/prefab/executor/dataset"
)

// Least is how many bytes of letters and digits a text must have to be looked for: shorter ones stand everywhere.
const Least = 12

// Texts are texts to look for.
type Texts struct{ forms [][][]byte } // of each text, what it may read like

// New returns those of the texts that are long enough.
func New(texts ...string) *Texts {
	t := &Texts{}
	for _, s := range texts {
		if forms := formsOf(s); forms != nil {
			t.forms = append(t.forms, forms)
		}
	}
	return t
}

// formsOf returns what is left of a text as it is, as JSON, and as JSON in JSON: a backslash of its own is part of an escape
// in the first only. How much there is of it, the second tells.
func formsOf(s string) (forms [][]byte) {
	quoted := dataset.AppendJSONString(nil, s)
	if len(Fold(nil, quoted)) < Least {
		return nil
	}
	for _, form := range [][]byte{[]byte(s), quoted, dataset.AppendJSONString(nil, string(quoted))} {
		f := Fold(nil, form)
		if len(f) >= Least && !slices.ContainsFunc(forms, func(g []byte) bool { return bytes.Equal(f, g) }) {
			forms = append(forms, f)
		}
	}
	return forms
}

// Len returns how many texts there are.
func (t *Texts) Len() int { return len(t.forms) }

// Any reports whether folded bytes hold one of the texts.
func (t *Texts) Any(folded []byte) bool {
	return slices.ContainsFunc(t.forms, func(forms [][]byte) bool { return holds(folded, forms) })
}

// All reports whether folded bytes hold every one of the texts, and there are any.
func (t *Texts) All(folded []byte) bool {
	return len(t.forms) > 0 && !slices.ContainsFunc(t.forms, func(forms [][]byte) bool { return !holds(folded, forms) })
}

// Drop leaves out the texts that folded bytes hold.
func (t *Texts) Drop(folded []byte) {
	t.forms = slices.DeleteFunc(slices.Clone(t.forms), func(forms [][]byte) bool { return holds(folded, forms) })
}

func holds(folded []byte, forms [][]byte) bool {
	return slices.ContainsFunc(forms, func(f []byte) bool { return bytes.Contains(folded, f) })
}

// Fold appends the letters and digits of b to dst, those that are escaped as in JSON decoded.
func Fold(dst, b []byte) []byte {
	for len(b) > 0 {
		c := b[0]
		switch {
		case c == '\\':
			r, n := escaped(b)
			b = b[n:]
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				dst = utf8.AppendRune(dst, r)
			}
		case c < utf8.RuneSelf:
			if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' {
				dst = append(dst, c)
			}
			b = b[1:]
		default:
			r, n := utf8.DecodeRune(b)
			if r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
				dst = append(dst, b[:n]...)
			}
			b = b[n:]
		}
	}
	return dst
}

// escaped decodes what a backslash begins, and returns how long it is. What stands for itself has no letter in it.
func escaped(b []byte) (r rune, n int) {
	if len(b) < 2 {
		return 0, len(b)
	}
	if b[1] != 'u' {
		return 0, 2
	}
	r, ok := hex(b)
	if !ok {
		return 'u', 2
	}
	if utf16.IsSurrogate(r) && len(b) > 6 {
		if low, ok := hex(b[6:]); ok {
			if both := utf16.DecodeRune(r, low); both != unicode.ReplacementChar {
				return both, 12
			}
		}
	}
	return r, 6
}

func hex(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	x, err := strconv.ParseUint(string(b[2:6]), 16, 32)
	return rune(x), err == nil
}
