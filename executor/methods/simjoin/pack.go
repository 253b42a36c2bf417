package simjoin

import (
	"encoding/binary"
	"slices"
)

// store keeps ascending lists of 32-bit numbers as varints of their differences, about a byte and a half a number where
// four would be needed. It grows by blocks and never copies what it has, so a million prompts of 300 shingles fit
// into half a gigabyte at all times, not only at the end.
type store struct {
	blocks [][]byte
	spare  [][]byte // emptied blocks of another store, to be used first
}

// ref is the place of a list: the block in the upper half, the offset in the lower.
type ref uint64

const blockSize = 1 << 20

// put stores an encoded list.
func (s *store) put(code []byte) ref {
	last := len(s.blocks) - 1
	if last < 0 || len(s.blocks[last])+len(code) > cap(s.blocks[last]) {
		s.blocks = append(s.blocks, s.block(len(code)))
		last++
	}
	at := ref(last)<<32 | ref(len(s.blocks[last]))
	s.blocks[last] = append(s.blocks[last], code...)
	return at
}

func (s *store) block(size int) []byte {
	if n := len(s.spare); n > 0 && cap(s.spare[n-1]) >= size {
		b := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return b[:0]
	}
	return make([]byte, 0, max(blockSize, size))
}

// at returns the block from a list's place on.
func (s *store) at(r ref) []byte { return s.blocks[r>>32][uint32(r):] }

// encode appends the code of an ascending list.
func encode(code []byte, list []uint32) []byte {
	last := uint32(0)
	for _, x := range list {
		code = binary.AppendUvarint(code, uint64(x-last))
		last = x
	}
	return code
}

// decode replaces list by the n numbers that the code begins with.
func decode(list []uint32, code []byte, n int) []uint32 {
	list = slices.Grow(list[:0], n)[:n]
	x, at := uint32(0), 0
	for i := range list {
		b := code[at]
		at++
		d := uint32(b & 0x7f)
		for shift := 7; b >= 0x80; shift += 7 {
			b = code[at]
			at++
			d |= uint32(b&0x7f) << shift
		}
		x += d
		list[i] = x
	}
	return list
}

// sorter sorts numbers; its scratch space is kept between calls.
type sorter struct {
	other []uint32
}

// sort sorts the list in place. From 64 numbers on it goes by digits of eight bits, which is three times as fast as comparing
// for the few hundred shingles of a prompt; digits that all numbers have in common, as the upper ones of small
// vocabularies, are passed over.
func (s *sorter) sort(list []uint32) {
	if len(list) < 64 {
		slices.Sort(list)
		return
	}
	s.other = slices.Grow(s.other[:0], len(list))[:len(list)]
	from, to := list, s.other
	for shift := 0; shift < 32; shift += 8 {
		var count [256]int
		for _, x := range from {
			count[byte(x>>shift)]++
		}
		if count[byte(from[0]>>shift)] == len(from) {
			continue
		}
		sum := 0
		for d, n := range count {
			count[d] = sum
			sum += n
		}
		for _, x := range from {
			d := byte(x >> shift)
			to[count[d]] = x
			count[d]++
		}
		from, to = to, from
	}
	if &from[0] != &list[0] {
		copy(list, from)
	}
}
