package cas

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/prefab-build/prefab/spec"
)

// memo is a file of facts "a and b give c", and what was read of it. A plan asks thousands of them, so they are held in
// memory (about 200 bytes each) and looked up without touching the disk, but for one look at the file's length when a
// fact is not known, since another process may have added it.
type memo struct {
	path string

	mu    sync.Mutex // guards what follows
	facts map[[2]spec.Digest]spec.Digest
	done  int64 // how much of the file is in facts
}

// Memo returns what was derived earlier from a and b, such as the digest of a column's selected values from the column's
// blob and the selection. A fact that cannot be read is a fact that is not known: the caller derives it again.
func (s *Store) Memo(a, b spec.Digest) (spec.Digest, bool) {
	m := &s.memo
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]spec.Digest{a, b}
	c, ok := m.facts[key]
	if !ok {
		m.refresh()
		c, ok = m.facts[key]
	}
	return c, ok
}

// PutMemo remembers that a and b give c. Where they are known to give something else the first fact stays, and the
// error is a *ConflictError that holds it.
func (s *Store) PutMemo(a, b, c spec.Digest) error {
	if have, ok := s.Memo(a, b); ok {
		if have != c {
			return &ConflictError{Base: a, Inputs: b, Existing: have[:]}
		}
		return nil
	}
	if s.opts.ReadOnly {
		return s.unwritable(errReadOnly)
	}
	s.memo.mu.Lock()
	defer s.memo.mu.Unlock()
	record := make([]byte, 0, 3*len(a))
	record = append(append(append(record, a[:]...), b[:]...), c[:]...)
	if err := appendRecords(s.memo.path, record); err != nil {
		return s.unwritable(err)
	}
	s.memo.add(record)
	return nil
}

func (m *memo) add(record []byte) {
	key := [2]spec.Digest{spec.Digest(record[:32]), spec.Digest(record[32:64])}
	if _, known := m.facts[key]; known {
		return
	}
	if m.facts == nil {
		m.facts = map[[2]spec.Digest]spec.Digest{}
	}
	m.facts[key] = spec.Digest(record[64:96])
}

// refresh reads what was added to the file since the last time.
func (m *memo) refresh() {
	if info, err := os.Stat(m.path); err == nil && info.Size() < m.done {
		m.done = 0 // it was written anew, by another process
	}
	tail, err := readFrom(m.path, m.done)
	if err != nil || len(tail) == 0 {
		return
	}
	m.done += int64(scanRecords(tail, 96, m.add))
}

// readFrom returns the bytes of a file from offset on. A file that is not there is empty.
func readFrom(path string, offset int64) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() <= offset {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, info.Size()-offset)
	if n, err := f.ReadAt(b, offset); err != nil && err != io.EOF {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	} else {
		return b[:n], nil
	}
}

// compact writes the file anew, without the facts about things that do not live any more.
func (m *memo) compact(lives func(a spec.Digest) bool, write func(...[]byte) (string, error)) error {
	b, err := readFrom(m.path, 0)
	if err != nil || len(b) == 0 {
		return err
	}
	var kept [][]byte
	facts := 0
	scanRecords(b, 96, func(record []byte) {
		facts++
		if lives(spec.Digest(record[:32])) {
			kept = append(kept, encodeRecord(record))
		}
	})
	if len(kept) > facts*3/4 {
		return nil // not worth it
	}
	tmp, err := write(kept...)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done = 0
	return os.Rename(tmp, m.path)
}
