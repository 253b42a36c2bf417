package exact

import (
	"encoding/binary"
	"errors"
)

var errEncoding = errors.New("exact: not an encoded sum")

// AppendBinary appends the one encoding of the exact value: sums of equal value have equal bytes, however they were
// formed. The layout is the flags (bit 0 negative, then NaN, +Inf and -Inf seen), the lowest digit's place, the number
// of digits, and the digits, lowest first, as little-endian 32-bit words.
func (s *Sum) AppendBinary(b []byte) ([]byte, error) {
	neg, mag := s.magnitude()
	lo, hi := 0, digits
	for hi > 0 && mag[hi-1] == 0 {
		hi--
	}
	for lo < hi && mag[lo] == 0 {
		lo++
	}
	if hi == 0 {
		neg = false
	}
	flags := s.special << 1
	if neg {
		flags |= 1
	}
	b = append(b, flags, byte(lo), byte(hi-lo))
	for _, d := range mag[lo:hi] {
		b = binary.LittleEndian.AppendUint32(b, d)
	}
	return b, nil
}

// MarshalBinary returns the encoding of AppendBinary.
func (s *Sum) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary reads what MarshalBinary wrote, and nothing else: other encodings of the same value are errors.
func (s *Sum) UnmarshalBinary(b []byte) error {
	if len(b) < 3 {
		return errEncoding
	}
	flags, lo, n := b[0], int(b[1]), int(b[2])
	words := b[3:]
	if flags>>4 != 0 || lo+n > digits || len(words) != 4*n || (n == 0 && (lo != 0 || flags&1 != 0)) {
		return errEncoding
	}
	var t Sum
	for i := range n {
		d := int64(binary.LittleEndian.Uint32(words[4*i:]))
		if d == 0 && (i == 0 || i == n-1) {
			return errEncoding
		}
		if flags&1 != 0 {
			d = -d
		}
		t.digit[lo+i] = d
	}
	t.pending = 1
	t.special = flags >> 1
	*s = t
	return nil
}

// AppendBinary appends the count and the two sums, each sum preceded by its length in bytes.
func (m *Moments) AppendBinary(b []byte) ([]byte, error) {
	b = binary.LittleEndian.AppendUint64(b, uint64(m.n))
	for _, s := range []*Sum{&m.sum, &m.sq} {
		at := len(b)
		b = append(b, 0, 0)
		b, _ = s.AppendBinary(b)
		binary.LittleEndian.PutUint16(b[at:], uint16(len(b)-at-2))
	}
	return b, nil
}

// MarshalBinary returns the encoding of AppendBinary.
func (m *Moments) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary reads what MarshalBinary wrote.
func (m *Moments) UnmarshalBinary(b []byte) error {
	if len(b) < 8 {
		return errEncoding
	}
	t := Moments{n: int64(binary.LittleEndian.Uint64(b))}
	b = b[8:]
	for _, s := range []*Sum{&t.sum, &t.sq} {
		if len(b) < 2 {
			return errEncoding
		}
		n := int(binary.LittleEndian.Uint16(b))
		if len(b) < 2+n {
			return errEncoding
		}
		if err := s.UnmarshalBinary(b[2 : 2+n]); err != nil {
			return err
		}
		b = b[2+n:]
	}
	if len(b) != 0 || t.n < 0 {
		return errEncoding
	}
	*m = t
	return nil
}
