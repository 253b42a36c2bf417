package ngram

import (
	"errors"
	"math"
	"slices"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/executor/methods/text"
)

// Index holds the n-grams of benchmarks. It is immutable, so any number of goroutines may scan with it, each with a
// Scanner of its own. It takes about 30 bytes per token of the benchmarks.
type Index struct {
	settings   Settings
	hashMask   uint64 // all ones, but in tests of collisions
	power      uint64 // base to the N: what the oldest token weighs when it leaves the rolling hash
	vocabulary map[string]uint32
	words      []string // the vocabulary by number
	docs       []document
	whole      map[uint64][]uint32 // documents by the hash of all their tokens
	skeletons  map[uint64][]uint32 // documents by the hash of their skeleton, where it is long enough
	lengths    map[int]struct{}    // of those skeletons, in bytes
	grams      table
	unscorable []Ref
	items      [][]bool // per benchmark and item, whether any field can be scored
}

// document is a text of the benchmarks: one, however many items hold it.
type document struct {
	tokens []uint32 // numbers in the vocabulary
	refs   []Ref
	masked bool // common phrases took some of its n-grams
	hidden bool // they took all, so it is matched as a whole, from an anchor
}

// base of the polynomial hash over token hashes, modulo 2^64. Token hashes are well mixed already; the base only has to be
// odd and keep places apart.
const base = 0xb5297a4d3f84d5b5

// NewIndex builds the index of benchmarks, or says what is wrong with the settings.
//
// Items with the same tokens in a field are one text: it is matched once, for all of them, and counts once when n-grams
// are masked. Otherwise a passage that belongs to twenty questions, or a benchmark listed twice, would mask itself.
func NewIndex(benchmarks []Benchmark, s Settings) (*Index, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	x := &Index{
		settings: s, hashMask: math.MaxUint64, power: 1,
		vocabulary: map[string]uint32{}, whole: map[uint64][]uint32{}, skeletons: map[uint64][]uint32{},
		lengths: map[int]struct{}{},
	}
	if s.collidingHash {
		x.hashMask = 3
	}
	for range s.N {
		x.power *= base
	}
	b := &builder{Index: x}
	for i := range benchmarks {
		b.benchmark(i, benchmarks[i].Items)
	}
	if b.tokens > math.MaxUint32 {
		return nil, errors.New("the benchmarks have over four billion tokens, more than an index can number")
	}
	var work errgroup.Group
	work.Go(func() error { b.enterSkeletons(); return nil })
	b.index()
	return x, work.Wait()
}

// Settings are those that the index was built with.
func (x *Index) Settings() Settings { return x.settings }

// Unscorable are the fields, empty ones aside, with too few tokens to be told from common speech.
func (x *Index) Unscorable() []Ref { return slices.Clone(x.unscorable) }

// UnscorableItems are the numbers of a benchmark's items none of whose fields can be scored.
func (x *Index) UnscorableItems(benchmark int) []int {
	var out []int
	for i, ok := range x.items[benchmark] {
		if !ok {
			out = append(out, i)
		}
	}
	return out
}

// Items is how many items a benchmark has.
func (x *Index) Items(benchmark int) int { return len(x.items[benchmark]) }

const seenBits = 16

// builder is an index in the making.
type builder struct {
	*Index
	hashes []uint64 // per number in the vocabulary
	// seen is the last token by the first bits of its hash: looking up common ones in the map took a sixth of the time.
	seen   [1 << seenBits]uint32
	tokens int
	read   text.Reader
	buf    []byte
	seq    []uint32
	texts  []string // of the documents

	numbers room[uint32]
	refs    room[Ref]
}

func (b *builder) benchmark(number int, items []Item) {
	scorable := make([]bool, len(items))
	for i := range items {
		for f := range fields {
			s := items[i].field(f)
			b.tokenize(s)
			switch ref := (Ref{number, i, f}); {
			case len(b.seq) >= b.settings.ShortMin:
				scorable[i] = true
				b.add(s, ref)
			case s != "":
				b.unscorable = append(b.unscorable, ref)
			}
		}
	}
	b.items = append(b.items, scorable)
}

// tokenize puts the tokens of s, as numbers in the vocabulary, into b.seq.
func (b *builder) tokenize(s string) {
	b.seq = b.seq[:0]
	for b.read.Reset(b.settings.Form, s); b.read.Next(); {
		b.buf = b.read.AppendText(b.buf[:0])
		h := b.read.Hash()
		seen := &b.seen[h>>(64-seenBits)]
		if id := *seen; int(id) >= len(b.words) || b.hashes[id] != h || b.words[id] != string(b.buf) {
			*seen = b.number(h)
		}
		b.seq = append(b.seq, *seen)
	}
}

// number is that of the token in b.buf, in the vocabulary from now on.
func (b *builder) number(h uint64) uint32 {
	id, ok := b.vocabulary[string(b.buf)]
	if !ok {
		id = uint32(len(b.words))
		b.words = append(b.words, string(b.buf))
		b.vocabulary[b.words[id]] = id
		b.hashes = append(b.hashes, h)
	}
	return id
}

// add puts the text of b.seq in the index, or its place beside the equal text that is there.
func (b *builder) add(s string, ref Ref) {
	var h uint64
	for _, id := range b.seq {
		h = h*base + b.hashes[id]
	}
	h &= b.hashMask
	for _, d := range b.whole[h] {
		if doc := &b.docs[d]; slices.Equal(doc.tokens, b.seq) {
			doc.refs = append(doc.refs, ref)
			return
		}
	}
	d := uint32(len(b.docs))
	b.docs = append(b.docs, document{tokens: b.numbers.keep(b.seq...), refs: b.refs.keep(ref)})
	b.tokens += len(b.seq)
	b.enter(b.whole, h, d)
	b.texts = append(b.texts, s)
}

// enterSkeletons lists the documents by their skeletons. It touches nothing that index does.
func (b *builder) enterSkeletons() {
	for d, s := range b.texts {
		b.buf = b.settings.Form.AppendSkeleton(b.buf[:0], s)
		if utf8.RuneCount(b.buf) >= b.settings.SkeletonChars {
			b.enter(b.skeletons, text.HashToken(b.buf)&b.hashMask, uint32(d))
			b.lengths[len(b.buf)] = struct{}{}
		}
	}
}

// enter lists a document under a hash. Nearly all hashes have one document.
func (b *builder) enter(list map[uint64][]uint32, h uint64, d uint32) {
	if others := list[h]; others != nil {
		list[h] = append(others, d)
		return
	}
	list[h] = b.numbers.keep(d)
}

// room hands out slices of large blocks: tens of thousands of documents have a handful of elements each.
type room[T any] struct{ block []T }

// keep copies elements into a slice of their own.
func (r *room[T]) keep(elements ...T) []T {
	if len(elements) > cap(r.block)-len(r.block) {
		r.block = make([]T, 0, max(len(elements), 1<<14))
	}
	n := len(r.block)
	r.block = append(r.block, elements...)
	return r.block[n:len(r.block):len(r.block)]
}
