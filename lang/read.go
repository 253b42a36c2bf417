package lang

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// readFile reads a file of the pipeline, or one that the source or the command line names: relative to the folder, or
// absolute.
func (l *loader) readFile(name string) ([]byte, error) {
	if l.opts.FS != nil {
		return fs.ReadFile(l.opts.FS, path.Clean(filepath.ToSlash(name)))
	}
	name = l.path(name)
	b, err := os.ReadFile(name)
	if l.opts.Outside != nil {
		l.opts.Outside.File(name, b, err)
	}
	return b, err
}

// path is the place of a file or folder outside of an FS.
func (l *loader) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(l.dir, filepath.FromSlash(name))
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
		b, err := l.readFile(e.Name())
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

// parse returns the syntax tree of a file: as much of it as could be understood.
func (l *loader) parse(name string, b []byte) *hclsyntax.Body {
	if d, bad := unparseable(name, b); bad {
		l.add(d)
		l.unparsed = true
		return nil
	}
	if strings.HasSuffix(name, ".json") {
		f, ds := json.Parse(b, name)
		l.addHCL(ds, "syntax")
		l.unparsed = l.unparsed || ds.HasErrors()
		if f == nil || f.Body == nil || ds.HasErrors() {
			return nil
		}
		return l.fromJSON(f.Body)
	}
	f, ds := hclsyntax.ParseConfig(b, name, hcl.InitialPos)
	l.addHCL(ds, "syntax")
	l.unparsed = l.unparsed || ds.HasErrors()
	if f == nil {
		return nil
	}
	return f.Body.(*hclsyntax.Body)
}

// maxDepth is how deep brackets may nest. The parser recurses, and a stack that overflows cannot be caught; people do
// not write a tenth of this.
const maxDepth = 1000

// unparseable reports bytes that must not reach the parser: text that is not UTF-8, and nesting that would endanger it.
func unparseable(name string, b []byte) (diag.Diagnostic, bool) {
	if at := invalidUTF8(b); at >= 0 {
		pos := diag.Pos{Line: 1 + bytes.Count(b[:at], []byte("\n")), Column: 1, Byte: at}
		return diag.Diagnostic{
			Severity: diag.Error, Code: "syntax", Summary: "Not UTF-8 text",
			Detail:  fmt.Sprintf("The byte 0x%02x here is no part of UTF-8 text. Save the file as UTF-8.", b[at]),
			Subject: diag.Range{File: name, Start: pos, End: pos},
		}, true
	}
	return tooDeep(name, b)
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

// tooDeep reports nesting that would endanger the parser. It counts opening brackets and runs of prefix operators
// without regard to strings, which can only err on the side of refusing.
func tooDeep(name string, b []byte) (diag.Diagnostic, bool) {
	depth, run, line := 0, 0, 1
	for _, c := range b {
		switch c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth = max(0, depth-1)
		case '\n':
			line++
		}
		switch c {
		case '!', '-', '?':
			run++
		case '\n':
			run = 0
		}
		if depth > maxDepth || run > 10*maxDepth {
			pos := diag.Pos{Line: line, Column: 1}
			return diag.Diagnostic{
				Severity: diag.Error, Code: "syntax", Summary: "Nesting too deep",
				Detail:  fmt.Sprintf("Brackets or operators nest more than %d deep here. Break the expression up with locals.", maxDepth),
				Subject: diag.Range{File: name, Start: pos, End: pos},
			}, true
		}
	}
	return diag.Diagnostic{}, false
}

// Syntax reports what is wrong with the syntax of one source file, for callers that only want to format it.
func Syntax(name string, src []byte) diag.List {
	l := newLoader(context.Background(), "", Options{})
	l.parse(name, src)
	l.finishDiags()
	return slices.Clone(l.diags)
}
