// Package scaffold writes the first spec of a project from a look at its data: it finds out the format of the files and
// which field is what, from their first records, and writes a commented spec with the documented thresholds. It
// refuses to guess where a mistake would go unnoticed: it then lists the fields that it saw and says how to map them.
package scaffold

import (
	"errors"
	"path/filepath"

	"github.com/prefab-build/prefab/executor/resolve"
)

// A Spec is what was written and on what grounds.
type Spec struct {
	Text    []byte            `json:"-"`
	Format  string            `json:"format"`  // of the source block
	Paths   []string          `json:"paths"`   // as the spec has them
	Rows    string            `json:"rows"`    // pairs or votes
	Columns map[string]string `json:"columns"` // expressions over row, by column
	Seen    int               `json:"records_seen"`
	Notes   []string          `json:"notes,omitempty"` // what a person should check
}

// From looks at a file or a folder and writes a spec that stands in dir. Both are paths of this machine.
func From(path, dir string) (*Spec, error) {
	found, err := dataFiles(path)
	if err != nil {
		return nil, err
	}
	s, err := look(found.files)
	if err != nil {
		return nil, err
	}
	g, err := guessFields(s)
	if err != nil {
		return nil, err
	}
	paths, err := specPaths(found.files, dir)
	if err != nil {
		return nil, err
	}
	if g.held, err = specPaths(found.held, dir); err != nil {
		return nil, err
	}
	g.notes = append(found.notes, g.notes...)
	out := &Spec{
		Format: g.format, Paths: paths, Rows: g.rows, Columns: map[string]string{}, Seen: len(s.records), Notes: g.notes,
	}
	for _, f := range g.fields {
		out.Columns[f.column] = f.expr
	}
	out.Text = []byte(render(g, s, paths))
	return out, nil
}

// specPaths writes the paths of files as a spec in dir has them: relative, with slashes.
func specPaths(files []string, dir string) ([]string, error) {
	base, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	list := make([]string, len(files))
	for i, f := range files {
		abs, err := filepath.Abs(f)
		if err != nil {
			return nil, err
		}
		if list[i], err = filepath.Rel(base, abs); err != nil {
			list[i] = abs // another volume
		}
		list[i] = filepath.ToSlash(list[i])
	}
	return list, nil
}

// errNothing is a file without records.
var errNothing = errors.New("it has no records")

func fileError(path string, err error) error { return resolve.Named(path, err) }
