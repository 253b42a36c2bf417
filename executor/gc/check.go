package gc

import (
	"cmp"
	"context"
	"encoding/binary"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/spec"
)

// A Checked is what a verification of a store found.
type Checked struct {
	cas.Verified
	Share   float64  `json:"share"`             // of the blobs that were read
	Lost    int      `json:"lost"`              // blobs that entries name and that are not there, or not any more
	Dropped int      `json:"dropped"`           // entries that name them
	Results []Result `json:"results,omitempty"` // of stages, that are made again
}

// A Result is the result of a stage of a project.
type Result struct {
	Project string `json:"project"`
	Addr    string `json:"addr"`
}

// Check reads a share of the blobs and all entries, sets aside what is damaged, and drops the entries that name it, so
// that the next run makes it again. Which share it is start decides, a number below 1: the digests from there on.
func Check(ctx context.Context, s *cas.Store, share, start float64) (*Checked, error) {
	roots, err := s.Roots()
	if err != nil {
		return nil, err
	}
	had := present(s, roots)
	before, err := Look(ctx, s)
	if err != nil {
		return nil, err
	}
	c := &Checked{Share: share}
	var pick func(spec.Digest) bool
	if share < 1 {
		pick = func(d spec.Digest) bool {
			at := float64(binary.BigEndian.Uint32(d[:])) / (1 << 32)
			return math.Mod(at-start+1, 1) < share
		}
	}
	if c.Verified, err = s.Verify(ctx, pick); err != nil {
		return nil, err
	}
	for i := range before.Entries {
		e := &before.Entries[i]
		lost := 0
		if !s.IsPartial() {
			lost = len(e.Lost)
		}
		for _, b := range e.Blobs {
			if !s.Has(before.Blobs[b].Digest) {
				lost++
			}
		}
		if lost > 0 {
			c.Lost += lost
			c.Dropped++
			s.DropAction(e.Base, e.Inputs, Dropped)
		}
	}
	for r := range present(s, roots) {
		delete(had, r)
	}
	c.Results = sortedResults(had)
	return c, nil
}

// sortedResults lists results by project and address.
func sortedResults(set map[Result]bool) []Result {
	return slices.SortedFunc(maps.Keys(set), func(a, b Result) int {
		return cmp.Or(strings.Compare(a.Project, b.Project), strings.Compare(a.Addr, b.Addr))
	})
}

// Dropped is the reason with which an entry is dropped that names what is not there.
const Dropped = "what it names is not in the store"

// present returns the results that projects need and that are in the store.
func present(s *cas.Store, roots []cas.Root) map[Result]bool {
	list := map[Result]bool{}
	for _, r := range roots {
		for _, a := range r.Actions {
			if s.HasAction(a.Base, a.Inputs) {
				list[Result{r.Project, a.Addr}] = true
			}
		}
	}
	return list
}

// onAllCores calls next over and over, on each core, until it says that there is no more.
func onAllCores(ctx context.Context, next func() (more bool, err error)) error {
	group, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			for ctx.Err() == nil {
				if more, err := next(); !more || err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	return group.Wait()
}
