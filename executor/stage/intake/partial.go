package intake

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"github.com/prefab-build/prefab/spec"
)

// A partial is what Finish must know of the rows of one segment.
type partial struct {
	source   int
	crlf     int           // records that end in CR LF
	records  []uint32      // of each row, its number in the segment
	ids      []spec.Digest // equal rows have equal ids
	contents []spec.Digest // of each row, where there is a key: what tells whether two rows of one key are equal
}

// encode writes the source, the CRLFs and the number of rows, the records as differences, the ids and the contents.
func (p *partial) encode() []byte {
	b := binary.AppendUvarint(nil, uint64(p.source))
	b = binary.AppendUvarint(b, uint64(p.crlf))
	b = binary.AppendUvarint(b, uint64(len(p.ids)))
	last := uint32(0)
	for _, r := range p.records {
		b = binary.AppendUvarint(b, uint64(r-last))
		last = r
	}
	for _, list := range [][]spec.Digest{p.ids, p.contents} {
		for _, d := range list {
			b = append(b, d[:]...)
		}
	}
	return b
}

var errPartial = errors.New("intake: what was kept of a segment cannot be read")

// decodePartial reads what encode wrote. The ids and contents share memory with b: do not change them.
func decodePartial(b []byte) (p partial, err error) {
	next := func() uint64 {
		x, n := binary.Uvarint(b)
		if n <= 0 {
			err = errPartial
			return 0
		}
		b = b[n:]
		return x
	}
	p.source, p.crlf = int(next()), int(next())
	n := int(next())
	if err != nil || n < 0 || n > len(b) {
		return p, errPartial
	}
	last := uint32(0)
	p.records = make([]uint32, 0, n)
	for range n {
		last += uint32(next())
		p.records = append(p.records, last)
	}
	if err != nil || len(b) != 32*n && len(b) != 64*n {
		return p, errPartial
	}
	digests := func() []spec.Digest { // where they lie
		list := unsafe.Slice((*spec.Digest)(unsafe.Pointer(unsafe.SliceData(b))), n)
		b = b[32*n:]
		return list
	}
	p.ids = digests()
	if len(b) > 0 {
		p.contents = digests()
	}
	return p, nil
}
