package cas

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/prefab-build/prefab/spec"
)

// RegisterRoot notes that the project in the folder dir uses the store, so that collecting garbage can find out what
// lives. Noting it again costs one look at a file.
func (s *Store) RegisterRoot(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("finding the project folder %s: %w", dir, err)
	}
	path := s.rootPath(abs)
	if have, err := os.ReadFile(path); err == nil && string(have) == abs {
		return nil
	}
	if s.opts.ReadOnly {
		return s.unwritable(errReadOnly)
	}
	tmp, err := s.writeTemp([]byte(abs))
	if err == nil {
		err = place(tmp, path, os.Rename)
	}
	if err != nil {
		os.Remove(tmp)
		return s.unwritable(err)
	}
	return nil
}

func (s *Store) rootPath(abs string) string {
	return filepath.Join(s.root, rootDir, spec.HashBytes([]byte(abs)).String())
}

// RootPath returns the file that notes a project, if it is noted.
func (s *Store) RootPath(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return s.rootPath(dir)
}

// Roots returns the folders of the projects that use the store, sorted. They may have been moved or deleted since.
func (s *Store) Roots() ([]string, error) {
	dir := filepath.Join(s.root, rootDir)
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the cache: %w", err)
	}
	var roots []string
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading the cache: %w", err)
		}
		if f.Name() == spec.HashBytes(b).String() { // else it was torn
			roots = append(roots, string(b))
		}
	}
	slices.Sort(roots)
	return roots, nil
}
