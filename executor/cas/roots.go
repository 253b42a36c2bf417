package cas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prefab-build/prefab/spec"
)

// A Root is what a project needs to stay in the store: the results of its last runs, or of one that a person keeps. It
// stands in the store itself, so that what lives can be told without the project, whose folder may be on a disk that is
// not there today.
type Root struct {
	Project string       `json:"project"` // the project's folder, an absolute path
	Name    string       `json:"name"`    // tells the roots of one project apart: "last", "run 17"
	Actions []RootAction `json:"actions"`
	// Written is when the root was last confirmed. It is the file's time, and not stored.
	Written time.Time `json:"-"`
}

// A RootAction is one result that a root needs.
type RootAction struct {
	Addr   string      `json:"addr"` // for people; a project may have renamed the stage since
	Base   spec.Digest `json:"base"`
	Inputs spec.Digest `json:"inputs"`
}

// Address is the name of the result's entry.
func (a RootAction) Address() spec.Digest { return actionAddress(a.Base, a.Inputs) }

func (s *Store) rootPath(project, name string) string {
	return filepath.Join(s.root, rootDir, spec.HashBytes([]byte(project+"\x00"+name)).String())
}

// RootPath returns the file of a root, if there is one.
func (s *Store) RootPath(project, name string) string { return s.rootPath(project, name) }

// PutRoot replaces the root of that project and name. A root that says the same is only marked as confirmed. Unlike all
// else in the store it is synced to the disk: what it says cannot be worked out again.
func (s *Store) PutRoot(r Root) error {
	if s.opts.ReadOnly {
		return s.unwritable(errReadOnly)
	}
	b, err := json.Marshal(r)
	if err != nil {
		panic("cas: " + err.Error())
	}
	path := s.rootPath(r.Project, r.Name)
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, b) {
		now := s.now()
		if err := os.Chtimes(path, now, now); err == nil {
			return nil
		}
	}
	tmp, err := s.writeSynced(b)
	if err == nil {
		if err = place(tmp, path, os.Rename); err != nil {
			os.Remove(tmp)
		}
	}
	if err != nil {
		return s.unwritable(err)
	}
	return nil
}

func (s *Store) writeSynced(b []byte) (path string, err error) {
	f, err := os.CreateTemp(filepath.Join(s.root, tmpDir), "put-")
	if err != nil {
		return "", err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(f.Name())
	}
	return f.Name(), err
}

// DropRoot forgets a root. Where there is none it does nothing.
func (s *Store) DropRoot(project, name string) error {
	if s.opts.ReadOnly {
		return s.unwritable(errReadOnly)
	}
	if err := os.Remove(s.rootPath(project, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.unwritable(err)
	}
	return nil
}

// Roots returns all roots, by project and name. A file that is no root is set aside and reported.
func (s *Store) Roots() ([]Root, error) {
	dir := filepath.Join(s.root, rootDir)
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the cache: %w", err)
	}
	var roots []Root
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading the cache: %w", err)
		}
		var r Root
		if err := json.Unmarshal(b, &r); err != nil || s.rootPath(r.Project, r.Name) != path {
			d, _ := digestOf(f.Name())
			s.quarantine("root", d, path, "it is not what a project wrote")
			continue
		}
		if info, err := f.Info(); err == nil {
			r.Written = info.ModTime()
		}
		roots = append(roots, r)
	}
	slices.SortFunc(roots, func(a, b Root) int {
		if c := strings.Compare(a.Project, b.Project); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return roots, nil
}

// Root returns the root of that project and name, and whether there is one.
func (s *Store) Root(project, name string) (Root, bool) {
	var r Root
	b, err := os.ReadFile(s.rootPath(project, name))
	return r, err == nil && json.Unmarshal(b, &r) == nil
}
