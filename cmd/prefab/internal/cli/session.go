package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"github.com/prefab-build/prefab/backends"
	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/history"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stages"
	"github.com/prefab-build/prefab/lang"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// A session is a pipeline that was loaded, and the store and history that it works with.
type session struct {
	*app
	kinds    []*stage.Kind
	specs    map[string]*spec.KindSpec
	pipeline *spec.Pipeline
	files    lang.Files
	local    *cas.Store     // the cache on this machine
	store    executor.Store // the same, or with a remote one behind it
	history  *history.DB
	spool    *resolve.Spool // of an apply
	closed   error          // why the cache can only be read, if so
	warning  sync.Mutex
	warnings []string
	deep     bool // an earlier try met a loss in the store
	locked   bool // inputs must be as they are pinned
}

// variables are the flags that give values to variables.
type variables struct {
	given    []lang.Given
	recorded []spec.Variable // of a saved plan
}

func (v *variables) register(flags *pflag.FlagSet) {
	flags.Var(&givenFlag{v: v}, "var", "give a variable a value: NAME=VALUE")
	flags.Var(&givenFlag{v: v, file: true}, "var-file", "read values of variables from a file")
}

type givenFlag struct {
	v    *variables
	file bool
}

func (f *givenFlag) String() string { return "" }

func (f *givenFlag) Type() string {
	if f.file {
		return "file"
	}
	return "name=value"
}

func (f *givenFlag) Set(s string) error {
	if f.file {
		f.v.given = append(f.v.given, lang.Given{File: s})
		return nil
	}
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		return fmt.Errorf("write NAME=VALUE")
	}
	f.v.given = append(f.v.given, lang.Given{Name: name, Value: value})
	return nil
}

// kindSpecs returns what package lang must know of each kind.
func kindSpecs(kinds []*stage.Kind) []spec.KindSpec {
	list := make([]spec.KindSpec, len(kinds))
	for i, k := range kinds {
		list[i] = k.KindSpec
	}
	return list
}

// load reads the spec. Problems are printed, and end the command.
func (a *app) load(ctx context.Context, v *variables) (*session, error) {
	s := &session{app: a, kinds: stages.All(), specs: map[string]*spec.KindSpec{}}
	for _, k := range s.kinds {
		s.specs[k.Name] = &k.KindSpec
	}
	opts := lang.Options{
		Kinds: kindSpecs(s.kinds), Backends: backendDrivers, Given: v.given, Recorded: v.recorded, Environ: os.LookupEnv, Version: Version,
	}
	if a.memory != nil {
		opts.Environ, opts.Outside = a.memory.witness.Env, a.memory
	}
	var diags diag.List
	s.pipeline, s.files, diags = lang.LoadSound(ctx, a.dir, opts)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if s.pipeline != nil {
		diags = append(append(diags, s.destinations()...), planner.Prove(s.pipeline, s.specs)...)
		if !diags.HasErrors() {
			diags = append(diags, planner.Unwritten(s.pipeline, s.specs)...)
		}
		diags.Sort()
	}
	if len(diags) > 0 {
		a.view.Diagnostics(diags, s.files)
	}
	if diags.HasErrors() {
		return nil, codeError(exitError)
	}
	return s, nil
}

// stateDir is where a project keeps its lock, history and last plan.
func (s *session) stateDir() string { return filepath.Join(s.dir, ".prefab") }

func (s *session) historyPath() string { return filepath.Join(s.stateDir(), "history.db") }

// cacheDir is where results are kept: what the spec says, PREFAB_CACHE, or a folder of the user's.
func (a *app) cacheDir(p *spec.Pipeline) (string, error) {
	if dir := os.Getenv("PREFAB_CACHE"); dir != "" {
		return dir, nil
	}
	if p != nil && p.Project.CachePath != "" {
		return resolve.Path(a.dir, p.Project.CachePath), nil
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no place for the cache: %w. Set PREFAB_CACHE, or write cache { path = \"...\" }", err)
	}
	return filepath.Join(base, "prefab"), nil
}

// open opens the store and the history.
func (s *session) open() error {
	dir, err := s.cacheDir(s.pipeline)
	if err != nil {
		return err
	}
	opts := cas.Options{Now: s.now, Report: func(d cas.Damage) {
		s.warn(fmt.Sprintf("the cache had a damaged %s, %s: %s. It is made again.", d.Kind, d.Digest.Short(), d.Reason))
	}}
	s.local, err = cas.Open(dir, opts)
	if closed := (*cas.FolderError)(nil); errors.As(err, &closed) && cas.Exists(dir) {
		s.closed, opts.ReadOnly = err, true // it can be looked at, which is all that most commands do
		s.local, err = cas.Open(dir, opts)
	}
	if err != nil {
		return err
	}
	s.atEnd(func() { _ = s.local.Close() })
	if s.store, err = s.shared(); err != nil {
		return err
	}
	s.history = history.Open(s.historyPath(), s.warn)
	return nil
}

// onlyRead reports whether the cache can be looked at and not written.
func (s *session) onlyRead() bool { return s.closed != nil }

func (s *session) warn(text string) {
	s.warning.Lock()
	defer s.warning.Unlock()
	s.warnings = append(s.warnings, text)
	s.view.Warning(text)
}

// plan works out what would be done.
func (s *session) plan(ctx context.Context, opts planner.Options) (*planner.Plan, error) {
	facts, err := s.outside(ctx, opts)
	if err != nil {
		return nil, err
	}
	if opts.Limit == 0 { // a trial places nothing
		facts.Destinations = s.resolver().Destinations(s.pipeline, s.specs)
	}
	plan, known, err := s.make(ctx, facts, opts)
	if err != nil {
		return nil, err
	}
	plan.Disk = s.rooms(plan, known)
	return plan, nil
}

// make works out a plan, and keeps the results that it found. Where a result turns out to have lost something that the
// plan must read, all are looked at in depth, so that it is made again.
func (s *session) make(ctx context.Context, facts planner.Facts, opts planner.Options) (*planner.Plan, *executor.Known, error) {
	specs := make([]*spec.KindSpec, 0, len(s.kinds))
	for _, k := range s.kinds {
		specs = append(specs, &k.KindSpec)
	}
	known := executor.NewKnown(s.memory.watchStore(s), s.history.View(ctx), s.deep)
	plan, err := planner.Make(s.pipeline, specs, facts, known, opts, Version)
	if errors.Is(err, cas.ErrNotFound) && !s.deep {
		s.warn("The cache has lost some of what earlier runs made; it is made again.")
		s.deep = true
		return s.make(ctx, facts, opts)
	}
	return plan, known, err
}

// backendDrivers is what a backend block may say.
var backendDrivers = []spec.Driver{
	{Label: backends.CPU, Doc: "Go, without anything to install"},
	{Label: "xla", Doc: "XLA through a PJRT plugin", Schema: spec.Schema{Attrs: []spec.Attr{
		{Name: "device", Type: spec.TypeString, Default: "cpu", Values: []string{"cpu", "cuda"}, Doc: "which device to compile for"},
		{Name: "plugin", Type: spec.TypeString, Unkeyed: true, Path: true, Doc: "the PJRT plugin to load, instead of the installed one"},
	}}},
}
