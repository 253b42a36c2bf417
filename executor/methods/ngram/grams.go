package ngram

import (
	"cmp"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

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
