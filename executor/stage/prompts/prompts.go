// Package prompts groups the prompts of a table by what they say, for all kinds that need it: those that count prompts,
// divide rows, or give intervals over groups of them. The groups of the same prompts are found once, whichever kind asks
// first, and those of prompts that are mostly the same are found from what is known. It gives no other groups than
// comparing all prompts anew would give.
package prompts

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/prefab-build/prefab/executor/methods/grouping"
	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// A Key is the first half of the SHA-256 of a prompt's normal form: 128 bits, so that among a billion prompts two unequal
// ones meet with a probability below 10^-20.
type Key [16]byte

// KeyOf returns the key of a prompt.
func KeyOf(prompt string) Key {
	h := text.Hash(prompt)
	return Key(h[:16])
}

// A Source is the prompts of a table. Keys are held; the texts are read when they are needed, once or twice.
type Source struct {
	Keys [][]Key // by chunk, in the order of the rows; a prompt may stand more than once
	// Load returns the texts of a chunk, by their place in its keys. It is called from several goroutines.
	Load func(chunk int) (text func(k int) string, err error)
}

// Groups are prompts in groups, chains included. It never changes.
type Groups struct {
	keys   []Key    // distinct, ascending
	lowest []uint32 // the first of each one's group
}

// Len returns the number of distinct prompts.
func (g *Groups) Len() int { return len(g.keys) }

// Of returns the smallest key among the prompts of a prompt's group: a name that does not depend on the order of rows. It
// panics on a prompt that the groups were not made of.
func (g *Groups) Of(k Key) Key { return g.keys[g.lowest[g.index(k)]] }

// Sizes returns the number of distinct prompts of each group, the largest first.
func (g *Groups) Sizes() []int {
	count := make([]int, len(g.keys))
	for _, first := range g.lowest {
		count[first]++
	}
	count = slices.DeleteFunc(count, func(n int) bool { return n == 0 })
	slices.SortFunc(count, func(a, b int) int { return b - a })
	return count
}

// index returns the place of a key.
func (g *Groups) index(k Key) int {
	i, ok := find(g.keys, k)
	if !ok {
		panic(fmt.Sprintf("prompts: the prompt %x is in no group", k))
	}
	return i
}

// find looks a key up in ascending ones. Keys are evenly spread, so its place is nearly known: a look-up in a million
// touches two or three cache lines where halving would touch twenty.
func find(keys []Key, k Key) (int, bool) {
	lo, hi := 0, len(keys)
	at := int(float64(binary.BigEndian.Uint64(k[:8])) / (1 << 64) * float64(hi))
	for step := 1; lo < hi; step *= 2 {
		at = min(max(at, lo), hi-1)
		switch c := bytes.Compare(keys[at][:], k[:]); {
		case c == 0:
			return at, true
		case c < 0:
			lo = at + 1
			at += step
		default:
			hi = at
			at -= step
		}
		if step > len(keys) {
			break
		}
	}
	n, ok := slices.BinarySearchFunc(keys[lo:hi], k, func(a, b Key) int { return bytes.Compare(a[:], b[:]) })
	return lo + n, ok
}

// A Method says when prompts are alike: from which Jaccard index of the sets of their runs of characters.
type Method struct {
	Similarity float64
	Shingle    int // characters
}

// few is the number of distinct prompts below which nothing is kept: comparing them takes less than a tenth of a second.
const few = 2000

// Group groups the prompts of a source. Where they are grouped already, by this stage or another, no text is read.
func Group(ctx context.Context, t *stage.Task, m Method, src Source) (*Groups, error) {
	return group(ctx, t, m, src, few)
}

func group(ctx context.Context, t *stage.Task, m Method, src Source, few int) (*Groups, error) {
	tau, err := simjoin.Decimal(m.Similarity)
	if err != nil {
		return nil, err
	}
	j := &join{task: t, tau: tau, shingle: m.Shingle, src: src, Groups: Groups{keys: distinct(src.Keys)}}
	if len(j.keys) < few {
		return &j.Groups, j.from(ctx, nil)
	}
	kept := t.Shared("groups of prompts", "1", grouping.Version, tau.String(), fmt.Sprint(m.Shingle))
	input := digest(j.keys)
	unlock, err := kept.Lock(ctx, input)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if b, ok := kept.Get(ctx, input); ok {
		if g, ok := decode(b); ok && slices.Equal(g.keys, j.keys) {
			return g, nil
		}
	}
	if err := j.from(ctx, nearest(ctx, kept, j.keys)); err != nil {
		return nil, err
	}
	return &j.Groups, kept.Put(ctx, input, sketch(j.keys), j.encode())
}

// distinct returns the different keys of all chunks, ascending.
func distinct(chunks [][]Key) []Key {
	n := 0
	for _, list := range chunks {
		n += len(list)
	}
	all := make([]Key, 0, n)
	for _, list := range chunks {
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b Key) int {
		// The first word decides nearly always.
		return cmp.Or(cmp.Compare(binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(b[:8])), bytes.Compare(a[8:], b[8:]))
	})
	return slices.Compact(all)
}

func digest(keys []Key) spec.Digest {
	h := sha256.New()
	for i := range keys {
		h.Write(keys[i][:])
	}
	var d spec.Digest
	h.Sum(d[:0])
	return d
}
