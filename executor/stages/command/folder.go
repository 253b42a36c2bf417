package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"github.com/prefab-build/prefab/executor/dataset/write"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// A folder is where the program works, fresh for each run: its files, and in and out, in one folder; beside that a home and
// a place for temporary files, which go with it.
type folder struct {
	base  string // all of it
	work  string
	owner *flock.Flock // held while this process lives
}

func newFolder() (*folder, error) {
	base, err := os.MkdirTemp("", folderPrefix)
	if err != nil {
		return nil, fmt.Errorf("making a folder to work in: %w. Set TMPDIR to a folder with room", err)
	}
	if base, err = filepath.EvalSymlinks(base); err != nil {
		return nil, err
	}
	if info, err := os.Stat(base); err == nil { // it tells the time by the clock of the disk
		sweep(filepath.Dir(base), info.ModTime())
	}
	f := &folder{base: base, work: filepath.Join(base, "work")}
	if err := f.own(); err != nil {
		return nil, errors.Join(err, f.remove())
	}
	for _, dir := range []string{f.work, f.in(), f.out(), f.home(), f.tmp()} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, errors.Join(err, f.remove())
		}
	}
	return f, nil
}

func (f *folder) in() string   { return filepath.Join(f.work, "in") }
func (f *folder) out() string  { return filepath.Join(f.work, "out") }
func (f *folder) home() string { return filepath.Join(f.base, "home") }
func (f *folder) tmp() string  { return filepath.Join(f.base, "tmp") }

// remove removes the folder, also what the program closed to itself.
func (f *folder) remove() error {
	if f.owner != nil {
		defer func() { _ = f.owner.Close() }()
	}
	if os.RemoveAll(f.base) == nil {
		return nil
	}
	_ = filepath.WalkDir(f.base, func(path string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(f.base)
}

// size adds up what lies in the folder.
func (f *folder) size() (n int64) {
	_ = filepath.WalkDir(f.base, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

// putFiles puts the program's own files in their places. All can be executed: a permission would else have to be in the key.
func (f *folder) putFiles(t *stage.Task) error {
	seen := map[string]bool{}
	for _, file := range t.RawFiles() {
		if seen[file.Name] {
			return stage.At(fmt.Errorf("two files are called %s where the program works: files from outside of the spec's folder are found under their last name there", file.Name), "files")
		}
		seen[file.Name] = true
		if first, _, _ := strings.Cut(file.Name, "/"); first == "in" || first == "out" {
			return stage.At(fmt.Errorf("%s would lie in the folder %s, which is for what goes %s: move the file elsewhere", file.Name, first, first), "files")
		}
		path := filepath.Join(f.work, filepath.FromSlash(file.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
		if err == nil {
			err = errors.Join(file.WriteTo(out), out.Close())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// putInputs renders the inputs, rows in the order of their ids. It returns the ids of the rows of those inputs that
// outputs name.
func (f *folder) putInputs(ctx context.Context, t *stage.Task, c *config) (map[string]ids, error) {
	kept := map[string]ids{}
	for _, o := range c.Output {
		if o.Rows != "" {
			kept[o.Rows] = ids{}
		}
	}
	for _, a := range tables {
		for _, m := range t.Members(string(a)) {
			if err := f.putRows(ctx, c, a, m, kept[m.Name]); err != nil {
				return nil, fmt.Errorf("writing the input %s: %w", m.Name, err)
			}
		}
	}
	for _, m := range t.Members(models) {
		for _, file := range m.Files {
			path := filepath.Join(f.in(), m.Name, filepath.FromSlash(file.Name))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return nil, err
			}
			if err := os.WriteFile(path, file.Content, 0o600); err != nil {
				return nil, err
			}
		}
	}
	return kept, nil
}

// ids are those of the rows of an input, and whether an output has them.
type ids map[spec.Digest]bool

func (f *folder) putRows(ctx context.Context, c *config, a spec.Artifact, m stage.Member, kept ids) error {
	name := m.Name + "." + c.Format
	file, err := os.OpenFile(filepath.Join(f.in(), name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	buffer := bufio.NewWriterSize(file, 1<<20)
	columns := c.handed(a)
	out, err := write.New(name, buffer, write.Options{Artifact: a, Layout: write.Rows, Columns: columns})
	if err != nil {
		return err
	}
	for rows, err := range m.Table.ByID(ctx, columns...) {
		if err != nil {
			return err
		}
		if err := out.Write(rows); err != nil {
			return err
		}
		if kept != nil {
			list := rows.IDs()
			for r := range rows.Rows {
				kept[list.Digest(r)] = false
			}
		}
	}
	return errors.Join(out.Close(), buffer.Flush(), file.Close())
}
