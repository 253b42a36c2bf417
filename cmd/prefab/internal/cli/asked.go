package cli

import (
	"encoding/json"
	"os"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/backends"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/lang"
	"github.com/prefab-build/prefab/spec"
)

// An asked is a question of which package recall knows the name only, as JSON: the numerics class of a backend, the files
// that the function fileset finds, those that a glob matches, or where a path leads to.
type asked struct {
	Backend string      `json:",omitempty"`
	Config  spec.Config `json:",omitempty"`
	Fileset string      `json:",omitempty"` // the pattern
	Glob    string      `json:",omitempty"`
	Dir     string      `json:",omitempty"` // of both
	Path    string      `json:",omitempty"`
}

func (q asked) name() string {
	b, err := json.Marshal(q)
	if err != nil {
		panic("cli: " + err.Error())
	}
	return string(b)
}

func backendAsked(b spec.Setting) asked { return asked{Backend: b.Addr.Name, Config: b.Config} }

// answerAsked answers a question by its name, as things are now.
func answerAsked(name string) (string, error) {
	var q asked
	if err := json.Unmarshal([]byte(name), &q); err != nil {
		return "", err
	}
	switch {
	case q.Fileset != "":
		return listed(lang.Fileset(q.Dir, q.Fileset))
	case q.Glob != "":
		found, err := resolve.Glob(q.Dir, q.Glob)
		slices.Sort(found)
		return listed(found, err)
	case q.Path != "":
		return resolve.Real(q.Path), nil
	}
	return q.class()
}

func listed(paths []string, err error) (string, error) { return strings.Join(paths, "\x00"), err }

// class is the numerics class of a backend.
func (q asked) class() (string, error) {
	driver, opts, err := backends.FromConfig(q.Backend, q.Config)
	if err != nil {
		return "", err
	}
	return backends.Numerics(driver, opts)
}

// ask notes a question with its answer.
func (r *remembering) ask(q asked, answer string) {
	if r != nil {
		r.witness.Other(q.name(), answer)
	}
}

// askNow notes a question with the answer that it has now.
func (r *remembering) askNow(q asked) {
	answer, err := answerAsked(q.name())
	if err != nil {
		r.witness.Doubt(err.Error())
		return
	}
	r.ask(q, answer)
}

// large is from which size on a file is known by its stamp, since reading it takes longer than it should. Texts of
// pipelines are far below.
const large = 1 << 20

// File implements lang.Outside.
func (r *remembering) File(path string) {
	if info, err := os.Stat(path); err == nil && info.Size() > large {
		r.witness.Stamp(path)
		return
	}
	r.watch(path)
}

// Folder implements lang.Outside.
func (r *remembering) Folder(path string) { r.witness.Folder(path) }

// Fileset implements lang.Outside.
func (r *remembering) Fileset(dir, pattern string, found []string, err error) {
	if err != nil {
		r.witness.Doubt(err.Error())
		return
	}
	r.ask(asked{Dir: dir, Fileset: pattern}, strings.Join(found, "\x00"))
}
