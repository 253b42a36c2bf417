package split

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stage/prompts"
	"github.com/prefab-build/prefab/spec"
)

// Proofs are what is kept of splits in which nothing leaked. Whether anything does depends on the different prompts and their
// parts alone. So where an earlier split leaked nothing, and most prompts are in the part that they were in then, what is
// left to look at is which prompts are similar to one that is new there.
type proofs struct {
	kept   stage.Shared
	digest *digest // of this split
}

// fewRows is the number of rows below which nothing is kept: to compare them takes less than a second.
const fewRows = 50_000

// known reports whether it is known, or can be found out quickly, that nothing leaks.
func (l *leakCheck) known(ctx context.Context) (p *proofs, clean bool, err error) {
	if len(l.part) < l.few {
		return nil, false, nil
	}
	p = &proofs{
		kept:   l.task.Shared("splits without leakage", "1", simjoin.Version, text.Version, ratioOf(l.config).String(), fmt.Sprint(l.Shingle)),
		digest: newDigest(l.keys, l.part),
	}
	old := p.nearest(ctx)
	if old == nil {
		return p, false, nil
	}
	fresh, n := p.digest.changed(old, l.keys, l.part)
	if 10*n > len(l.part) {
		return p, false, nil
	}
	if n > 0 {
		if clean, err = l.cleanBut(ctx, fresh, n); !clean || err != nil {
			return p, false, err
		}
	}
	return p, true, p.keep(ctx)
}

// cleanBut reports whether none of the n fresh rows is similar to a row of another part.
func (l *leakCheck) cleanBut(ctx context.Context, fresh []bool, n int) (bool, error) {
	tau, seen, builder := ratioOf(l.config), simjoin.NewFilter(n), simjoin.NewBuilder()
	var rows []int // of the sets
	add := func(row int, set []uint64) {
		builder.Add(set)
		rows = append(rows, row)
	}
	err := l.each(ctx, func(row int) bool { return fresh[row] }, nil, func(row int, set []uint64) {
		seen.Add(set)
		add(row, set)
	})
	if err != nil {
		return false, err
	}
	err = l.each(ctx,
		func(row int) bool { return !fresh[row] && l.part[row] >= 0 },
		func(set []uint64) bool { return tau.Reached(seen.Count(set), len(set)) }, add)
	if err != nil {
		return false, err
	}
	sets := builder.Collection()
	for p := range l.parts {
		touched, err := sets.Touched(ctx, tau,
			func(set int) bool { return fresh[rows[set]] && l.part[rows[set]] == p },
			func(set int) bool { return l.part[rows[set]] != p }, 0)
		if len(touched) > 0 || err != nil {
			return false, err
		}
	}
	return true, nil
}

// keep keeps the digest of a split in which nothing leaked.
func (p *proofs) keep(ctx context.Context) error {
	if p == nil {
		return nil
	}
	b := p.digest.encode()
	return p.kept.Put(ctx, spec.HashBytes(b), p.digest.head(), b)
}

// nearest returns the kept digest that has most in common with this split's, nil without any.
func (p *proofs) nearest(ctx context.Context) (best *digest) {
	most, head := 0, p.digest.head()
	var nearest spec.Digest
	for _, input := range p.kept.Inputs() {
		other, ok := p.kept.Head(input)
		if !ok || len(other) != len(head) {
			continue
		}
		// Of equally near ones any will do, and always the same one.
		if n := common(head, other); n > most || n == most && n > 0 && bytes.Compare(input[:], nearest[:]) < 0 {
			most, nearest = n, input
		}
	}
	if most == 0 {
		return nil
	}
	b, ok := p.kept.Get(ctx, nearest)
	if !ok {
		return nil
	}
	return decodeDigest(b, len(p.digest.stretches))
}

// A digest says for each stretch of the prompts' hashes which prompts are there and in which parts: two splits for which it
// says the same have those in common.
type digest struct {
	stretches []uint64
	shift     uint
}

// perStretch is about how many prompts a stretch has: as many are looked at for each that is new. A digest takes two bytes a
// prompt.
const perStretch = 4

// newDigest makes the digest of a split. Rows of no part are in none.
func newDigest(keys [][]prompts.Key, part []int) *digest {
	type place struct {
		key  prompts.Key
		part int
	}
	places := make([]place, 0, len(part))
	for _, key := range slices.Concat(keys...) {
		places = append(places, place{key, part[len(places)]})
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(bytes.Compare(a.key[:], b.key[:]), cmp.Compare(a.part, b.part))
	})
	places = slices.DeleteFunc(slices.Compact(places), func(p place) bool { return p.part < 0 })
	log := bits.Len(uint(len(places) / perStretch))
	d := &digest{make([]uint64, 1<<log), uint(64 - log)}
	var of []byte
	for len(places) > 0 {
		stretch := d.stretch(places[0].key)
		of = of[:0]
		for len(places) > 0 && d.stretch(places[0].key) == stretch {
			of = append(append(of, places[0].key[:]...), byte(places[0].part))
			places = places[1:]
		}
		sum := sha256.Sum256(of)
		d.stretches[stretch] = binary.BigEndian.Uint64(sum[:])
	}
	return d
}

func (d *digest) stretch(k prompts.Key) int { return int(binary.BigEndian.Uint64(k[:8]) >> d.shift) }

// changed marks the rows of stretches that another digest says something else of, and counts them.
func (d *digest) changed(old *digest, keys [][]prompts.Key, part []int) (fresh []bool, n int) {
	fresh = make([]bool, 0, len(part))
	for _, key := range slices.Concat(keys...) {
		s := d.stretch(key)
		f := part[len(fresh)] >= 0 && d.stretches[s] != old.stretches[s]
		if fresh = append(fresh, f); f {
			n++
		}
	}
	return fresh, n
}

// headed is the number of stretches whose digests are looked at to find the nearest split.
const headed = 64

// head is a few bytes of a digest.
func (d *digest) head() []byte {
	var b []byte
	for _, s := range d.stretches[:min(headed, len(d.stretches))] {
		b = binary.BigEndian.AppendUint64(b, s)
	}
	return append(b, byte(d.shift))
}

// common counts the stretches that two heads say the same of; none where their stretches differ.
func common(a, b []byte) (n int) {
	last := len(a) - 1
	if a[last] != b[last] {
		return 0
	}
	for i := 0; i+8 <= last; i += 8 {
		if bytes.Equal(a[i:i+8], b[i:i+8]) {
			n++
		}
	}
	return n
}

func (d *digest) encode() []byte {
	b := make([]byte, 0, 8*len(d.stretches))
	for _, s := range d.stretches {
		b = binary.BigEndian.AppendUint64(b, s)
	}
	return b
}

// decodeDigest reads what encode wrote, nil where it is not of so many stretches.
func decodeDigest(b []byte, stretches int) *digest {
	if len(b) != 8*stretches {
		return nil
	}
	d := &digest{stretches: make([]uint64, stretches)}
	for i := range d.stretches {
		d.stretches[i] = binary.BigEndian.Uint64(b[8*i:])
	}
	return d
}
