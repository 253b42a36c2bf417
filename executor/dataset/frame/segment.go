package frame

import (
	"bytes"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/prefab-build/prefab/spec"
)

// A segment is cut by its content, so that an insertion moves no cut far from it: past minSegment, after the first
// record whose hash falls under a limit that gives a cut every minSegment bytes on average. A segment of half a
// megabyte parses in a few milliseconds, little against the start of a stage, and a million rows of 1 kB are 2,000 of them.
const (
	minSegment = 256 << 10
	maxSegment = 1 << 20
)

// OversizedMark begins the record that stands for one over the maximum size. After it come the size in bytes, a space
// and the first bytes of the record, without line feeds and commas. No good record of any format begins like this, and where
// a bad one does there is more in its segment, or nothing is lost with it.
const OversizedMark = "\x00oversized "

// oversizedHead is how much of an oversized record is kept, for a person to know it by.
const oversizedHead = 120

// A segmenter gathers records into segments.
type segmenter struct {
	emit func(Segment) error
	max  int64
	sum  Summary

	line, offset int64 // of the next byte of the file

	buf    []byte // the segment, and from start on the record that is being read
	start  int
	open   bool  // a record has begun
	place  Place // where it began
	length int64 // of the record, kept or not
	places []Place
}

func newSegmenter(src spec.Source, emit func(Segment) error) *segmenter {
	s := &segmenter{emit: emit, max: src.MaxSize, line: 1}
	if s.max <= 0 {
		s.max = DefaultMaxRecord
	}
	return s
}

// skip passes over bytes that belong to no record.
func (s *segmenter) skip(p []byte) {
	s.line += int64(bytes.Count(p, newline))
	s.offset += int64(len(p))
	s.sum.Bytes += int64(len(p))
}

var newline = []byte{'\n'}

// add takes bytes of the current record; the first begin it.
func (s *segmenter) add(p []byte) {
	if !s.open {
		s.open, s.place, s.length = true, Place{Line: s.line, Offset: s.offset}, 0
	}
	s.length += int64(len(p))
	s.skip(p)
	s.place.Last = s.line
	if s.length <= s.max {
		s.buf = append(s.buf, p...)
	} else if len(s.buf) > s.start+oversizedHead {
		s.buf = s.buf[:s.start+oversizedHead]
	} else if room := s.start + oversizedHead - len(s.buf); room > 0 {
		s.buf = append(s.buf, p[:min(room, len(p))]...)
	}
}

// current returns what was kept of the record that is being read.
func (s *segmenter) current() []byte { return s.buf[s.start:] }

// drop forgets the record that is being read.
func (s *segmenter) drop() {
	s.buf = s.buf[:s.start]
	s.open = false
}

// end completes the record that is being read. The terminator is stored but is no part of the record's hash.
func (s *segmenter) end(terminator byte) error {
	if s.length > s.max {
		return s.endOversized(terminator)
	}
	hash := s.hash()
	s.buf = append(s.buf, terminator)
	size := len(s.buf) - s.start
	if len(s.buf) > maxSegment {
		if err := s.cut(s.start); err != nil {
			return err
		}
	}
	s.take()
	if len(s.buf) > maxSegment || len(s.buf) >= minSegment && cutAfter(hash, size) {
		return s.cut(len(s.buf))
	}
	return nil
}

// hash is needed only where a cut is possible.
func (s *segmenter) hash() uint64 {
	if len(s.buf)+1 < minSegment {
		return 0
	}
	return xxhash.Sum64(s.current())
}

// cutAfter reports whether a hash lies below 2^64 x size/minSegment.
func cutAfter(hash uint64, size int) bool {
	return size >= minSegment || hash < uint64(size)<<(64-18)
}

func (s *segmenter) endOversized(terminator byte) error {
	head := bytes.ToValidUTF8(bytes.Clone(s.current()[:min(oversizedHead, len(s.current()))]), nil)
	if err := s.cut(s.start); err != nil {
		return err
	}
	s.buf = fmt.Appendf(s.buf[:0], "%s%d ", OversizedMark, s.length)
	// The head may hold anything that ends a record; without these it cannot.
	for _, c := range head {
		if c == '\n' || c == '\r' || c == ',' || c == '"' {
			c = ' '
		}
		s.buf = append(s.buf, c)
	}
	s.buf = append(s.buf, terminator)
	s.take()
	return s.cut(len(s.buf))
}

// take makes the record that is being read one of the segment's.
func (s *segmenter) take() {
	s.start, s.open = len(s.buf), false
	s.places = append(s.places, s.place)
	s.sum.Records++
}

// cut emits the first n bytes as a segment and moves the rest to the front.
func (s *segmenter) cut(n int) error {
	if n > 0 {
		s.sum.Segments++
		if err := s.emit(Segment{Bytes: s.buf[:n], Header: s.sum.Header, Records: len(s.places), Places: s.places}); err != nil {
			return err
		}
	}
	rest := s.buf[n:]
	if cap(s.buf) > 8*maxSegment && len(rest) < maxSegment {
		s.buf = append(make([]byte, 0, maxSegment), rest...) // one long record must not hold its memory for ever
	} else {
		s.buf = append(s.buf[:0], rest...)
	}
	s.start = 0
	s.places = s.places[:0]
	return nil
}

// flush emits what is left.
func (s *segmenter) flush() error { return s.cut(s.start) }
