// Package text brings text to its normal form N1, in which two texts are equal when they say the same words: it is what
// hashing, deduplication, decontamination and splits compare.
//
// N1 is Unicode NFKC, then simple case folding, then one space for every maximal run of characters that are neither
// letter, mark nor number, and no space at either end. The tokens of a text are the fields of its N1, except that Han,
// Hiragana, Katakana, Thai, Lao, Khmer and Myanmar, which are written without spaces, give one token per character with
// its marks: otherwise every n-gram method would see one huge token. NFKC is applied again after folding, because folding
// can make a base letter that composes with its mark, and so N1 of an N1 is itself. Bytes that are not UTF-8 separate
// tokens.
//
// The package knows no language: it does not stem, drop stop words or segment.
package text

import (
	"crypto/sha256"
	"unicode/utf8"
)

// Version names the method in cache keys. The tables of Unicode are part of the method; a test pins their version.
const Version = "text/1"

// Form chooses a variant of the normal form. The zero value is N1 itself.
type Form struct {
	// DigitsZero writes every decimal number, \p{Nd}+([.,]\p{Nd}+)?, as a single 0.
	DigitsZero bool
	// MarksStrip drops nonspacing marks (Mn) after decomposition, so that é equals e.
	MarksStrip bool
}

// N1 is the normal form that everything uses unless told otherwise.
var N1 = Form{}

// Token is the place of a token in the original text: bytes Start to End. Where the normal form of one character has
// several tokens, as of ½, their ranges overlap.
type Token struct{ Start, End int }

// Tokens is where the tokens of s are.
func Tokens(s string) []Token { return N1.AppendTokens(nil, s) }

// Normalize is the N1 of s.
func Normalize(s string) string { return string(N1.Append(nil, s)) }

// AppendHashes appends a 64-bit hash per token of s. Equal tokens have equal hashes on every machine; unequal tokens can,
// rarely, have equal hashes too, so a hit must be verified on the text.
func AppendHashes(dst []uint64, s string) []uint64 { return N1.AppendHashes(dst, s) }

// Hash is the SHA-256 of the N1 of s.
func Hash(s string) [32]byte { return sha256.Sum256(N1.Append(nil, s)) }

// Skeleton is the N1 of s without spaces and marks: its letters and numbers only.
func Skeleton(s string) string { return string(N1.AppendSkeleton(nil, s)) }

// AppendTokens appends the places of the tokens of s.
func (f Form) AppendTokens(dst []Token, s string) []Token {
	var r Reader
	for r.Reset(f, s); r.Next(); {
		dst = append(dst, r.Token())
	}
	return dst
}

// AppendHashes appends a 64-bit hash per token of s.
func (f Form) AppendHashes(dst []uint64, s string) []uint64 {
	var r Reader
	for r.Reset(f, s); r.Next(); {
		dst = append(dst, r.Hash())
	}
	return dst
}

// Append appends the normal form of s.
func (f Form) Append(dst []byte, s string) []byte {
	var r Reader
	begin := len(dst)
	for r.Reset(f, s); r.Next(); {
		if len(dst) > begin && !r.Joined() {
			dst = append(dst, ' ')
		}
		dst = r.AppendText(dst)
	}
	return dst
}

// AppendSkeleton appends the letters and numbers of the normal form of s.
func (f Form) AppendSkeleton(dst []byte, s string) []byte {
	var r Reader
	for r.Reset(f, s); r.Next(); {
		dst = r.AppendSkeleton(dst)
	}
	return dst
}

// HashToken is the hash that AppendHashes gives a token of this normal form.
func HashToken[T string | []byte](token T) uint64 {
	h := uint64(hashStart)
	for i := range len(token) {
		h = (h ^ uint64(token[i])) * hashPrime
	}
	return finish(h)
}

// The token hash is FNV-1a, which needs no look-ahead and so can run while a token is read, with a finisher because its
// high bits alone are weak.
const (
	hashStart = 14695981039346656037
	hashPrime = 1099511628211
)

func finish(h uint64) uint64 {
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

// appendLower appends a token of the ASCII fast path, in lower case.
func appendLower(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = append(dst, ascii[s[i]])
	}
	return dst
}

// appendLettersAndNumbers appends tok without its marks.
func appendLettersAndNumbers(dst, tok []byte) []byte {
	for i := 0; i < len(tok); {
		r, n := utf8.DecodeRune(tok[i:])
		if r < utf8.RuneSelf || lookup(r).class != mark {
			dst = append(dst, tok[i:i+n]...)
		}
		i += n
	}
	return dst
}
