package ngram

import (
	"bytes"
	"math"
	"slices"

	"github.com/prefab-build/prefab/executor/methods/text"
)

// Scanner scans texts, one at a time; each goroutine needs its own. It keeps its buffers, and a text that shares nothing
// with the benchmarks costs no allocation.
type Scanner struct {
	x      *Index
	read   text.Reader
	hashes []uint64 // of the text's tokens
	hits   []hit
	// The letters and numbers of a text of the length that some document has.
	skeleton []byte

	// The rest is filled only for texts with hits.
	tokens     []uint32 // numbers in the vocabulary, or unknown
	places     []text.Token
	buf        []byte
	candidates []candidate
	number     map[uint32]int // of a document among the candidates
	diagonals  map[diagonal]stretch
	seen       map[int]bool // groups whose places are marked in the items
	matches    []Match
}

// hit says that the n-gram at token pos of the text is that of a group, by hash.
type hit struct{ pos, group int }

// unknown is a token that no benchmark holds.
const unknown = math.MaxUint32

// NewScanner makes a scanner.
func (x *Index) NewScanner() *Scanner {
	return &Scanner{x: x, number: map[uint32]int{}, diagonals: map[diagonal]stretch{}, seen: map[int]bool{}}
}

// Scan is what contaminates a text, in the order in which the benchmarks list the items; nothing for a clean text. The
// matches are overwritten by the next Scan.
func (s *Scanner) Scan(t string) []Match {
	s.matches = s.matches[:0]
	all, length := s.hash(t)
	exact := s.x.whole[all&s.x.hashMask]
	skeletons := s.sameSkeleton(t, length)
	short := s.shortRuns()
	if len(s.hits) == 0 && len(exact) == 0 && len(skeletons) == 0 && !short {
		return nil
	}
	s.resolve(t)
	for _, d := range skeletons {
		if s.buf = s.x.skeleton(s.buf[:0], d); bytes.Equal(s.buf, s.skeleton) {
			s.candidate(d).hold(Skeleton, 0, len(s.tokens))
		}
	}
	for _, d := range exact {
		if slices.Equal(s.x.docs[d].tokens, s.tokens) {
			s.candidate(d).hold(Exact, 0, len(s.tokens))
		}
	}
	if short {
		s.short()
	}
	s.collect()
	s.judge()
	return s.matches
}

// hash reads the text once: token hashes, hits by rolling hash, the hash of all tokens and the length of the skeleton in bytes.
func (s *Scanner) hash(t string) (all uint64, length int) {
	x, n := s.x, s.x.settings.N
	s.hashes, s.hits = s.hashes[:0], s.hits[:0]
	var rolling uint64
	for s.read.Reset(x.settings.Form, t); s.read.Next(); {
		h := s.read.Hash()
		i := len(s.hashes)
		s.hashes = append(s.hashes, h)
		length += s.read.SkeletonLen()
		all = all*base + h
		rolling = rolling*base + h
		if i < n-1 {
			continue
		}
		if i >= n {
			rolling -= x.power * s.hashes[i-n]
		}
		if key := rolling & x.hashMask; x.grams.may(key) {
			first, end := x.grams.find(key)
			for g := first; g < end; g++ {
				s.hits = append(s.hits, hit{i - n + 1, g})
			}
		}
	}
	return all, length
}

// resolve reads the text again, for the places of its tokens and their numbers in the vocabulary. With these, tokens are
// compared by what they say rather than by hash.
func (s *Scanner) resolve(t string) {
	s.tokens, s.places = s.tokens[:0], s.places[:0]
	s.candidates = s.candidates[:0]
	clear(s.number)
	for s.read.Reset(s.x.settings.Form, t); s.read.Next(); {
		s.buf = s.read.AppendText(s.buf[:0])
		id, ok := s.x.vocabulary[string(s.buf)]
		if !ok {
			id = unknown
		}
		s.tokens = append(s.tokens, id)
		s.places = append(s.places, s.read.Token())
	}
}

// sameSkeleton is the documents whose letters and numbers have the hash of the text's. Most texts have a length that no
// document has, and are not even hashed.
func (s *Scanner) sameSkeleton(t string, length int) []uint32 {
	if _, ok := s.x.lengths[length]; !ok {
		return nil
	}
	s.skeleton = s.x.settings.Form.AppendSkeleton(s.skeleton[:0], t)
	return s.x.skeletons[text.HashToken(s.skeleton)&s.x.hashMask]
}

// shortRuns says whether some run of the text has the hash of a short document that could make up enough of the text.
func (s *Scanner) shortRuns() bool {
	found := false
	s.eachShortRun(func(h uint64, _, _ int) {
		found = found || len(s.x.whole[h]) > 0
	})
	return found
}

// short finds the short documents that are a run of the text and make up enough of it.
func (s *Scanner) short() {
	s.eachShortRun(func(h uint64, from, to int) {
		for _, d := range s.x.whole[h] {
			if slices.Equal(s.x.docs[d].tokens, s.tokens[from:to]) {
				s.candidate(d).hold(Short, from, to)
			}
		}
	})
}

// eachShortRun visits the runs of the text that a short document may be. Only a text little longer than such documents
// has any, so most texts cost nothing here.
func (s *Scanner) eachShortRun(visit func(h uint64, from, to int)) {
	set := &s.x.settings
	for n := min(set.N-1, len(s.hashes)); n >= set.ShortMin && s.enough(n); n-- {
		for from := 0; from+n <= len(s.hashes); from++ {
			var h uint64
			for _, t := range s.hashes[from : from+n] {
				h = h*base + t
			}
			visit(h&s.x.hashMask, from, from+n)
		}
	}
}

// enough says whether n tokens are ShortShare or more of the text.
func (s *Scanner) enough(n int) bool {
	return float64(n) >= s.x.settings.ShortShare*float64(len(s.hashes))
}

// skeleton appends the letters and numbers of a document, from its tokens.
func (x *Index) skeleton(dst []byte, d uint32) []byte {
	for _, id := range x.docs[d].tokens {
		dst = x.settings.Form.AppendSkeleton(dst, x.words[id])
	}
	return dst
}
