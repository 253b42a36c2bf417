package ngram

import (
	"cmp"
	"errors"
	"math"
	"runtime"
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

// gram is an n-gram on its way into the table.
type gram struct {
	hash uint64
	posting
}

// group is the n-grams with the same tokens, and how many items share it.
type group struct {
	grams   []gram
	sharers int
}

func (b *builder) index() {
	all := b.allGrams()
	b.sort(all)
	groups := make([]group, 0, len(all))
	open, hidden := make([]bool, len(b.docs)), false // documents that keep an n-gram; whether any does not
	for rest := all; len(rest) > 0; {
		g := group{grams: rest[:b.run(rest)]}
		g.sharers = b.sharers(g.grams)
		for i := range g.grams {
			if d := g.grams[i].doc; g.sharers > b.settings.MaskAbove {
				b.docs[d].masked = true
			} else {
				open[d] = true
			}
		}
		groups = append(groups, g)
		rest = rest[len(g.grams):]
	}
	for d := range b.docs {
		doc := &b.docs[d]
		doc.hidden = doc.masked && !open[d]
		hidden = hidden || doc.hidden
	}
	var anchors map[posting]bool
	if hidden {
		anchors = b.anchors(groups)
	}
	b.fill(groups, len(all), anchors)
}

// sort orders n-grams, those of one first byte of the hash at a time so that all processors take part.
func (b *builder) sort(all []gram) {
	var ends [256]int
	for i := range all {
		ends[all[i].hash>>56]++
	}
	for i := range ends[1:] {
		ends[i+1] += ends[i]
	}
	next := ends // of each part, from its end
	dealt := make([]gram, len(all))
	for i := range all {
		to := &next[all[i].hash>>56]
		*to--
		dealt[*to] = all[i]
	}
	copy(all, dealt)
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i := range ends {
		part := all[next[i]:ends[i]]
		work.Go(func() error {
			slices.SortFunc(part, b.compare)
			return nil
		})
	}
	_ = work.Wait() // sorting does not fail
}

func (b *builder) allGrams() []gram {
	n := b.settings.N
	all := make([]gram, 0, b.tokens)
	for d := range b.docs {
		tokens := b.docs[d].tokens
		var h uint64
		for i, id := range tokens {
			h = h*base + b.hashes[id]
			if i >= n {
				h -= b.power * b.hashes[tokens[i-n]]
			}
			if i >= n-1 {
				all = append(all, gram{h & b.hashMask, posting{uint32(d), uint32(i - n + 1)}})
			}
		}
	}
	return all
}

// compare orders n-grams by hash, then tokens, then place.
func (b *builder) compare(p, q gram) int {
	if c := cmp.Compare(p.hash, q.hash); c != 0 {
		return c
	}
	return cmp.Or(slices.Compare(b.at(p.posting), b.at(q.posting)), cmp.Compare(p.doc, q.doc), cmp.Compare(p.pos, q.pos))
}

// at is the tokens of the n-gram at a place.
func (x *Index) at(p posting) []uint32 {
	return x.docs[p.doc].tokens[p.pos : int(p.pos)+x.settings.N]
}

// run is how many n-grams at the head of sorted are the same.
func (b *builder) run(sorted []gram) int {
	n := 1
	for n < len(sorted) && sorted[n].hash == sorted[0].hash && slices.Equal(b.at(sorted[0].posting), b.at(sorted[n].posting)) {
		n++
	}
	return n
}

// sharers is how many items hold an n-gram: fields of one item count once, and so do items with the same text. It stops
// counting where the mask begins.
func (b *builder) sharers(group []gram) int {
	type item struct{ benchmark, item int }
	var seen []item
	last := uint32(math.MaxUint32)
	for _, g := range group {
		if g.doc == last {
			continue
		}
		last = g.doc
		r := b.docs[g.doc].refs[0]
		if it := (item{r.Benchmark, r.Item}); !slices.Contains(seen, it) {
			if seen = append(seen, it); len(seen) > b.settings.MaskAbove {
				break
			}
		}
	}
	return len(seen)
}

// anchors chooses for every hidden document the one masked n-gram that leads to it: that with the fewest places, since
// each of them costs a comparison.
func (b *builder) anchors(groups []group) map[posting]bool {
	type choice struct {
		places int
		at     posting
	}
	best := map[uint32]choice{}
	for _, same := range groups {
		n := len(same.grams)
		for _, g := range same.grams {
			if !b.docs[g.doc].hidden {
				continue
			}
			if c, ok := best[g.doc]; !ok || n < c.places || n == c.places && g.pos < c.at.pos {
				best[g.doc] = choice{n, g.posting}
			}
		}
	}
	chosen := make(map[posting]bool, len(best))
	for _, c := range best {
		chosen[c.at] = true
	}
	return chosen
}

// fill builds the table of unmasked n-grams and anchors.
func (b *builder) fill(groups []group, grams int, anchors map[posting]bool) {
	t := &b.grams
	t.hashes, t.starts = make([]uint64, 0, len(groups)), make([]uint32, 0, len(groups)+1)
	t.postings = make([]posting, 0, grams)
	for _, same := range groups {
		start := len(t.postings)
		for i := range same.grams {
			if p := same.grams[i].posting; same.sharers <= b.settings.MaskAbove || anchors[p] {
				t.postings = append(t.postings, p)
			}
		}
		if len(t.postings) > start {
			t.hashes = append(t.hashes, same.grams[0].hash)
			t.starts = append(t.starts, uint32(start))
		}
	}
	t.index()
}
