package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/prefab-build/prefab/spec"
)

// written finds what the program wrote for an output: a regular file, or a folder, to which no link leads.
func (p *program) written(o *output) (full string, info fs.FileInfo, err error) {
	full = filepath.Join(p.folder.out(), filepath.FromSlash(o.path()))
	info, err = os.Lstat(full)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, fmt.Errorf("the program ended well and did not write %s. There is: %s", p.shown(full), p.listing())
	}
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", p.shown(full), cause(err))
	}
	if real, err := filepath.EvalSymlinks(full); err != nil || real != full {
		return "", nil, fmt.Errorf("%s is behind a link: the program has to write the file itself", p.shown(full))
	}
	if o.Type.IsRows() && info.IsDir() {
		return "", nil, fmt.Errorf("%s is a folder, and rows are one file", p.shown(full))
	}
	return full, info, p.ordinary(full, info)
}

// ordinary refuses what is neither a regular file nor a folder: a pipe would be waited for, a link leads elsewhere.
func (p *program) ordinary(full string, info fs.FileInfo) error {
	kind := ""
	switch mode := info.Mode(); {
	case mode.IsRegular() || mode.IsDir():
		return nil
	case mode&fs.ModeSymlink != 0:
		kind = "a link"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a pipe"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	default:
		kind = "of a special kind"
	}
	return fmt.Errorf("%s is no regular file, but %s", p.shown(full), kind)
}

// cause is an error of the system without the path, which is that of a folder that goes.
func cause(err error) error {
	var system *fs.PathError
	if errors.As(err, &system) {
		return system.Err
	}
	return err
}

// listing names what lies in the folder out.
func (p *program) listing() string {
	const most = 8
	list, _ := os.ReadDir(p.folder.out())
	var names []string
	for _, e := range list[:min(most, len(list))] {
		names = append(names, "out/"+plain(e.Name()))
	}
	switch {
	case names == nil:
		return "nothing in the folder out"
	case len(list) > most:
		names = append(names, fmt.Sprintf("%d more", len(list)-most))
	}
	return strings.Join(names, ", ")
}

// plain is a name that can be shown: one with signs that a terminal would obey is quoted.
func plain(name string) string {
	if q := strconv.Quote(name); q != `"`+name+`"` {
		return q
	}
	return name
}

// surplus notes what the program wrote that no output takes.
func (p *program) surplus() {
	declared := map[string]bool{}
	if len(p.Metric) > 0 {
		declared[metricsFile] = true
	}
	for i := range p.Output {
		first, _, _ := strings.Cut(p.Output[i].path(), "/")
		declared[first] = true
	}
	list, _ := os.ReadDir(p.folder.out())
	for _, e := range list {
		if !declared[e.Name()] {
			p.task.Logf("out/%s is the file of no output, and is not kept", plain(e.Name()))
		}
	}
}

// storeFiles stores the files of an output that is no table, in the order of their names.
func (p *program) storeFiles(ctx context.Context, o *output, full string, info fs.FileInfo) error {
	if !info.IsDir() {
		return p.storeFile(o, path.Base(o.path()), full)
	}
	var names []string
	err := filepath.WalkDir(full, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", p.shown(at), cause(err))
		}
		info, err := d.Info()
		if err != nil {
			return cause(err)
		}
		if err := p.ordinary(at, info); err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(full, at)
		names = append(names, filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("the folder %s is empty", p.shown(full))
	}
	slices.Sort(names)
	for _, name := range names {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if strings.ToValidUTF8(name, "") != name {
			return fmt.Errorf("%q in %s is no name in UTF-8", name, p.shown(full))
		}
		if err := p.storeFile(o, name, filepath.Join(full, filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) storeFile(o *output, name, full string) error {
	in, err := os.Open(full)
	if err != nil {
		return fmt.Errorf("%s: %w", p.shown(full), cause(err))
	}
	defer in.Close()
	out, err := p.task.Create(o.Name, name)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// short names a row.
func short(id spec.Digest) string { return "row " + id.Short() }
