package text

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Reader reads the tokens of a text one by one, for callers that need place, hash and words together or read many texts
// without allocating: Reset keeps its buffers. The zero value reads nothing. One goroutine at a time.
type Reader struct {
	form Form
	s    string
	pos  int  // first byte of s not yet read or queued
	gap  bool // whether a separator was passed since the last token

	// Characters normalised but not yet taken: queue[head:].
	queue []unit
	head  int

	// The current token. Where lower is set its text is s[Start:End] in lower case, else it is tok.
	token  Token
	hash   uint64
	lower  bool
	joined bool
	tok    []byte

	decomposed, folded []byte
}

// unit is one character of the normal form, and the bytes of the original that it comes from.
type unit struct {
	r          rune
	class      class
	start, end int
}

// Reset starts reading s in form f.
func (r *Reader) Reset(f Form, s string) {
	r.form, r.s, r.pos, r.gap = f, s, 0, true
	r.queue, r.head = r.queue[:0], 0
}

// Token is the place of the current token.
func (r *Reader) Token() Token { return r.token }

// Hash is the hash of the current token.
func (r *Reader) Hash() uint64 { return r.hash }

// Joined says that no separator stands between the token before and the current one, as between ideographs. It is false
// for the first token.
func (r *Reader) Joined() bool { return r.joined }

// AppendText appends the current token's normal form.
func (r *Reader) AppendText(dst []byte) []byte {
	if r.lower {
		return appendLower(dst, r.s[r.token.Start:r.token.End])
	}
	return append(dst, r.tok...)
}

// AppendSkeleton appends the letters and numbers of the current token.
func (r *Reader) AppendSkeleton(dst []byte) []byte {
	if r.lower {
		return r.AppendText(dst)
	}
	return appendLettersAndNumbers(dst, r.tok)
}

// SkeletonLen is how many bytes AppendSkeleton appends.
func (r *Reader) SkeletonLen() int {
	if r.lower {
		return r.token.End - r.token.Start
	}
	n := 0
	for i := 0; i < len(r.tok); {
		c, size := utf8.DecodeRune(r.tok[i:])
		if c < utf8.RuneSelf || lookup(c).class != mark {
			n += size
		}
		i += size
	}
	return n
}

// Next advances to the next token, and says whether there is one.
func (r *Reader) Next() bool {
	for {
		if r.head == len(r.queue) && !r.form.DigitsZero {
			if r.fast() {
				return true
			}
			if r.pos == len(r.s) {
				return false
			}
		}
		if r.slow() {
			return true
		}
		if r.head == len(r.queue) && r.pos == len(r.s) {
			return false
		}
	}
}

// fast reads a token of ASCII alone. Where it finds something else it says false and leaves pos at the first byte that
// needs slow, or at the end of the text. A character right before one beyond ASCII is left to slow too, since the two may
// combine.
func (r *Reader) fast() bool {
	s, i := r.s, r.pos
	for i < len(s) && ascii[s[i]] == 0 {
		i++
	}
	if i < len(s) && ascii[s[i]] == 1 && i > r.pos {
		i--
	}
	r.gap = r.gap || i > r.pos
	r.pos = i
	h := uint64(hashStart)
	for i < len(s) {
		c := ascii[s[i]]
		if c <= 1 {
			break
		}
		h = (h ^ uint64(c)) * hashPrime
		i++
	}
	if i == r.pos || i < len(s) && ascii[s[i]] == 1 {
		return false
	}
	r.token = Token{r.pos, i}
	r.hash = finish(h)
	r.lower = true
	r.joined, r.gap = !r.gap, false
	r.pos = i
	return true
}

