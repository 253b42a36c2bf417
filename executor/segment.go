package executor

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// segments are where a job finds the segments of its files.
type segments interface {
	// pick opens a file of which segments can be read one by one; it returns nil where the file must be read through.
	pick(file int) (picker, error)
	// read gives the content of the segments of a file in order.
	read(ctx context.Context, file int, emit func([]byte) error) error
	// named puts the file's name before an error.
	named(file int, err error) error
}

// A picker reads the segments of a file by their numbers, in any order, from several goroutines. The error is
// resolve.ErrElsewhere where a file must be read through to find one.
type picker interface {
	Segment(ctx context.Context, n int) ([]byte, error)
	Close() error
}

// projectFiles are the files of a project, as the plan's facts have them.
type projectFiles struct {
	dir     string
	sources []spec.Source
	files   []planner.File
}

func (p *projectFiles) pick(file int) (picker, error) {
	f := p.files[file]
	opened, err := resolve.Pick(p.dir, p.sources[f.Source], f)
	if opened == nil {
		return nil, err
	}
	return opened, nil
}

func (p *projectFiles) read(ctx context.Context, file int, emit func([]byte) error) error {
	f := p.files[file]
	return resolve.Read(ctx, p.dir, p.sources[f.Source], f, emit)
}

func (p *projectFiles) named(file int, err error) error {
	return resolve.Named(p.files[file].Path, err)
}

// storedFiles are files whose segments were put into the store.
type storedFiles struct {
	store Store
	files []planner.File
}

func (s storedFiles) pick(file int) (picker, error) {
	return storedSegments{s.store, s.files[file].Segments}, nil
}

func (s storedFiles) read(ctx context.Context, file int, emit func([]byte) error) error {
	for _, p := range s.files[file].Segments {
		b, err := s.store.Get(ctx, p.Digest)
		if err == nil {
			err = emit(b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (storedFiles) named(_ int, err error) error { return err }

type storedSegments struct {
	store Store
	list  []planner.Segment
}

// Segment implements picker.
func (s storedSegments) Segment(ctx context.Context, n int) ([]byte, error) {
	return s.store.Get(ctx, s.list[n].Digest)
}

// Close implements picker.
func (storedSegments) Close() error { return nil }

// wanted are the pieces of a mapping's files that something is to be done with.
type wanted struct {
	*mapping
	pieces  []piece
	missing []bool // by piece; an element is written by whoever works on that piece
	doubt   []bool // by the first piece of a file: it was touched while it was read
	do      func(ctx context.Context, i int, content []byte) error
}

// eachFile calls read for each file with a missing piece or in doubt, of which the pieces from first up to end are, and
// waits for what was started in the group.
func (w *wanted) eachFile(ctx context.Context, read func(ctx context.Context, group *errgroup.Group, first, end int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for first := 0; first < len(w.pieces); {
		file, end, missing := w.pieces[first].file, first, false
		for ; end < len(w.pieces) && w.pieces[end].file == file; end++ {
			missing = missing || w.missing[end] || w.doubt[end]
		}
		if missing {
			if err := read(ctx, group, first, end); err != nil {
				return errors.Join(err, group.Wait())
			}
		}
		first = end
	}
	return group.Wait()
}

// pick reads the missing pieces of a file one by one, where the file allows it. Those that are not found at their places
// stay missing.
func (w *wanted) pick(ctx context.Context, group *errgroup.Group, first, end int) error {
	file := w.pieces[first].file
	from, err := w.segments.pick(file)
	if err != nil {
		return w.segments.named(file, err)
	}
	if from == nil {
		return nil
	}
	var elsewhere atomic.Bool
	inner, ctx := errgroup.WithContext(ctx)
	for i := first; i < end && !elsewhere.Load(); i++ {
		if !w.missing[i] {
			continue
		}
		if err := w.acquire(ctx); err != nil {
			inner.Go(func() error { return err })
			break
		}
		inner.Go(func() error {
			defer w.release()
			content, err := from.Segment(ctx, w.pieces[i].number)
			if errors.Is(err, resolve.ErrElsewhere) {
				elsewhere.Store(true)
				return nil
			}
			return w.done(ctx, i, content, err)
		})
	}
	group.Go(func() error {
		err := inner.Wait()
		switch closed := from.Close(); {
		case err != nil || closed == nil:
		case errors.Is(closed, resolve.ErrChanged):
			w.doubt[first] = true // its mode alone may have changed: reading it through tells
		default:
			err = w.segments.named(file, closed)
		}
		return err
	})
	return nil
}

// done does what is wanted with a piece, unless reading it failed.
func (w *wanted) done(ctx context.Context, i int, content []byte, err error) error {
	if err != nil {
		return w.segments.named(w.pieces[i].file, err)
	}
	w.missing[i] = false
	return w.do(ctx, i, content)
}

// readThrough reads a file from its beginning and refuses one that is not what the plan's facts have.
func (w *wanted) readThrough(ctx context.Context, group *errgroup.Group, first, end int) error {
	file, next := w.pieces[first].file, first
	err := w.segments.read(ctx, file, func(b []byte) error {
		if next >= end {
			if w.limit() == 0 {
				return resolve.ErrChanged
			}
			return errLimit
		}
		i := next
		next++
		if spec.HashBytes(b) != w.pieces[i].segment.Digest {
			return resolve.ErrChanged
		}
		if !w.missing[i] {
			return nil
		}
		if err := w.acquire(ctx); err != nil {
			return err
		}
		content := bytes.Clone(b)
		group.Go(func() error {
			defer w.release()
			return w.done(ctx, i, content, nil)
		})
		return nil
	})
	switch {
	case errors.Is(err, errLimit):
		return nil
	case err != nil:
		return w.segments.named(file, err)
	case next < end:
		return w.segments.named(file, resolve.ErrChanged)
	}
	return nil
}

// errLimit ends the reading of a file early: --limit needs no more of it.
var errLimit = errors.New("enough rows")
