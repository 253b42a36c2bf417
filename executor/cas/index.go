package cas

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/prefab-build/prefab/spec"
)

// ListBase returns the inputs that base has entries for, in ascending order: the answer to "was this ever asked, of
// anything?". The index can lack an entry whose writer was killed between the two writes; then a plan says "will run"
// where "may run" was possible, and nothing else goes wrong.
func (s *Store) ListBase(base spec.Digest) ([]spec.Digest, error) {
	inputs, err := s.indexed(base)
	if err != nil {
		return nil, err
	}
	// The entries are the truth: one may have been set aside since.
	return slices.DeleteFunc(inputs, func(in spec.Digest) bool { return !s.HasAction(base, in) }), nil
}

// indexed returns what the index holds for base, sorted, each once.
func (s *Store) indexed(base spec.Digest) ([]spec.Digest, error) {
	b, err := os.ReadFile(s.path(indexDir, base))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the cache's index: %w", err)
	}
	var inputs []spec.Digest
	scanRecords(b, len(base), func(p []byte) { inputs = append(inputs, spec.Digest(p)) })
	slices.SortFunc(inputs, compareDigests)
	return slices.Compact(inputs), nil
}

func compareDigests(a, b spec.Digest) int { return bytes.Compare(a[:], b[:]) }

// addToIndex makes sure that the index of base holds inputs.
func (s *Store) addToIndex(base, inputs spec.Digest) error {
	have, err := s.indexed(base)
	if err != nil {
		return err
	}
	if _, found := slices.BinarySearchFunc(have, inputs, compareDigests); found {
		return nil
	}
	if err := appendRecords(s.path(indexDir, base), inputs[:]); err != nil {
		return s.unwritable(err)
	}
	return nil
}

// RebuildIndex adds to the index every sound entry that it lacks. Other processes may use the store meanwhile. It reads
// all entries, and is called by Open when the index is gone.
func (s *Store) RebuildIndex() error {
	return filepath.WalkDir(filepath.Join(s.root, entryDir), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading the cache: %w", err)
		}
		base, inputs, _, err := decodeEntry(b)
		if err != nil {
			return nil //nolint:nilerr // damage is for GetAction and Verify to report
		}
		return s.addToIndex(base, inputs)
	})
}
