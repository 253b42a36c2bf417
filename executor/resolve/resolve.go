// Package resolve finds out what a plan must know of the outside: which files a glob matches, and of which segments
// they are made. Files are read through once and remembered by their identity on the disk; an unchanged file is not
// read again. It stores no content, but for a Spool that keeps what was unpacked until the run that follows has ended:
// the executor reads the files again when it must, and refuses them when they changed.
package resolve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/executor/disk"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A Store remembers the segments of files between runs.
type Store interface {
	GetAction(base, inputs spec.Digest) ([]byte, error)
	PutAction(base, inputs spec.Digest, entry []byte) error
}

// A Resolver gathers facts.
type Resolver struct {
	Dir   string // the pipeline's folder; paths are relative to it
	Store Store  // may be nil
	Now   func() time.Time
	Spool *Spool // keeps what is unpacked, for a run that follows; may be nil
	// Progress is told which file is being read and how far; it may be nil.
	Progress func(addr spec.Addr, path string, done, total int64)
}

// A FileError says what is wrong with an input, by the attribute that named it.
type FileError struct {
	Addr   spec.Addr
	Source int
	Path   string
	Err    error
}

// Error names the file and the stage that reads it.
func (e *FileError) Error() string { return fmt.Sprintf("%s: %v", e.Addr, Named(e.Path, e.Err)) }

// Named puts the name of a file, as the spec has it, before an error that does not say it already. The system's errors
// name the file by its full path, which goes.
func Named(path string, err error) error {
	var system *fs.PathError
	switch {
	case errors.As(err, &system):
		return fmt.Errorf("%s: %w", path, disk.Advised(system.Err))
	}
	for _, start := range []string{path + ": ", path + " is ", "reading " + path} {
		if strings.HasPrefix(err.Error(), start) {
			return err
		}
	}
	return fmt.Errorf("%s: %w", path, err)
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// Files returns the facts of all stages that read from outside. Errors of several files are joined: each is a
// *FileError.
func (r *Resolver) Files(ctx context.Context, p *spec.Pipeline, kinds map[string]*spec.KindSpec) (map[string][]planner.File, error) {
	out := map[string][]planner.File{}
	var problems []error
	for i := range p.Blocks {
		b := &p.Blocks[i]
		k := kinds[b.Addr.Kind]
		if k == nil || k.Sources == nil {
			continue
		}
		var files []planner.File
		for n, source := range k.Sources(b.Full()) {
			found, err := r.source(ctx, b.Addr, n, source)
			files = append(files, found...)
			problems = append(problems, err)
		}
		out[b.Addr.String()] = files
	}
	return out, errors.Join(problems...)
}

func (r *Resolver) source(ctx context.Context, addr spec.Addr, n int, s spec.Source) ([]planner.File, error) {
	if s.Parts != nil {
		return []planner.File{generated(n, s)}, nil
	}
	paths, err := r.match(addr, n, s)
	if err != nil {
		return nil, err
	}
	files := make([]planner.File, len(paths))
	problems := make([]error, len(paths))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2) // one disk
	for i, path := range paths {
		group.Go(func() error {
			f, err := r.file(ctx, addr, n, s, path)
			if err != nil {
				problems[i] = &FileError{Addr: addr, Source: n, Path: path, Err: err}
			}
			files[i] = f
			return ctx.Err()
		})
	}
	return files, errors.Join(group.Wait(), errors.Join(problems...))
}

// generated gives a generator's parts the form of a file: each part is a segment. Records are not known before the
// part is made, and count as what the part says of itself.
func generated(n int, s spec.Source) planner.File {
	f := planner.File{Source: n}
	for _, part := range s.Parts {
		var self struct{ Rows int }
		if json.Unmarshal(part, &self) != nil {
			panic("resolve: a generated part does not say how many rows it has")
		}
		f.Segments = append(f.Segments, planner.Segment{Digest: spec.HashBytes(part), Records: self.Rows, Size: len(part)})
	}
	return f
}

