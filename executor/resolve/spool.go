package resolve

import (
	"hash/maphash"
	"os"
	"sync"

	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/spec"
)

// A Spool keeps the segments that framing finds in files of which none can be picked out afterwards, such as packed ones,
// so that a run that follows need not unpack and cut them a second time: of a gzip file that was a fifth of the time.
// It is a convenience. Where it is full, or the disk is, files are read through again.
type Spool struct {
	open func() (*os.File, error)
	room int64

	mu     sync.Mutex // guards what follows
	file   *os.File
	size   int64
	closed bool
}

// NewSpool returns a spool of at most so many bytes. open makes its file, when there is something to keep.
func NewSpool(open func() (*os.File, error), room int64) *Spool {
	return &Spool{open: open, room: room}
}

// Close gives the room back. What was kept is there no more.
func (s *Spool) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		s.file.Close()
	}
	s.file, s.closed = nil, true
}

// keep appends a segment and returns where it lies.
func (s *Spool) keep(b []byte) (at int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.size+int64(len(b)) > s.room {
		return 0, false
	}
	var err error
	if s.file == nil {
		s.file, err = s.open()
	}
	if err == nil {
		_, err = s.file.WriteAt(b, s.size)
	}
	if err != nil { // a full disk needs the room for better things
		if s.file != nil {
			s.file.Close()
		}
		s.file, s.closed = nil, true
		return 0, false
	}
	at = s.size
	s.size += int64(len(b))
	return at, true
}

// Size returns how many bytes the spool takes. A nil one takes none.
func (s *Spool) Size() int64 {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return 0
	}
	return s.size
}

// forget gives back the room of segments that are of no use, where nothing was kept behind them.
func (s *Spool) forget(at, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil && at+size == s.size && s.file.Truncate(at) == nil {
		s.size = at
	}
}

// read fills b from where a segment lies, and reports whether it is there.
func (s *Spool) read(b []byte, at int64) bool {
	s.mu.Lock()
	f := s.file
	s.mu.Unlock()
	if f == nil {
		return false
	}
	_, err := f.ReadAt(b, at)
	return err == nil
}

// A held is what this process knows of a file beside the facts: whether it is still the one that was read, and where its
// segments were kept.
type held struct {
	mark  spec.Digest
	spool *Spool
	at    []int64  // of each segment; nil when they were not kept
	sums  []uint64 // of each segment that can be picked out of the file
}

// seed makes the sums of this process. Nobody outside it knows the seed, so nobody can make a segment pass for another, and by
// chance one in 2^64 does. A SHA-256 to the same end was a fifteenth of reading.
var seed = maphash.MakeSeed()

// keeping returns a function that keeps the segments of a file as they are framed, or, where they can be picked out of the
// file itself, their sums. It may be nil.
func (r *Resolver) keeping(f *os.File, s spec.Source, h *held) func(b []byte) {
	if pickable(s) && packing(f) == frame.Plain {
		return func(b []byte) { h.sums = append(h.sums, maphash.Bytes(seed, b)) }
	}
	if r.Spool == nil || s.Format == frame.Raw {
		return nil
	}
	h.spool, h.at = r.Spool, []int64{}
	size := int64(0)
	return func(b []byte) {
		if h.at == nil {
			return
		}
		at, ok := r.Spool.keep(b)
		switch {
		case ok:
			h.at, size = append(h.at, at), size+int64(len(b))
		case len(h.at) > 0:
			r.Spool.forget(h.at[0], size)
			fallthrough
		default:
			h.at = nil
		}
	}
}

// pickable reports whether the segments of an unpacked file are stretches of it.
func pickable(s spec.Source) bool {
	switch s.Format {
	case frame.JSONL, frame.HHRLHF, frame.CSV, frame.TSV:
		return true
	}
	return false
}

func packing(f *os.File) frame.Packing {
	var head [4]byte
	n, _ := f.ReadAt(head[:], 0) // a file that cannot be read is found out by whoever reads it
	return frame.PackingOf(head[:n])
}
