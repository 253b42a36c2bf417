package dataset

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/prefab-build/prefab/spec"
)

// A Selection says which of n rows are kept. It is not changed once it is made; the zero value selects of no rows.
type Selection struct {
	n    int
	kept int
	bits []byte // bit i is set when row i is kept; bits past n are zero
}

// All keeps all of n rows.
func All(n int) Selection { return Selection{n: n, kept: n, bits: onesUpTo(nil, n)} }

// None keeps none of n rows.
func None(n int) Selection { return Selection{n: n, bits: make([]byte, (n+7)>>3)} }

// Select keeps those of n rows for which keep is true. It asks once for each row, in order.
func Select(n int, keep func(row int) bool) Selection {
	s := None(n)
	for i := range n {
		if keep(i) {
			s.bits[i>>3] |= 1 << (i & 7)
			s.kept++
		}
	}
	return s
}

// SelectRows keeps those of n rows that are listed. It panics when a number is n or more.
func SelectRows(n int, rows []uint32) Selection {
	s := None(n)
	for _, r := range rows {
		if int(r) >= n {
			panic(fmt.Sprintf("dataset: row %d selected of %d", r, n))
		}
		s.bits[r>>3] |= 1 << (r & 7)
	}
	s.kept = onesIn(s.bits)
	return s
}

func onesIn(bitmap []byte) (n int) {
	for _, b := range bitmap {
		n += bits.OnesCount8(b)
	}
	return n
}

// Of returns how many rows there are to select from.
func (s Selection) Of() int { return s.n }

// Len returns how many rows are kept.
func (s Selection) Len() int { return s.kept }

// Has reports whether a row is kept.
func (s Selection) Has(row int) bool { return row >= 0 && row < s.n && bit(s.bits, row) }

// Rows returns the numbers of the kept rows, ascending.
func (s Selection) Rows() []uint32 {
	rows := make([]uint32, 0, s.kept)
	for i, b := range s.bits {
		for ; b != 0; b &= b - 1 {
			rows = append(rows, uint32(i<<3+bits.TrailingZeros8(b)))
		}
	}
	return rows
}

// Compose returns the selection of outer's rows that inner keeps, where inner numbers the rows that outer kept. It
// panics when inner selects from another number of rows than outer kept.
func Compose(outer, inner Selection) Selection {
	if inner.n != outer.kept {
		panic(fmt.Sprintf("dataset: a selection of %d rows on one that kept %d", inner.n, outer.kept))
	}
	s := None(outer.n)
	s.kept = inner.kept
	at := 0
	for i, b := range outer.bits {
		for ; b != 0; b &= b - 1 {
			if bit(inner.bits, at) {
				s.bits[i] |= b & -b
			}
			at++
		}
	}
	return s
}

// selectionMagic begins the encoding of a selection; its digit moves when the encoding does.
const selectionMagic = "pfs1"

// Bytes returns the selection's one encoding: "pfs1", the number of rows as 8 bytes, and the bitmap, rows from the
// lowest bit of the first byte on, with the bits past the last row zero.
func (s Selection) Bytes() []byte {
	out := make([]byte, 0, 12+len(s.bits))
	out = append(out, selectionMagic...)
	out = binary.LittleEndian.AppendUint64(out, uint64(s.n))
	return append(out, s.bits...)
}

// Digest returns the digest of Bytes.
func (s Selection) Digest() spec.Digest { return spec.HashBytes(s.Bytes()) }

// ParseSelection reads what Bytes wrote. It keeps a reference to b.
func ParseSelection(b []byte) (Selection, error) {
	if len(b) < 12 || string(b[:4]) != selectionMagic {
		return Selection{}, fmt.Errorf("these %d bytes are no selection: it begins with %q and a row count", len(b), selectionMagic)
	}
	n, body := binary.LittleEndian.Uint64(b[4:12]), b[12:]
	if n > uint64(len(body))*8 || uint64(len(body)) != (n+7)>>3 {
		return Selection{}, fmt.Errorf("a selection of %d rows has a bitmap of %d bytes", n, len(body))
	}
	s := Selection{n: int(n), bits: body}
	if n&7 != 0 && body[len(body)-1]>>(n&7) != 0 {
		return Selection{}, fmt.Errorf("a selection of %d rows has bits set past the last", n)
	}
	s.kept = onesIn(body)
	return s, nil
}

// MarshalBinary returns Bytes.
func (s Selection) MarshalBinary() ([]byte, error) { return s.Bytes(), nil }

// UnmarshalBinary reads what Bytes wrote.
func (s *Selection) UnmarshalBinary(b []byte) error {
	got, err := ParseSelection(append([]byte(nil), b...))
	if err == nil {
		*s = got
	}
	return err
}
