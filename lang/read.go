package lang

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"

	"github.com/prefab-build/prefab/spec/diag"
)

// fileSystem is where the pipeline's files are: the folder, or what the caller gave.
func (l *loader) fileSystem() fs.FS {
	if l.opts.FS != nil {
		return l.opts.FS
	}
	return os.DirFS(l.dir)
}

// openFile opens a file that the source or the command line names: relative to the folder, or absolute.
func (l *loader) openFile(name string) (fs.File, error) {
	if l.opts.FS != nil {
		return openRegular(l.opts.FS, path.Clean(filepath.ToSlash(name)))
	}
	name = l.path(name)
	if l.opts.Outside != nil {
		l.opts.Outside.File(name)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if err := regular(info); err != nil {
		return nil, err
	}
	return os.Open(name)
}

// path is the place of a file or folder outside of an FS.
func (l *loader) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(l.dir, filepath.FromSlash(name))
}

// openRegular opens a file that has an end.
func openRegular(fsys fs.FS, name string) (fs.File, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if err := regular(info); err != nil {
		return nil, err
	}
	return fsys.Open(name)
}

// regular refuses pipes and devices, before they are opened: that may wait for ever, or find no end.
func regular(info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode.IsRegular() || mode.IsDir(): // reading a folder says what it is
		return nil
	case mode&fs.ModeNamedPipe != 0:
		return errors.New("it is no regular file but a pipe")
	case mode&fs.ModeDevice != 0:
		return errors.New("it is no regular file but a device")
	}
	return errors.New("it is no regular file")
}

// A source is one file of the pipeline, in the syntax tree that both its forms share.
type source struct {
	name string
	body *hclsyntax.Body
}

// readFiles reads and parses the pipeline's files, in the order of their names.
func (l *loader) readFiles() []source {
	if l.opts.FS == nil && l.opts.Outside != nil {
		l.opts.Outside.Folder(l.dir)
	}
	entries, err := fs.ReadDir(l.fileSystem(), ".")
	if err != nil {
		l.errorf(diag.Range{}, "unreadable-folder", "Folder cannot be read",
			"The pipeline's folder cannot be read: %v. Name another with -C.", cause(err))
		return nil
	}
	var sources []source
	found := 0
	for _, e := range entries {
		if e.IsDir() || !isSource(e.Name()) || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		found++
		b, err := l.readSource(func() (fs.File, error) { return l.openFile(e.Name()) })
		if err != nil {
			l.errorf(diag.Range{}, "unreadable-file", "File cannot be read", "%s cannot be read: %v.", e.Name(), cause(err))
			continue
		}
		l.files[e.Name()] = b
		if body := l.parse(e.Name(), b); body != nil {
			sources = append(sources, source{e.Name(), body})
		}
	}
	if found == 0 {
		l.errorf(diag.Range{}, "no-pipeline", "No pipeline here",
			"The folder %s holds no file whose name ends in .prefab.hcl or .prefab.hcl.json. "+
				"Run `prefab init` to write one, or name the pipeline's folder with -C.", l.dir)
	}
	return sources
}

// cause is the error without the path, which the message already names.
func cause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// parse returns the syntax tree of a file, or nil when it has an error of syntax: what the parser makes of the rest of
// such a file is not what its author meant, and no problem found there is worth reading.
func (l *loader) parse(name string, b []byte) *hclsyntax.Body {
	if d, bad := unparseable(name, b, formConfig); bad {
		l.add(d)
		l.unparsed = true
		return nil
	}
	if strings.HasSuffix(name, ".json") {
		f, ds := json.Parse(b, name)
		if l.syntax(ds) || f == nil || f.Body == nil {
			return nil
		}
		return l.fromJSON(f.Body)
	}
	f, ds := hclsyntax.ParseConfig(b, name, hcl.InitialPos)
	if l.syntax(ds) || f == nil {
		return nil
	}
	return f.Body.(*hclsyntax.Body)
}

// syntax reports the first error of syntax of a file: a quote or a brace that is missing makes nonsense of all behind it.
func (l *loader) syntax(ds hcl.Diagnostics) bool {
	errs := slices.DeleteFunc(slices.Clone(ds), func(d *hcl.Diagnostic) bool { return d.Severity != hcl.DiagError })
	if len(errs) == 0 {
		l.addHCL(ds, "syntax")
		return false
	}
	l.unparsed = true
	first := slices.MinFunc(errs, func(a, b *hcl.Diagnostic) int {
		if a.Subject == nil || b.Subject == nil {
			return 0
		}
		return cmp.Compare(a.Subject.Start.Byte, b.Subject.Start.Byte)
	})
	said := *first
	if said.Summary == "Invalid multi-line string" {
		said.Summary = "Missing quote"
		said.Detail = "The text that begins on this line has no closing quote on it. A text of several lines is written with \\n, or as a heredoc: <<EOT."
	}
	said.Detail += " The rest of the file is not looked at before this is mended."
	l.addHCL(hcl.Diagnostics{&said}, "syntax")
	return true
}

// maxSource is how large a file of the pipeline may be, and maxSources how large all of them together: the syntax tree
// takes some hundred times the bytes. Ten thousand stages take less than two megabytes.
const (
	maxSource  = 4 << 20
	maxSources = 16 << 20
)

// readSource reads a file of the pipeline, or of values for its variables, as far as it is of a size that one has.
func (l *loader) readSource(open func() (fs.File, error)) ([]byte, error) {
	f, err := open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSource+1))
	if err != nil {
		return nil, err
	}
	l.read += len(b)
	switch {
	case len(b) > maxSource:
		return nil, fmt.Errorf("it is larger than %d MiB. Keep data in files that a stage or a function reads", maxSource>>20)
	case l.read > maxSources:
		return nil, fmt.Errorf("with it the files of the pipeline are larger than %d MiB. Keep data in files that a stage or a function reads", maxSources>>20)
	}
	return b, nil
}

// unparseable reports bytes that must not reach the parser: text that is not UTF-8, and nesting that would endanger it.
func unparseable(name string, b []byte, f form) (diag.Diagnostic, bool) {
	if at := invalidUTF8(b); at >= 0 {
		pos := diag.Pos{Line: 1 + bytes.Count(b[:at], []byte("\n")), Column: 1, Byte: at}
		return diag.Diagnostic{
			Severity: diag.Error, Code: "syntax", Summary: "Not UTF-8 text",
			Detail:  fmt.Sprintf("The byte 0x%02x here is no part of UTF-8 text. Save the file as UTF-8.", b[at]),
			Subject: diag.Range{File: name, Start: pos, End: pos},
		}, true
	}
	if f == formConfig && strings.HasSuffix(name, ".json") {
		return jsonTooDeep(name, b)
	}
	return tooDeep(name, b, f)
}

// invalidUTF8 returns where b stops being UTF-8, or -1.
func invalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return -1
}

// Syntax reports what is wrong with the syntax of one source file, for callers that only want to format it.
func Syntax(name string, src []byte) diag.List {
	l := newLoader(context.Background(), "", Options{})
	l.parse(name, src)
	l.finishDiags()
	return slices.Clone(l.diags)
}
