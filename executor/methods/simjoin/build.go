package simjoin

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Builder takes sets one after another and keeps what a join needs: one or two bytes for each token of each distinct
// set, about thirty for each distinct token and a few tens for each row. The caller's slices are not kept. The zero
// Builder is not ready; use NewBuilder.
type Builder struct {
	tokens  table    // token hash -> token id
	hashes  []uint64 // token id -> token hash
	holders []uint32 // token id -> number of classes that hold it
	classes table    // set fingerprint -> class
	sets    store    // the token ids of each class, ascending
	at      []ref    // class -> where its ids are
	size    []int32  // class -> number of tokens
	first   []uint32 // class -> its first row
	class   []uint32 // row -> class
	sorted  []uint64 // scratch, as are all below
	ids     []uint32
	code    []byte
	sorter  sorter

	progress func(done, total int)
}

// NewBuilder returns an empty Builder.
func NewBuilder() *Builder { return &Builder{tokens: newTable(), classes: newTable()} }

// Watch is Collection.Watched for the collection to come. Until a join begins, 0 look-ups are done.
func (b *Builder) Watch(progress func(done, total int)) { b.progress = progress }

// Add takes the set of the next row and returns the row's number, counted from 0. The hashes may come in any order and more
// than once. It panics beyond 2^31 rows or tokens in one set.
func (b *Builder) Add(set []uint64) int {
	row := len(b.class)
	if row == math.MaxInt32 || len(set) > math.MaxInt32 {
		panic(fmt.Sprintf("simjoin: row %d with %d tokens is beyond 32 bits", row, len(set)))
	}
	set = b.distinct(set)
	b.ids = b.ids[:0]
	for _, h := range set {
		id, fresh := b.tokens.lookup(h, uint32(len(b.hashes)))
		if fresh {
			b.hashes = append(b.hashes, h)
			b.holders = append(b.holders, 0)
		}
		b.ids = append(b.ids, id)
	}
	b.sorter.sort(b.ids)
	b.code = encode(b.code[:0], b.ids)
	b.class = append(b.class, b.classOf(fingerprint(set), uint32(row)))
	return row
}

// distinct returns the set ascending and without repetitions, in scratch space unless it is so already.
func (b *Builder) distinct(set []uint64) []uint64 {
	for i := 1; i < len(set); i++ {
		if set[i-1] >= set[i] {
			b.sorted = append(b.sorted[:0], set...)
			slices.Sort(b.sorted)
			return slices.Compact(b.sorted)
		}
	}
	return set
}

// classOf returns the class of the set that ids and code are of, a new one when no row had it before. A fingerprint that
// two sets share is changed until one of them has it alone, so classes are exact.
func (b *Builder) classOf(print uint64, row uint32) uint32 {
	for ; ; print = mix(print + 1) {
		class, fresh := b.classes.lookup(print, uint32(len(b.first)))
		if fresh {
			b.first = append(b.first, row)
			b.size = append(b.size, int32(len(b.ids)))
			b.at = append(b.at, b.sets.put(b.code))
			for _, id := range b.ids {
				b.holders[id]++
			}
			return class
		}
		// Codes end where their numbers do, so equal sizes and a common beginning are equality.
		if int(b.size[class]) == len(b.ids) && bytes.HasPrefix(b.sets.at(b.at[class]), b.code) {
			return class
		}
	}
}

func fingerprint(set []uint64) uint64 {
	h := uint64(len(set))
	for _, t := range set {
		h = mix(h ^ t)
	}
	return h
}

// Collection returns the sets added so far. The Builder is used up: it must not be used again.
func (b *Builder) Collection() *Collection {
	rank, vocab := b.ranks()
	b.tokens, b.classes, b.hashes, b.holders = table{}, table{}, nil, nil
	n := len(b.first)
	order := make([]uint32, n)
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(x, y uint32) int {
		return cmp.Or(cmp.Compare(b.size[x], b.size[y]), cmp.Compare(x, y))
	})
	place := make([]uint32, n)
	for p, class := range order {
		place[class] = uint32(p)
	}
	c := &Collection{progress: b.progress, shape: large, class: b.class, vocab: vocab, first: make([]uint32, n), size: make([]int32, n), at: make([]ref, n), shared: make([]uint32, n)}
	for row, class := range c.class {
		c.class[row] = place[class]
	}
	b.class = nil
	b.rewrite(c, rank, place)
	c.tally()
	c.sign()
	return c
}

// rewrite moves the classes into the collection, with the ranks of their shared tokens instead of ids. Blocks that have
// been read are written to again.
func (b *Builder) rewrite(c *Collection, rank, place []uint32) {
	block := ref(0)
	for class, from := range b.at {
		for ; block < from>>32; block++ {
			c.sets.spare = append(c.sets.spare, b.sets.blocks[block])
		}
		c.beat(class)
		p := place[class]
		b.ids = decode(b.ids, b.sets.at(from), int(b.size[class]))
		kept := b.ids[:0]
		for _, id := range b.ids {
			if r := rank[id]; r != absent {
				kept = append(kept, r)
			}
		}
		b.sorter.sort(kept)
		b.code = encode(b.code[:0], kept)
		c.first[p], c.size[p], c.shared[p], c.at[p] = b.first[class], b.size[class], uint32(len(kept)), c.sets.put(b.code)
	}
	c.sets.spare = nil
	*b = Builder{}
}

// ranks numbers the tokens that two classes or more hold by how few hold them, ties by hash, so that neither the order of
// rows nor that of tokens shows. A token without a rank, held by one class, can never be shared: it gets absent.
func (b *Builder) ranks() (rank []uint32, vocab int) {
	var shared []uint32
	for id, n := range b.holders {
		if n > 1 {
			shared = append(shared, uint32(id))
		}
	}
	slices.SortFunc(shared, func(x, y uint32) int {
		return cmp.Or(cmp.Compare(b.holders[x], b.holders[y]), cmp.Compare(b.hashes[x], b.hashes[y]))
	})
	rank = make([]uint32, len(b.holders))
	for i := range rank {
		rank[i] = absent
	}
	for r, id := range shared {
		rank[id] = uint32(r)
	}
	return rank, len(shared)
}

const absent = ^uint32(0)
