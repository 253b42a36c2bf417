package frame

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
)

// checkPages compares the pages of a Parquet file with the checksums that they carry, since the decoder does not look at
// them. A writer gives them to all pages of a column or to none, so a column whose first page has none is left at
// that. What cannot be followed is left to the decoder to judge.
func checkPages(pf *file.Reader, in io.ReaderAt) error {
	for g := range pf.NumRowGroups() {
		group := pf.MetaData().RowGroup(g)
		for c := range group.NumColumns() {
			chunk, err := group.ColumnChunk(c)
			if err != nil {
				return err
			}
			if err := checkChunk(chunk, in); err != nil {
				return fmt.Errorf("column %q, row group %d: %w", pf.MetaData().Schema.Column(c).Path(), g, err)
			}
		}
	}
	return nil
}

// chunkPlace returns where the pages of a column lie.
func chunkPlace(chunk *metadata.ColumnChunkMetaData) (start, length int64) {
	start = chunk.DataPageOffset()
	if chunk.HasDictionaryPage() && chunk.DictionaryPageOffset() > 0 {
		start = min(start, chunk.DictionaryPageOffset())
	}
	return start, chunk.TotalCompressedSize()
}

func checkChunk(chunk *metadata.ColumnChunkMetaData, in io.ReaderAt) error {
	at, length := chunkPlace(chunk)
	for end := at + length; at < end; {
		h := &pageHeader{in: bufio.NewReaderSize(io.NewSectionReader(in, at, end-at), 512)}
		if sound := h.read() == nil; !sound || h.crc == nil || h.size < 0 || h.size > end-at-h.length {
			return nil
		}
		hash := crc32.NewIEEE()
		if _, err := io.Copy(hash, io.NewSectionReader(in, at+h.length, h.size)); err != nil {
			return err
		}
		if sum := hash.Sum32(); sum != uint32(*h.crc) {
			return fmt.Errorf("the page at byte %d has the checksum %08x, and %08x is written in it", at, sum, uint32(*h.crc))
		}
		at += h.length + h.size
	}
	return nil
}

// A pageHeader reads what stands before a page: a struct in Thrift's compact protocol, of which only the size and the
// checksum are kept.
type pageHeader struct {
	in     *bufio.Reader
	length int64 // read so far
	size   int64 // of the page behind it, packed
	crc    *int64
}

var errHeader = errors.New("no header of a page")

// The types of the compact protocol.
const (
	thriftTrue = iota + 1
	thriftFalse
	thriftByte
	thriftI16
	thriftI32
	thriftI64
	thriftDouble
	thriftBinary
	thriftList
	thriftSet
	thriftMap
	thriftStruct
)

const (
	pageSizeField = 3
	pageCRCField  = 4
)

func (h *pageHeader) read() error {
	return h.fields(0, func(id int64, kind byte) (taken bool, err error) {
		if kind != thriftI32 || id != pageSizeField && id != pageCRCField {
			return false, nil
		}
		n, err := h.integer()
		if id == pageSizeField {
			h.size = n
		} else {
			h.crc = &n
		}
		return true, err
	})
}

// fields goes through the fields of a struct and passes over those that are not taken.
func (h *pageHeader) fields(depth int, take func(id int64, kind byte) (bool, error)) error {
	for id := int64(0); ; {
		b, err := h.ReadByte()
		if err != nil {
			return err
		}
		if b == 0 {
			return nil
		}
		if delta := int64(b >> 4); delta != 0 {
			id += delta
		} else if id, err = h.integer(); err != nil {
			return err
		}
		taken, err := take(id, b&15)
		if err == nil && !taken {
			err = h.pass(b&15, depth+1)
		}
		if err != nil {
			return err
		}
	}
}

// pass reads over a value.
func (h *pageHeader) pass(kind byte, depth int) error {
	if depth > 8 {
		return errHeader
	}
	switch kind {
	case thriftTrue, thriftFalse:
		return nil
	case thriftByte:
		return h.discard(1)
	case thriftI16, thriftI32, thriftI64:
		_, err := h.integer()
		return err
	case thriftDouble:
		return h.discard(8)
	case thriftBinary:
		n, err := binary.ReadUvarint(h)
		if err != nil || n > 1<<30 {
			return errHeader
		}
		return h.discard(int(n))
	case thriftStruct:
		return h.fields(depth, func(int64, byte) (bool, error) { return false, nil })
	}
	return errHeader // no header of a page holds a list, a set or a map
}

// ReadByte implements io.ByteReader.
func (h *pageHeader) ReadByte() (byte, error) {
	b, err := h.in.ReadByte()
	if err == nil {
		h.length++
	}
	return b, err
}

func (h *pageHeader) integer() (int64, error) {
	n, err := binary.ReadUvarint(h)
	return int64(n>>1) ^ -int64(n&1), err
}

func (h *pageHeader) discard(n int) error {
	k, err := h.in.Discard(n)
	h.length += int64(k)
	return err
}
