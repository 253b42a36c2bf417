package cli

import (
	"encoding/json"
	"strings"

	"github.com/prefab-build/prefab/backends"
	"github.com/prefab-build/prefab/lang"
	"github.com/prefab-build/prefab/spec"
)

// An asked is a question of which package recall knows the name only, as JSON: the numerics class of a backend, or the
// files that the function fileset finds.
type asked struct {
	Backend string      `json:",omitempty"`
	Config  spec.Config `json:",omitempty"`
	Dir     string      `json:",omitempty"`
	Pattern string      `json:",omitempty"`
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
	if q.Backend == "" {
		found, err := lang.Fileset(q.Dir, q.Pattern)
		return strings.Join(found, "\x00"), err
	}
	return q.class()
}

// class is the numerics class of a backend.
func (q asked) class() (string, error) {
	driver, opts, err := backends.FromConfig(q.Backend, q.Config)
	if err != nil {
		return "", err
	}
	return backends.Numerics(driver, opts)
}

// File implements lang.Outside.
func (r *remembering) File(path string, content []byte, err error) {
	r.witness.File(path, content, err)
}

// Folder implements lang.Outside.
func (r *remembering) Folder(path string) { r.witness.Folder(path) }

// Fileset implements lang.Outside.
func (r *remembering) Fileset(dir, pattern string, found []string, err error) {
	if err != nil {
		r.witness.Doubt(err.Error())
		return
	}
	r.witness.Other(asked{Dir: dir, Pattern: pattern}.name(), strings.Join(found, "\x00"))
}
