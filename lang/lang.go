// Package lang reads the files of a pipeline and works out what they say: variables, locals, functions, for_each and
// references become a spec.Pipeline that is plain data, or problems that point at the exact expression.
//
// It is the only package that knows HCL and cty. It evaluates all that can be evaluated before data is read; what has to
// wait (the conditions and messages of gates, outputs that read metrics, expressions over rows) it lowers to spec/expr.
// It knows no stage kind: the caller hands in the kinds, each a schema and functions from a config to ports and
// problems. It reads the pipeline's files and those that file functions name, and writes nothing.
package lang

import (
	"context"
	"io/fs"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// Options is what Load needs to know besides the folder.
type Options struct {
	Kinds    []spec.KindSpec
	Backends []spec.Driver // what `backend "label" {}` may say
	// Given are the values of variables that the command line gave, in its order: of two for one variable the later
	// holds.
	Given []Given
	// Recorded are the values that a saved plan was made with. Those that its environment and its command line gave hold
	// again; sensitive ones have none and are given again. What lies in the spec and in files is read anew, so that the plan is
	// stale when it changed.
	Recorded []spec.Variable
	// Environ looks up a variable of the environment; nil is an empty environment.
	Environ func(name string) (value string, ok bool)
	// Version is that of prefab, which required_version is compared with; empty fits every demand.
	Version string
	// Outside is told what Load looks at besides Environ; it may be nil.
	Outside Outside
	// FS is where the files are read from instead of the folder; every path is relative to its root.
	FS fs.FS
}

// Outside is told what a pipeline's text depends on. Paths are as the system knows them; nothing is told of an FS.
type Outside interface {
	// File is told of a file before it is opened.
	File(path string)
	// Folder is told of the pipeline's folder before it is listed.
	Folder(path string)
	// Fileset is told what Fileset returned to the function of that name.
	Fileset(dir, pattern string, found []string, err error)
}

// A Given is one --var or one --var-file.
type Given struct {
	Name, Value string // --var name=value
	File        string // --var-file
}

// Files holds the bytes of every file that was read as source, by the name that ranges carry.
type Files map[string][]byte

// Load reads the pipeline of a folder: all its *.prefab.hcl and *.prefab.hcl.json files, and its *.auto.prefabvars and
// *.auto.prefabvars.json. It reports every problem that it finds. The pipeline is nil when one of them is an error;
// the files that could be read are returned either way.
func Load(ctx context.Context, dir string, opts Options) (*spec.Pipeline, Files, diag.List) {
	p, files, diags := LoadSound(ctx, dir, opts)
	if diags.HasErrors() {
		return nil, files, diags
	}
	return p, files, diags
}

// LoadSound is Load, but where there are errors it returns what is sound of the pipeline, to be looked at for further
// problems: the stages, checks and limits in which nothing is wrong. They may refer to stages that are not there. The
// pipeline is nil when none could be read.
func LoadSound(ctx context.Context, dir string, opts Options) (*spec.Pipeline, Files, diag.List) {
	l := newLoader(ctx, dir, opts)
	p := l.load()
	if l.interrupted() { // what was evaluated since then failed for that reason
		p, l.diags = nil, nil
		l.errorf(diag.Range{}, "interrupted", "Interrupted", "Reading the pipeline was interrupted.")
	}
	l.finishDiags()
	return p, l.files, l.diags
}

// A loader holds what one Load has found out so far. Its methods report problems to diags and go on.
type loader struct {
	ctx   context.Context
	dir   string
	opts  Options
	files Files
	diags diag.List
	seen  map[seenKey]bool // the problems reported, so that a thousand instances do not repeat one

	kinds    map[string]*spec.KindSpec
	top      map[string]*blockKind
	decls    declarations
	base     *hcl.EvalContext // functions and variables: what every expression is evaluated in
	rec      *recorder        // where file functions note what they returned
	spans    map[string][]span
	secrets  []string     // texts in sensitive values
	hidden   []diag.Range // where sensitive values are written
	read     int          // bytes of the files of the pipeline
	spent    int          // what the loops of the expression at hand have made
	many     int          // instances
	unparsed bool         // some file has an error of syntax, so that names may be missing
}

func newLoader(ctx context.Context, dir string, opts Options) *loader {
	if opts.Environ == nil {
		opts.Environ = func(string) (string, bool) { return "", false }
	}
	l := &loader{
		ctx: ctx, dir: dir, opts: opts, files: Files{}, seen: map[seenKey]bool{},
		kinds: map[string]*spec.KindSpec{},
	}
	for i := range opts.Kinds {
		l.kinds[opts.Kinds[i].Name] = &opts.Kinds[i]
	}
	l.top = l.topLevels()
	l.base = &hcl.EvalContext{Functions: l.functions(), Variables: map[string]cty.Value{}}
	return l
}

// interrupted reports whether the caller no longer waits. Evaluation then comes to an end by errors, which are not shown.
func (l *loader) interrupted() bool { return l.ctx.Err() != nil }

// load runs the passes in order. Each works with what the ones before could make of the source, so that one run
// reports all that is wrong.
func (l *loader) load() *spec.Pipeline {
	bodies := l.readFiles()
	if len(bodies) == 0 && l.diags.HasErrors() {
		return nil
	}
	l.markBlocks(bodies)
	l.declare(bodies)
	l.assignVariables()
	for _, n := range l.order() {
		if l.interrupted() {
			return nil
		}
		n.evaluate(l)
	}
	p := &spec.Pipeline{Project: l.project(), Backends: l.settings()}
	l.resolveRequires()
	p.Gates = l.gates()
	p.Outputs = l.outputs()
	p.Variables = l.variables()
	l.checkTaint()
	p.Blocks = l.blocks()
	return p
}

// blocks returns the stages that are enabled, and in which nothing is wrong, by address.
func (l *loader) blocks() []spec.Block {
	out := []spec.Block{}
	for _, b := range l.decls.stages {
		for _, in := range b.instances {
			if in.enabled && !in.broken {
				out = append(out, in.block)
			}
		}
	}
	slices.SortFunc(out, func(a, b spec.Block) int { return a.Addr.Compare(b.Addr) })
	return out
}

// isSource reports whether a file of that name belongs to the pipeline.
func isSource(name string) bool {
	return strings.HasSuffix(name, ".prefab.hcl") || strings.HasSuffix(name, ".prefab.hcl.json")
}

// Reserved reports whether a file of that name, in any folder, would be read as part of a pipeline: as its source, as
// values of its variables, or as its lock file.
func Reserved(name string) bool {
	return isSource(name) || isAutoValues(name) || name == LockName
}
