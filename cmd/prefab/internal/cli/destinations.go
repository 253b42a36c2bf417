package cli

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/text/unicode/norm"

	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/lang"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// A target is a file that a stage places outside the store.
type target struct {
	block *spec.Block
	name  string      // as the spec has it, with what is added for the files beside it
	real  string      // where it leads to
	key   string      // real, for comparing
	info  os.FileInfo // of what is there, if anything
}

// targets lists what the stages of the pipeline place: what they write and what stands beside it.
func (s *session) targets() (list []target) {
	for _, b := range s.placing() {
		ends := append([]string{""}, s.specs[b.Addr.Kind].Beside...)
		for _, end := range append(ends, resolve.ProvenanceName("")) {
			t := target{block: b, name: resolve.Destination(b) + end}
			t.real = resolve.Real(resolve.Path(s.dir, t.name))
			t.key = pathKey(t.real)
			t.info, _ = os.Stat(t.real)
			list = append(list, t)
		}
	}
	return list
}

// pathKey is equal for names that some file systems hold for one: they tell no capitals from small letters, or no two
// ways to write an accent. A spec goes from machine to machine.
func pathKey(real string) string { return norm.NFC.String(strings.ToLower(filepath.ToSlash(real))) }

// within reports whether a path is a folder's, or lies below it; both are keys.
func within(key, folder string) bool {
	return key == folder || strings.HasPrefix(key, strings.TrimSuffix(folder, "/")+"/")
}

func (t *target) problem(summary, format string, args ...any) diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Code: "export-path", Summary: summary, Block: t.block.Addr.String(),
		Subject: t.block.Source["path"], Detail: fmt.Sprintf(format, args...),
	}
}

// destinations looks for files that must not be placed where the spec says: for each stage the first problem, if any.
func (s *session) destinations() (list diag.List) {
	targets := s.targets()
	if len(targets) == 0 {
		return nil
	}
	inputs := indexInputs(s.inputPaths())
	taken := map[string]target{}
	for _, t := range targets {
		if _, ok := taken[t.key]; !ok {
			taken[t.key] = t
		}
	}
	told := map[spec.Addr]bool{}
	for _, t := range targets {
		if told[t.block.Addr] {
			continue
		}
		for _, look := range []func() (diag.Diagnostic, bool){
			func() (diag.Diagnostic, bool) { return t.shared(taken) },
			func() (diag.Diagnostic, bool) { return t.overInput(inputs) },
			func() (diag.Diagnostic, bool) { return s.reserved(&t) },
			func() (diag.Diagnostic, bool) { return s.ledOut(&t) },
		} {
			if d, bad := look(); bad {
				list, told[t.block.Addr] = append(list, d), true
				break
			}
		}
	}
	return list
}

// shared looks for another stage that places a file at the same path, which would overwrite this one, or at a path that
// has to be a folder for this one.
func (t *target) shared(taken map[string]target) (d diag.Diagnostic, bad bool) {
	first := taken[t.key]
	if other := first.block.Addr; other != t.block.Addr {
		const summary = "Two exports on one path"
		switch {
		case first.name == t.name || path.Clean(first.name) == path.Clean(t.name):
			return t.problem(summary, "%s and %s would both write %s. Give one of them another path.", other, t.block.Addr, t.name), true
		case first.real == t.real:
			return t.problem(summary, "%s and %s would both write one file: %s and %s lead to one place. Give one of them another path.",
				other, t.block.Addr, first.name, t.name), true
		}
		return t.problem(summary, "%s writes %s and %s writes %s, which many file systems hold for one file. Give one of them another path.",
			other, first.name, t.block.Addr, t.name), true
	}
	for folder := path.Dir(t.key); path.Dir(folder) != folder; folder = path.Dir(folder) {
		if other, ok := taken[folder]; ok {
			return t.problem("No place for an export", "%s writes the file %s, so %s cannot be written below it. Give one of them another path.",
				other.block.Addr, other.name, t.name), true
		}
	}
	return d, false
}

// overInput looks whether a source of the pipeline reads what this stage would write.
func (t *target) overInput(inputs *inputIndex) (d diag.Diagnostic, bad bool) {
	if in, ok := inputs.find(t); ok {
		return t.problem("An export onto an input", "%s would write %s, which %s: the next run would read what this one wrote. "+
			"An input is never overwritten, not even with --force; give another path.", t.block.Addr, t.name, in.reader), true
	}
	return d, false
}

// reserved looks whether a target would be taken for a file of prefab's own.
func (s *session) reserved(t *target) (d diag.Diagnostic, bad bool) {
	const summary = "An export onto a file of prefab's"
	name := path.Base(t.key)
	if lang.Reserved(name) {
		return t.problem(summary, "prefab reads files of names like %s as parts of a pipeline. Give another path.", path.Base(t.name)), true
	}
	if strings.Contains(t.key+"/", "/.prefab/") {
		return t.problem(summary, "%s lies in a folder .prefab, where prefab keeps the lock and the history of a project. Give another path.", t.name), true
	}
	cache, err := s.cacheDir(s.pipeline)
	if err != nil {
		return d, false // reported when the cache is opened
	}
	folder := pathKey(resolve.Real(cache))
	if within(t.key, folder) && !within(pathKey(resolve.Real(s.dir)), folder) {
		return t.problem(summary, "%s lies in the folder of the cache. Give another path.", t.name), true
	}
	return d, false
}

// ledOut looks for a relative path that leads out of the project, by its words or by a link.
func (s *session) ledOut(t *target) (d diag.Diagnostic, bad bool) {
	if filepath.IsAbs(t.name) || within(t.key, pathKey(resolve.Real(s.dir))) {
		return d, false
	}
	how := t.name + " leads out of the folder of the spec."
	if !resolve.LeadsOut(t.name) {
		leads := t.real
		if rel, err := filepath.Rel(resolve.Real(s.dir), t.real); err == nil {
			leads = filepath.ToSlash(rel)
		}
		how = fmt.Sprintf("A link on the way of %s leads to %s.", t.name, leads)
	}
	return t.problem("An export that leads out of the project", "%s If that is meant, write an absolute path, "+
		"so that the spec says where the file goes.", how), true
}

// unplaceable looks for destinations that no file can be put at, before a run spends its time on what goes there.
func (s *session) unplaceable() (list diag.List) {
	told := map[spec.Addr]bool{}
	for _, t := range s.targets() {
		if told[t.block.Addr] {
			continue
		}
		info, err := os.Stat(resolve.Path(s.dir, t.name))
		detail := ""
		switch {
		case err == nil && info.IsDir():
			detail = t.name + " is a folder. Give the path of a file, or move the folder away."
		case err == nil && resolve.Regular(info) != nil:
			detail = t.name + ": " + resolve.Regular(info).Error() + "."
		case errors.Is(err, syscall.ENOTDIR):
			detail = t.name + " cannot be written, because a part of it is a file and no folder. Give another path, or move the file away."
		default:
			continue
		}
		list, told[t.block.Addr] = append(list, t.problem("No place for an export", "%s", detail)), true
	}
	return list
}

// placing returns the stages that put files outside the store.
func (s *session) placing() (list []*spec.Block) {
	for i := range s.pipeline.Blocks {
		b := &s.pipeline.Blocks[i]
		if k := s.specs[b.Addr.Kind]; k != nil && k.Places && resolve.Destination(b) != "" {
			list = append(list, b)
		}
	}
	return list
}
