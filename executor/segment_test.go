package executor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A shelf is a file of a test, whose segments can be picked but for those that are elsewhere.
type shelf struct {
	content   []string
	elsewhere map[int]bool
	touched   bool // while it was read
	reads     int
}

func (s *shelf) pick(int) (picker, error) { return s, nil }

func (s *shelf) Segment(_ context.Context, n int) ([]byte, error) {
	if s.elsewhere[n] {
		return nil, resolve.ErrElsewhere
	}
	return []byte(s.content[n]), nil
}

func (s *shelf) Close() error {
	if s.touched {
		return resolve.ErrChanged
	}
	return nil
}

func (s *shelf) read(_ context.Context, _ int, emit func([]byte) error) error {
	s.reads++
	for _, c := range s.content {
		if err := emit([]byte(c)); err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) named(_ int, err error) error { return fmt.Errorf("shelf: %w", err) }

// What cannot be picked is found by reading through, each piece once; a file that was touched meanwhile is read through to
// see whether it is the same, and refused where it is not.
func TestWantedPieces(t *testing.T) {
	facts := []string{"a", "b", "c", "d"}
	for name, c := range map[string]struct {
		shelf   shelf
		missing []bool
		done    string
		reads   int
		changed bool
	}{
		"all at their places":   {shelf{content: facts}, []bool{true, true, true, true}, "abcd", 0, false},
		"some are cached":       {shelf{content: facts}, []bool{false, true, false, true}, "bd", 0, false},
		"one is elsewhere":      {shelf{content: facts, elsewhere: map[int]bool{2: true}}, []bool{true, true, true, true}, "abcd", 1, false},
		"touched and the same":  {shelf{content: facts, touched: true}, []bool{false, true, false, false}, "b", 1, false},
		"touched and changed":   {shelf{content: []string{"a", "b", "x", "d"}, touched: true}, []bool{false, true, false, false}, "b", 1, true},
		"touched and shortened": {shelf{content: facts[:3], touched: true}, []bool{false, true, false, false}, "b", 1, true},
	} {
		m := &mapping{job: &job{bench: newBench(nil, nil, 2, false), action: &Action{}, segments: &c.shelf}}
		w := &wanted{mapping: m, missing: c.missing, doubt: make([]bool, len(facts))}
		for i, f := range facts {
			w.pieces = append(w.pieces, piece{number: i, segment: planner.Segment{Digest: spec.HashBytes([]byte(f))}})
		}
		var mu sync.Mutex
		got := make([]string, len(facts))
		w.do = func(_ context.Context, i int, content []byte) error {
			mu.Lock()
			defer mu.Unlock()
			got[i] += string(content)
			return nil
		}
		err := w.eachFile(t.Context(), w.pick)
		if err == nil {
			err = w.eachFile(t.Context(), w.readThrough)
		}
		if errors.Is(err, resolve.ErrChanged) != c.changed || err != nil && !c.changed {
			t.Errorf("%s: %v", name, err)
		}
		if done := fmt.Sprint(got[0], got[1], got[2], got[3]); done != c.done || c.shelf.reads != c.reads {
			t.Errorf("%s: done is %q after %d readings, want %q after %d", name, done, c.shelf.reads, c.done, c.reads)
		}
	}
}
