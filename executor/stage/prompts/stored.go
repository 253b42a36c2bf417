package prompts

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"

	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// encode writes 20 bytes a prompt: the keys, then the places of the first of each one's group.
func (g *Groups) encode() []byte {
	b := make([]byte, 0, 20*len(g.keys))
	for i := range g.keys {
		b = append(b, g.keys[i][:]...)
	}
	for _, first := range g.lowest {
		b = binary.LittleEndian.AppendUint32(b, first)
	}
	return b
}

// decode reads what encode wrote; ok is false for anything else.
func decode(b []byte) (g *Groups, ok bool) {
	n := len(b) / 20
	if len(b) != 20*n {
		return nil, false
	}
	g = &Groups{keys: make([]Key, n), lowest: make([]uint32, n)}
	for i := range n {
		g.keys[i] = Key(b[16*i:])
		g.lowest[i] = binary.LittleEndian.Uint32(b[16*n+4*i:])
		if i > 0 && bytes.Compare(g.keys[i-1][:], g.keys[i][:]) >= 0 || int(g.lowest[i]) > i || g.lowest[g.lowest[i]] != g.lowest[i] {
			return nil, false
		}
	}
	return g, true
}

// sketched is the number of keys of a sketch: the share of common prompts is known to a twelfth or better.
const sketched = 64

// sketch returns the smallest keys. Those of the union of two sets of prompts are a random sample of it, which tells how much
// the two have in common.
func sketch(keys []Key) []byte {
	var b []byte
	for _, k := range keys[:min(len(keys), sketched)] {
		b = append(b, k[:]...)
	}
	return b
}

// common returns how many of the smallest keys of the union of two sets of prompts are in both.
func common(a, b []byte) (n int) {
	for seen := 0; seen < sketched && len(a) >= 16 && len(b) >= 16; seen++ {
		c := bytes.Compare(a[:16], b[:16])
		if c == 0 {
			n++
		}
		if c <= 0 {
			a = a[16:]
		}
		if c >= 0 {
			b = b[16:]
		}
	}
	return n
}

// nearest returns the groups that are kept of the prompts that have most in common with these, nil when none have anything.
func nearest(ctx context.Context, kept stage.Shared, keys []Key) *Groups {
	type near struct {
		input  spec.Digest
		common int
	}
	mine := sketch(keys)
	var list []near
	for _, input := range kept.Inputs() {
		if head, ok := kept.Head(input); ok {
			if n := common(mine, head); n > 0 {
				list = append(list, near{input, n})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b near) int { return b.common - a.common })
	for _, n := range list {
		if b, ok := kept.Get(ctx, n.input); ok {
			if g, ok := decode(b); ok {
				return g
			}
		}
	}
	return nil
}
