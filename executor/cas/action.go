package cas

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/prefab-build/prefab/spec"
)

// A ConflictError says that another result is stored under the key already. The stored one stays, since others may have
// built on it. Where the work is deterministic, one of the two is wrong.
type ConflictError struct {
	Base, Inputs spec.Digest
	Existing     []byte // the entry that is stored
}

// Error names the key.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("the cache holds another result for base %s and inputs %s: the same work gave two results",
		e.Base.Short(), e.Inputs.Short())
}

// PutAction stores the entry of an action whose blobs are stored already. Storing the same entry again is no
// error. Where another one is there, it stays, and the error is a *ConflictError that holds it; so an entry should hold
// nothing that differs from run to run, such as a duration. A damaged entry is set aside and replaced.
func (s *Store) PutAction(base, inputs spec.Digest, entry []byte) error {
	if s.opts.ReadOnly {
		return s.unwritable(errReadOnly)
	}
	path := s.path(entryDir, actionAddress(base, inputs))
	tmp, err := s.writeTemp(encodeEntry(base, inputs, entry))
	if err != nil {
		return s.unwritable(err)
	}
	defer os.Remove(tmp)
	move := linkNew
	for range putTries {
		switch have, _, err := s.readAction(base, inputs); {
		case err == nil && bytes.Equal(have, entry):
			return s.addToIndex(base, inputs)
		case err == nil:
			return &ConflictError{Base: base, Inputs: inputs, Existing: have}
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errTorn):
			return s.readError(err)
		case errors.Is(err, errTorn):
			move = os.Rename // it may have resisted being set aside
		}
		if err = place(tmp, path, move); err == nil {
			return s.addToIndex(base, inputs)
		}
		if !errors.Is(err, fs.ErrExist) {
			break
		}
		// Somebody was faster, and theirs counts.
	}
	return s.unwritable(err)
}

// putTries is how often PutAction looks again. Once is enough against one other writer; more are needed only while
// others write and remove the same entry.
const putTries = 5

// linkNew gives the file at tmp a second name, path, and fails where path exists: of several processes one wins. Some
// file systems (FAT, some network disks) have no links; there the last of several simultaneous results stays.
func linkNew(tmp, path string) error {
	err := os.Link(tmp, path)
	if err == nil || errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, statErr := os.Lstat(path); statErr == nil {
		return fs.ErrExist
	}
	return os.Rename(tmp, path)
}

// GetAction returns the entry stored for base and inputs, and ErrNotFound where there is none. A damaged entry is
// set aside, reported to Options.Report, and is a miss like any other.
func (s *Store) GetAction(base, inputs spec.Digest) ([]byte, error) {
	entry, used, err := s.readAction(base, inputs)
	switch {
	case errors.Is(err, errTorn):
		return nil, ErrNotFound
	case err != nil:
		return nil, s.readError(err)
	}
	if !s.touch(s.path(entryDir, actionAddress(base, inputs)), used) {
		s.counts.misses.Add(1)
		return nil, ErrNotFound // removed since it was read, and what it names with it
	}
	s.counts.hits.Add(1)
	return entry, nil
}

// errTorn says that an entry was found damaged, set aside and reported.
var errTorn = errors.New("the entry is damaged")

var errOtherKey = errors.New("it is the entry of another key")

// readAction is GetAction with the bare errors of the disk, or errTorn.
func (s *Store) readAction(base, inputs spec.Digest) (entry []byte, used time.Time, err error) {
	address := actionAddress(base, inputs)
	path := s.path(entryDir, address)
	b, used, err := readUsed(path, nil)
	if err != nil {
		return nil, used, err
	}
	gotBase, gotInputs, entry, err := decodeEntry(b)
	if err == nil && (gotBase != base || gotInputs != inputs) {
		err = errOtherKey
	}
	if err != nil {
		s.quarantine("entry", address, path, err.Error())
		return nil, used, errTorn
	}
	return entry, used, nil
}

// DropAction sets aside an entry that is sound in itself and yet of no use, such as one that names blobs which are gone, so
// that the next result can take its place. It is reported with the reason. Where there is no entry it does nothing.
func (s *Store) DropAction(base, inputs spec.Digest, reason string) {
	address := actionAddress(base, inputs)
	if path := s.path(entryDir, address); s.HasAction(base, inputs) {
		s.quarantine("entry", address, path, reason)
	}
}

// HasAction reports whether there is an entry for base and inputs. It looks for the file and does not verify it.
func (s *Store) HasAction(base, inputs spec.Digest) bool {
	_, err := os.Stat(s.path(entryDir, actionAddress(base, inputs)))
	return err == nil
}