// match expands globs. Names are sorted, so that the order of a folder changes nothing.
func (r *Resolver) match(addr spec.Addr, n int, s spec.Source) ([]string, error) {
	var all []string
	for _, pattern := range s.Paths {
		if !IsGlob(r.Dir, pattern) {
			all = append(all, pattern)
			continue
		}
		if LeadsOut(pattern) {
			return nil, &FileError{Addr: addr, Source: n, Path: pattern, Err: errors.New("this glob leads out of the folder of the spec: " +
				"what it finds there is nobody's to say. Name the files, or write an absolute path")}
		}
		found, err := Glob(r.Dir, pattern)
		if errors.Is(err, filepath.ErrBadPattern) {
			err = errors.New("this is no glob: close each [ with a ], or write \\[ for a bracket in a file's name")
		}
		if err == nil && len(found) == 0 {
			err = errors.New("no file matches this glob: write a path that exists, relative to the folder of the spec")
		}
		if err != nil {
			return nil, &FileError{Addr: addr, Source: n, Path: pattern, Err: err}
		}
		for _, f := range found {
			if !filepath.IsAbs(pattern) {
				if rel, err := filepath.Rel(r.Dir, f); err == nil {
					f = rel
				}
			}
			all = append(all, filepath.ToSlash(f))
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// Wildcards are the characters that make a path a glob.
const Wildcards = "*?["

// IsGlob reports whether a path stands for the files that it matches: it has wildcards, and is not itself the name of a
// file.
func IsGlob(dir, path string) bool {
	if !strings.ContainsAny(path, Wildcards) {
		return false
	}
	_, err := os.Lstat(Path(dir, path))
	return err != nil
}

// Glob returns the files that a pattern matches, as the system knows them.
func Glob(dir, pattern string) ([]string, error) {
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(literally(dir), pattern)
	}
	return filepath.Glob(pattern)
}

// literally escapes a folder's name, so that it stands for itself at the head of a glob. Windows knows no escape.
func literally(dir string) string {
	if filepath.Separator == '\\' {
		return dir
	}
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}

// file frames one file, or remembers how it was framed.
func (r *Resolver) file(ctx context.Context, addr spec.Addr, n int, s spec.Source, path string) (planner.File, error) {
	full := Path(r.Dir, path)
	info, err := os.Stat(full)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return planner.File{}, errors.New("there is no such file: paths are relative to the folder of the spec")
	case err != nil:
		return planner.File{}, err
	case info.IsDir():
		return planner.File{}, errors.New("this is a folder: name a file, or a glob such as " + path + "/*.jsonl")
	}
	if err := Regular(info); err != nil {
		return planner.File{}, err
	}
	stamp := StampOf(info)
	base, id := frameBase(s), identity(full, stamp)
	if r.Store != nil && stamp.Settled(r.Now()) {
		if raw, err := r.Store.GetAction(base, id); err == nil {
			var f planner.File
			if json.Unmarshal(raw, &f) == nil {
				f.Source, f.Path, f.Name, f.Held = n, path, handed(s, path), &held{mark: id}
				return f, nil
			}
		}
	}
	f := planner.File{Source: n, Path: path, Name: handed(s, path)}
	h := &held{mark: id}
	f.Held = h
	err = r.frame(ctx, full, s, &f, h, func(done int64) {
		if r.Progress != nil {
			r.Progress(addr, path, done, info.Size())
		}
	})
	if err != nil {
		return f, err
	}
	if s.Pin {
		if f.Sum, err = sumOf(full); err != nil {
			return f, err
		}
	}
	after, err := os.Stat(full)
	if err != nil {
		return f, err
	}
	if StampOf(after) != stamp {
		return f, errors.New("the file changed while it was read: run again when nothing writes to it")
	}
	if r.Store != nil && stamp.Settled(r.Now()) {
		raw, err := json.Marshal(planner.File{Header: f.Header, Segments: f.Segments, Notes: f.Notes, Sum: f.Sum})
		if err != nil {
			return f, err
		}
		_ = r.Store.PutAction(base, id, raw) // a cache: what it cannot keep is read again
	}
	return f, nil
}

// handed is the name under which a program sees a raw file: its path as it is written, below the folder of the spec, or the
// last part of one that leads elsewhere. It is empty for files that are read row by row, whose names nobody sees.
func handed(s spec.Source, path string) string {
	switch clean := filepath.Clean(filepath.FromSlash(path)); {
	case s.Format != frame.Raw:
		return ""
	case filepath.IsLocal(clean):
		return filepath.ToSlash(clean)
	default:
		return filepath.Base(clean)
	}
}

func frameBase(s spec.Source) spec.Digest {
	list := []planner.Component{
		{Name: "frame", Value: frameVersion},
		{Name: "format", Value: s.Format},
		{Name: "header", Value: fmt.Sprint(s.Header)},
		{Name: "comma", Value: s.Comma},
		{Name: "max", Value: fmt.Sprint(s.MaxSize)},
	}
	if s.Pin {
		list = append(list, planner.Component{Name: "sum", Value: "sha256"})
	}
	if s.Read != nil {
		list = append(list, planner.Component{Name: "read", Value: fmt.Sprintf("%q", s.Read)})
	}
	return planner.Digest(list)
}
