// Package frame cuts files from outside into segments of whole records, so that an edit re-parses one segment and an
// append the tail. It finds where records begin and end and nothing more: what a record says, and whether it says
// it properly, is the business of package read.
//
// Files are unpacked by what they contain, not by their names. Framing streams: memory holds one segment and what is
// unpacked ahead of it.
package frame

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/prefab-build/prefab/spec"
)

// Version moves when the same file would be cut into other segments.
const Version = "frame/3"

// The formats that files may have. HHRLHF is framed as JSONL; package read tells them apart.
const (
	JSONL   = "jsonl"
	JSON    = "json"
	CSV     = "csv"
	TSV     = "tsv"
	Parquet = "parquet"
	Arrow   = "arrow" // an Arrow IPC file
	HHRLHF  = "hh-rlhf"
	Raw     = "raw" // no records: the bytes of a file as they are, in blocks
)

// DefaultMaxRecord is the size in bytes past which a record is not read but set aside.
const DefaultMaxRecord = 64 << 20

// A Segment is whole records of one file.
type Segment struct {
	// Bytes hold the records, each with what ends it: a line feed for JSONL, Parquet and the CSVs, a comma for JSON.
	// They are valid until emit returns.
	Bytes []byte
	// Header is what all segments of the file share: the first record of a CSV with a header, else nil.
	Header  []byte
	Records int
	// Places says where in the unpacked file each record begins; valid until emit returns. For Parquet, Line is the row.
	Places []Place
}

// A Place is where a record is: the line, from 1, and the byte, from 0, of the unpacked file at which it begins, and the
// line in which it ends.
type Place struct {
	Line, Offset, Last int64
}

// A Summary is what a whole file came to.
type Summary struct {
	Header   []byte
	Records  int64
	Segments int
	Blank    int64 // lines with nothing but white space; they belong to no record
	Bytes    int64 // unpacked
	BOM      bool  // the file began with a byte order mark, which belongs to no record
	Packing  Packing
	Notes    []string // what a person should know, such as columns of a Parquet file that are left out
}

// Frame reads a file of the given name, which is for messages only, and calls emit for each segment in order. The
// source's format, header, comma, maximum record size and, for Parquet, the fields that are read are what counts of it. A Parquet or Arrow file must be an io.ReaderAt
// and an io.Seeker, as an *os.File is. Frame stops at the first error, emit's included.
//
// A record over the source's maximum is not kept: in its place stands a record that begins with OversizedMark, alone in
// its segment.
func Frame(name string, r io.Reader, src spec.Source, emit func(Segment) error) (Summary, error) {
	seg := newSegmenter(src, emit)
	var err error
	switch src.Format {
	case Raw:
		return seg.sum, rawBlocks(name, r, emit)
	case Parquet:
		err = parquetRows(name, r, src.Read, seg)
	case Arrow:
		err = arrowRows(name, r, seg)
	default:
		err = unpackInto(name, r, src, seg)
	}
	if err == nil {
		err = seg.flush()
	}
	return seg.sum, err
}

// rawBlocks gives the bytes of a file in blocks, without a look at what they are.
func rawBlocks(name string, r io.Reader, emit func(Segment) error) error {
	block := make([]byte, maxSegment)
	for {
		n, err := io.ReadFull(r, block)
		if n > 0 {
			if err := emit(Segment{Bytes: block[:n]}); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading %s: %w", name, err)
		}
	}
}

// A splitter is fed a file block by block and tells a segmenter which bytes are records.
type splitter interface {
	write(block []byte) error
	close() error // the file ends here
}

func newSplitter(name string, src spec.Source, seg *segmenter) (splitter, error) {
	switch src.Format {
	case JSONL, HHRLHF:
		return &lines{seg: seg}, nil
	case JSON:
		return &elements{seg: seg, name: name}, nil
	case CSV, TSV:
		comma, err := Comma(src)
		return &table{seg: seg, name: name, header: src.Header, first: true, src: src, Records: NewRecords(comma)}, err
	}
	return nil, fmt.Errorf("%s: %q is no format that can be read", name, src.Format)
}

// Comma returns the byte that separates the fields of a csv or tsv source.
func Comma(src spec.Source) (byte, error) {
	switch {
	case src.Comma == "" && src.Format == TSV:
		return '\t', nil
	case src.Comma == "":
		return ',', nil
	case len(src.Comma) == 1 && src.Comma != "\n" && src.Comma != "\r" && src.Comma != `"` && src.Comma[0] < 0x80:
		return src.Comma[0], nil
	}
	return 0, fmt.Errorf("%q cannot separate fields: one ASCII character that is neither a quote nor a line end can", src.Comma)
}

func unpackInto(name string, r io.Reader, src spec.Source, seg *segmenter) error {
	in, err := Unpack(name, r)
	if err != nil {
		return err
	}
	defer in.Close()
	seg.sum.Packing = in.Packing
	split, err := newSplitter(name, src, seg)
	if err != nil {
		return err
	}
	first := true
	for {
		block, err := in.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if first && len(block) > 0 {
			if block, err = seg.begin(name, block, err); err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			first = false
		}
		if werr := split.write(block); werr != nil {
			return werr
		}
		if err != nil {
			return split.close()
		}
	}
}

// begin looks at the first block of a file: a byte order mark is passed over, another encoding than UTF-8 refused.
func (s *segmenter) begin(name string, block []byte, err error) ([]byte, error) {
	if bytes.HasPrefix(block, []byte(parquetMagic)) {
		return nil, fmt.Errorf("%s is a Parquet file packed with %s: unpack it, and read it with source \"parquet\"", name, s.sum.Packing)
	}
	if bytes.HasPrefix(block, []byte("\xff\xfe")) || bytes.HasPrefix(block, []byte("\xfe\xff")) {
		return nil, fmt.Errorf("%s is in UTF-16: convert it to UTF-8 first, as with iconv -f UTF-16 -t UTF-8", name)
	}
	rest, found := bytes.CutPrefix(block, []byte("\xef\xbb\xbf"))
	if found {
		s.sum.BOM = true
		s.skip(block[:3])
	}
	return rest, err
}
