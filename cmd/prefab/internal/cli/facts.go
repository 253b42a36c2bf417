package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// facts looks at the outside.
func (s *session) facts(ctx context.Context) (planner.Facts, error) {
	f := planner.Facts{Arch: arch, Classes: map[string]string{}}
	for _, b := range s.pipeline.Backends {
		if !slices.ContainsFunc(s.pipeline.Blocks, func(block spec.Block) bool { return block.Backend == b.Addr }) {
			continue // declared for another day: it need not be installed
		}
		class, err := backendAsked(b).class()
		if err != nil {
			return f, fmt.Errorf("%s: %w", b.Addr, err)
		}
		f.Classes[b.Addr.String()] = class
		s.memory.ask(backendAsked(b), class)
	}
	s.memory.watchSources(s)
	r := s.resolver()
	files, err := r.Files(ctx, s.pipeline, s.specs)
	f.Files = files
	switch {
	case ctx.Err() != nil:
		return f, context.Cause(ctx)
	case err != nil:
		return f, s.fileProblems(err)
	}
	s.fileNotes(files)
	return f, nil
}

// spoolSize is the most that is kept of unpacked inputs between a plan and its run; nor does it take more than an eighth of
// what is free.
const spoolSize = 4 << 30

// keep has a run find what the plan unpacked. Close the spool when the run is over.
func (s *session) keep() *resolve.Spool {
	room := int64(spoolSize)
	if space, ok := s.space(s.local.Dir()); ok {
		room = min(room, space.Free/8)
	}
	s.spool = resolve.NewSpool(s.local.Scratch, room)
	return s.spool
}

func (s *session) resolver() *resolve.Resolver {
	return &resolve.Resolver{Dir: s.dir, Store: s.local, Now: s.now, Progress: s.view.Reading, Spool: s.spool}
}

// fileNotes tells what there is to know of inputs, once for all files of a stage.
func (s *session) fileNotes(files map[string][]planner.File) {
	for _, addr := range slices.Sorted(maps.Keys(files)) {
		first, more := map[string]string{}, map[string]int{}
		for _, f := range files[addr] {
			for _, note := range f.Notes {
				if _, ok := first[note]; !ok {
					first[note] = f.Path
				} else {
					more[note]++
				}
			}
		}
		for _, note := range slices.Sorted(maps.Keys(first)) {
			where := first[note]
			if n := more[note]; n > 0 {
				where = fmt.Sprintf("%s and %d more", where, n)
			}
			s.view.Note(fmt.Sprintf("%s, %s: %s.", addr, where, note))
		}
	}
}

// fileProblems prints what is wrong with inputs at the attribute that names them.
func (s *session) fileProblems(err error) error {
	var list diag.List
	for _, e := range flattenErrors(err) {
		var f *resolve.FileError
		if !errors.As(e, &f) {
			return err
		}
		d := diag.Diagnostic{
			Severity: diag.Error, Code: "input-file", Summary: "An input cannot be read", Block: f.Addr.String(),
			Detail: strings.TrimSuffix(resolve.Named(f.Path, f.Err).Error(), ".") + ".",
		}
		for i := range s.pipeline.Blocks {
			b := &s.pipeline.Blocks[i]
			if b.Addr != f.Addr {
				continue
			}
			d.Subject = b.Place("source", strconv.Itoa(f.Source), "path")
		}
		list = append(list, d)
	}
	s.view.Diagnostics(list, s.files)
	return codeError(exitError)
}

func flattenErrors(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var list []error
		for _, e := range joined.Unwrap() {
			list = append(list, flattenErrors(e)...)
		}
		return list
	}
	return []error{err}
}

// outside gathers the facts of a plan, and refuses what could not be run with them.
func (s *session) outside(ctx context.Context, opts planner.Options) (planner.Facts, error) {
	facts, err := s.facts(ctx)
	if err != nil {
		return facts, err
	}
	if problems := s.unplaceable(); opts.Limit == 0 && len(problems) > 0 {
		s.view.Diagnostics(problems, s.files)
		return facts, codeError(exitError)
	}
	return facts, s.checkPins(facts, s.locked)
}
