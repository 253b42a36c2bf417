// Package intake is what the stage kinds that read rows from outside share: the `source` blocks of their schema, what the
// planner is told of them, and the Mapper that makes rows of segments. A kind says which table it makes; records that
// make no row go to the ledger, never away.
package intake

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/executor/dataset/read"
	"github.com/prefab-build/prefab/executor/methods/synthetic"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
	"github.com/prefab-build/prefab/spec/expr"
)

// Synthetic is the label of a generated source.
const Synthetic = "synthetic"

// Methods names what the rows depend on besides the kind.
func Methods() []string {
	return []string{expr.Version, frame.Version, dataset.RowScheme, read.Version, synthetic.Version}
}

// A Config is the part of a block's config that this package knows.
type Config struct {
	Key    *expr.Node `json:"key"`
	Source []Source   `json:"source"`
}

// A Source is one source block. Which fields are set depends on its label.
type Source struct {
	Label     string                `json:"label"`
	Path      string                `json:"path"`
	Paths     []string              `json:"paths"`
	Map       map[string]*expr.Node `json:"map"`
	Where     *expr.Node            `json:"where"`
	Implicit  bool                  `json:"implicit_prompt"`
	Header    bool                  `json:"header"`
	Comma     string                `json:"comma"`
	Pin       bool                  `json:"pin"`
	MaxRecord int64                 `json:"max_record_bytes"`

	synthetic.Config
}

// Decode reads a config; what cannot be read is left out.
func Decode(raw spec.Config) Config {
	var c Config
	_ = raw.Decode(&c) // a config is asked for its sources even when it is broken: lang reports what is wrong
	return c
}

// files returns the paths as written.
func (s *Source) files() []string {
	if s.Path == "" {
		return s.Paths
	}
	return append([]string{s.Path}, s.Paths...)
}

// Sources says where the blocks read from, for a table of that type.
func (c Config) Sources(a spec.Artifact) []spec.Source {
	list := make([]spec.Source, len(c.Source))
	for i, s := range c.Source {
		if s.Label == Synthetic {
			list[i].Parts = [][]byte{}
			if s.of(a).Check() == nil {
				for _, p := range s.of(a).Parts() {
					list[i].Parts = append(list[i].Parts, spec.Canonical(p))
				}
			}
			continue
		}
		list[i] = spec.Source{
			Format: s.Label, Paths: s.files(), Header: s.Header, Comma: s.Comma, Pin: s.Pin, MaxSize: s.MaxRecord,
		}
		if s.Label == frame.Parquet {
			if p, err := c.parser(i, a); err == nil {
				list[i].Read = p.Fields()
			}
		}
	}
	return list
}

// of returns the settings of a generated source for a table of that type.
func (s *Source) of(a spec.Artifact) synthetic.Config {
	c := s.Config
	c.Table = string(a)
	return c
}

// parser makes the parser of one source.
func (c Config) parser(i int, a spec.Artifact) (*read.Parser, error) {
	s := c.Source[i]
	o := read.Options{Artifact: a, Format: s.Label, Comma: s.Comma, Header: s.Header, Map: s.Map, Where: s.Where, ImplicitPrompt: s.Implicit, Key: c.Key}
	if s.Label == Synthetic {
		o.Format = frame.JSONL
	}
	return read.New(o)
}

// Check says what is wrong with a config beyond what its schema says.
func Check(raw spec.Config, a spec.Artifact) []spec.Problem {
	var c Config
	if raw.Decode(&c) != nil {
		return nil // the schema has reported it
	}
	var given struct{ Source []struct{ Comma *string } } // what was written, apart from what is absent
	_ = raw.Decode(&given)
	var problems []spec.Problem
	for i, s := range c.Source {
		at := []string{"source", strconv.Itoa(i)}
		problems = append(problems, s.check(at, a)...)
		if i < len(given.Source) && given.Source[i].Comma != nil && *given.Source[i].Comma == "" {
			problems = append(problems, spec.Problem{
				Path: append(slices.Clone(at), "comma"), Summary: "An empty comma",
				Detail: "An empty text separates no fields. Write one character, or leave comma out for that of the format.",
			})
		}
		unknown := s.unknownColumns(at, a)
		problems = append(problems, unknown...)
		if s.Label == Synthetic || unknown != nil {
			continue
		}
		if _, err := c.parser(i, a); err != nil {
			problems = append(problems, spec.Problem{
				Path: at, Summary: "The source cannot be read as it is described", Detail: sentence(err.Error()),
			})
		}
	}
	return problems
}

func (s *Source) check(at []string, a spec.Artifact) []spec.Problem {
	var problems []spec.Problem
	if s.Label != Synthetic {
		if len(s.files()) == 0 {
			problems = append(problems, spec.Problem{
				Path: at, Summary: "A source without a file",
				Detail: "Give path = \"...\", a file or a glob, or paths = [...] with several, relative to the folder of the spec.",
			})
		}
		implicit := append(slices.Clone(at), "implicit_prompt")
		switch {
		case s.Implicit && a != spec.Pairs:
			problems = append(problems, spec.Problem{
				Path: implicit, Summary: "Implicit prompt where there are no pairs",
				Detail: fmt.Sprintf("implicit_prompt says that chosen and rejected begin with the prompt, and these are %s. Remove it.", a),
			})
		case s.Implicit && s.Map["prompt"] != nil:
			problems = append(problems, spec.Problem{
				Path: implicit, Summary: "Two prompts",
				Detail: "implicit_prompt says that the responses hold the prompt, and map says where else it is. Remove one of the two.",
			})
		}
		return problems
	}
	wrong := s.of(a).Check()
	for _, attr := range sorted(wrong) {
		problems = append(problems, spec.Problem{
			Path: append(at, attr), Summary: "The data cannot be generated", Detail: sentence(attr + ": " + wrong[attr]),
		})
	}
	return problems
}

// unknownColumns reports what a map names that is no column, each at its name.
func (s *Source) unknownColumns(at []string, a spec.Artifact) (problems []spec.Problem) {
	var names []string
	for _, c := range a.Columns() {
		if c.Name != spec.Extra {
			names = append(names, c.Name)
		}
	}
	for _, name := range sorted(s.Map) {
		if slices.Contains(names, name) {
			continue
		}
		hint := "They have " + strings.Join(names, ", ") + "; fields that no column takes are kept in extra."
		if best := diag.Closest(name, names); best != "" {
			hint = "Did you mean " + best + "?"
		}
		problems = append(problems, spec.Problem{
			Path: slices.Concat(at, []string{"map", name + "@"}), Summary: "Unknown column",
			Detail: fmt.Sprintf("The rows are %s, which have no column %q. %s", a, name, hint),
		})
	}
	return problems
}

// sentence makes a detail of an error: no capital is forced on names of attributes, but it ends with a stop.
func sentence(s string) string { return strings.TrimSuffix(s, ".") + "." }

// describe names a source for a person.
func (s *Source) describe(i int) string {
	if s.Label == Synthetic {
		return fmt.Sprintf("source %d (synthetic)", i+1)
	}
	return fmt.Sprintf("source %d (%s %s)", i+1, s.Label, strings.Join(s.files(), ", "))
}

// UnmarshalJSON reads a source, giving a generated one the defaults of the generator.
func (s *Source) UnmarshalJSON(b []byte) error {
	type plain Source
	p := plain{Config: synthetic.Defaults()}
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	*s = Source(p)
	return nil
}
