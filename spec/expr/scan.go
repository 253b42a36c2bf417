package expr

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
	"unsafe"
)

const (
	ones  = 0x0101_0101_0101_0101
	highs = 0x80 * ones
)

// special returns a word of which the lowest bit that is set is in the first byte of x that is a quote, a backslash or a
// control character; zero where there is none. Bits above it mean nothing. (Subtracting borrows from the next byte only
// behind a hit; see H. S. Warren, Hacker's Delight, section 6-1.)
func special(x uint64) uint64 {
	quote, backslash := x^'"'*ones, x^'\\'*ones
	return ((quote-ones)&^quote | (backslash-ones)&^backslash | (x-0x20*ones)&^x) & highs
}

// plainUpTo returns the first place in s, from i on, of a quote, a backslash or a control character, or len(s). Eight bytes
// at a time: the texts of records are most of what is read.
func plainUpTo(s string, i int) int {
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	for ; i+8 <= len(b); i += 8 {
		if hit := special(binary.LittleEndian.Uint64(b[i:])); hit != 0 {
			return i + bits.TrailingZeros64(hit)>>3
		}
	}
	for i < len(s) && s[i] != '"' && s[i] != '\\' && s[i] >= 0x20 {
		i++
	}
	return i
}

// plainASCIIUpTo is plainUpTo, and stops at what is not ASCII, too.
func plainASCIIUpTo(s string, i int) int {
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		if hit := special(x) | x&highs; hit != 0 {
			return i + bits.TrailingZeros64(hit)>>3
		}
	}
	for i < len(s) && s[i] != '"' && s[i] != '\\' && s[i] >= 0x20 && s[i] < utf8.RuneSelf {
		i++
	}
	return i
}