// slow reads a token character by character. It says false at the end of the text, and also when it has passed only
// separators and nothing is queued, so that fast may take over.
func (r *Reader) slow() bool {
	r.tok = r.tok[:0]
	single := false
	for r.peek(0) {
		u := r.queue[r.head]
		begun := len(r.tok) > 0
		switch {
		case u.class == separator && !begun:
			r.gap = true
			r.head++
			if r.head == len(r.queue) {
				return false
			}
			continue
		case u.class == separator:
			r.end()
			r.gap = true
			r.head++
			return true
		case begun && (u.class == alone || u.class == word && single):
			r.end()
			return true
		}
		if !begun {
			r.token.Start = u.start
			single = u.class == alone
		}
		r.token.End = u.end
		r.head++
		if r.form.DigitsZero && unicode.IsDigit(u.r) {
			r.number()
			u.r = '0'
		}
		r.tok = utf8.AppendRune(r.tok, u.r)
	}
	if len(r.tok) == 0 {
		return false
	}
	r.end()
	return true
}

// end completes the token that slow gathered in tok.
func (r *Reader) end() {
	r.hash = HashToken(r.tok)
	r.lower = false
	r.joined, r.gap = !r.gap, false
}

// number takes the rest of a decimal number whose first digit was taken: digits, and once a point or comma with digits
// after it.
func (r *Reader) number() {
	r.digits()
	if r.peek(1) {
		point, after := r.queue[r.head], r.queue[r.head+1]
		if (point.r == '.' || point.r == ',') && unicode.IsDigit(after.r) {
			r.head++
			r.digits()
		}
	}
}

func (r *Reader) digits() {
	for r.peek(0) && unicode.IsDigit(r.queue[r.head].r) {
		r.token.End = r.queue[r.head].end
		r.head++
	}
}

// peek makes sure that n more characters are queued behind the next one, and says whether the text had them.
func (r *Reader) peek(n int) bool {
	for len(r.queue)-r.head <= n {
		if r.pos == len(r.s) {
			return false
		}
		if r.head > 0 {
			r.queue = slices.Delete(r.queue, 0, r.head)
			r.head = 0
		}
		r.fill()
	}
	return true
}

// fill queues the next characters that no others can combine with: most often one.
func (r *Reader) fill() {
	s, start := r.s[r.pos:], r.pos
	c, size := utf8.DecodeRuneInString(s)
	p := asciiProperties(c)
	if c >= utf8.RuneSelf {
		p = lookup(c)
	}
	if p.plain && (c < utf8.RuneSelf || !r.form.MarksStrip) && startsAnew(s[size:]) {
		r.pos += size
		r.queue = append(r.queue, unit{p.fold, p.class, start, r.pos})
		return
	}
	n := norm.NFKC.NextBoundaryInString(s, true)
	if n <= 0 {
		n = size
	}
	r.pos += n
	r.segment(s[:n], start)
}

// segment queues the normal form of a run of characters that may combine with one another.
func (r *Reader) segment(seg string, start int) {
	form := norm.NFKC
	if r.form.MarksStrip {
		form = norm.NFKD
	}
	r.decomposed = form.AppendString(r.decomposed[:0], seg)
	r.folded = r.folded[:0]
	for b := r.decomposed; len(b) > 0; {
		c, n := utf8.DecodeRune(b)
		b = b[n:]
		if r.form.MarksStrip && unicode.Is(unicode.Mn, c) {
			continue
		}
		r.folded = utf8.AppendRune(r.folded, fold(c))
	}
	r.decomposed = norm.NFKC.Append(r.decomposed[:0], r.folded...)
	for b := r.decomposed; len(b) > 0; {
		c, n := utf8.DecodeRune(b)
		b = b[n:]
		class := asciiProperties(c).class
		if c >= utf8.RuneSelf {
			class = lookup(c).class
		}
		r.queue = append(r.queue, unit{c, class, start, start + len(seg)})
	}
}

// startsAnew says that the first character of s surely does not combine with what stands before it.
func startsAnew(s string) bool {
	if s == "" || s[0] < utf8.RuneSelf {
		return true
	}
	c, _ := utf8.DecodeRuneInString(s)
	return lookup(c).starts
}

// asciiProperties is lookup for ASCII without the table.
func asciiProperties(r rune) properties {
	p := properties{fold: r, plain: true, starts: true}
	if r < utf8.RuneSelf {
		if c := ascii[r]; c != 0 {
			p.fold, p.class = rune(c), word
		}
	}
	return p
}
