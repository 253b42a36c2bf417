package text

import (
	"slices"
	"unicode/utf8"
)

// CharShingles is the set of runs of n characters in the N1 of s, as sorted distinct hashes. A text of fewer than n
// characters has itself as its only shingle, and an empty one has none. It panics when n is not positive.
func CharShingles(s string, n int) []uint64 { return N1.AppendCharShingles(nil, s, n) }

// WordShingles is the set of runs of n tokens of s, as sorted distinct hashes. A text of fewer than n tokens has them all
// as its only shingle, and one without tokens has none. It panics when n is not positive.
func WordShingles(s string, n int) []uint64 { return N1.AppendWordShingles(nil, s, n) }

// AppendCharShingles is CharShingles in form f; it overwrites dst, to save allocations.
func (f Form) AppendCharShingles(dst []uint64, s string, n int) []uint64 {
	positive(n)
	dst = dst[:0]
	norm := f.Append(make([]byte, 0, len(s)), s)
	first, last, held := 0, 0, 0 // the window norm[first:last] holds that many characters
	for last < len(norm) {
		_, size := utf8.DecodeRune(norm[last:])
		last += size
		if held++; held < n {
			continue
		}
		dst = append(dst, HashToken(norm[first:last]))
		_, size = utf8.DecodeRune(norm[first:])
		first += size
		held--
	}
	if len(dst) == 0 && len(norm) > 0 {
		dst = append(dst, HashToken(norm))
	}
	return set(dst)
}

// AppendWordShingles is WordShingles in form f; it overwrites dst, to save allocations.
func (f Form) AppendWordShingles(dst []uint64, s string, n int) []uint64 {
	positive(n)
	dst = f.AppendHashes(dst[:0], s)
	switch {
	case len(dst) == 0:
		return dst
	case len(dst) < n:
		dst[0] = hashTokens(dst)
		return dst[:1]
	}
	count := len(dst) - n + 1
	for i := range count { // the run that starts at i is hashed before its first hash is overwritten
		dst[i] = hashTokens(dst[i : i+n])
	}
	return set(dst[:count])
}

// hashTokens hashes a run of token hashes, in order.
func hashTokens(tokens []uint64) uint64 {
	h := uint64(hashStart)
	for _, t := range tokens {
		h = finish(h*hashPrime ^ t)
	}
	return h
}

// set sorts hashes and drops repetitions. The upper bits of a hash are as good as random: once some hundreds are in the
// order of their first two bytes, next to none is out of place, which is a fifth of the work of comparing them all.
func set(hashes []uint64) []uint64 {
	const few, many = 64, 1 << 14
	if n := len(hashes); n >= few && n <= many {
		var room [512]uint64
		other := room[:]
		if n > len(room) {
			other = make([]uint64, n)
		}
		scatter(other[:n], hashes, 48)
		scatter(hashes, other[:n], 56)
	}
	slices.Sort(hashes)
	return slices.Compact(hashes)
}

// scatter copies hashes in the order of eight of their bits, those that have them alike in the order that they had.
func scatter(to, from []uint64, shift uint) {
	var count [256]uint32
	for _, h := range from {
		count[byte(h>>shift)]++
	}
	at := uint32(0)
	for d, n := range count {
		count[d] = at
		at += n
	}
	for _, h := range from {
		d := byte(h >> shift)
		to[count[d]] = h
		count[d]++
	}
}

func positive(n int) {
	if n <= 0 {
		panic("text: shingles of a length that is not positive")
	}
}
