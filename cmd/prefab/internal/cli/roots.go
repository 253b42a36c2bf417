package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/disk"
	"github.com/prefab-build/prefab/executor/gc"
	"github.com/prefab-build/prefab/executor/history"
	"github.com/prefab-build/prefab/planner"
)

// project is the folder by which the cache knows a pipeline.
func (a *app) project() (string, error) {
	dir, err := filepath.Abs(a.dir)
	if err != nil {
		return "", fmt.Errorf("finding the project's folder: %w", err)
	}
	return dir, nil
}

// root tells the cache what the run needs, so that nobody's collection removes it. A trial needs nothing. A run of some of
// the stages, or one that was interrupted, adds to what the others need.
func (s *session) root(plan *planner.Plan, out *executor.Outcome, code int) error {
	if plan.Options.Limit > 0 || s.onlyRead() {
		return nil
	}
	dir, err := s.project()
	if err != nil {
		return err
	}
	r := cas.Root{Project: dir, Name: gc.LastRun}
	left := map[string]bool{} // stages that the run left out or did not come to
	for _, o := range out.Nodes {
		switch {
		case o.State == executor.Excluded, out.Interrupted && o.Result == nil:
			left[o.Node.Addr.String()] = true
		case o.Result != nil && o.Key != nil:
			r.Actions = append(r.Actions, cas.RootAction{Addr: o.Node.Addr.String(), Base: o.Node.BaseDigest, Inputs: o.Key.InputsDigest})
		}
	}
	if code == exitOK {
		r.Name = gc.LastGoodRun
	}
	if was, ok := s.local.Root(dir, r.Name); ok {
		for _, a := range was.Actions {
			if left[a.Addr] {
				r.Actions = append(r.Actions, a)
			}
		}
	}
	slices.SortFunc(r.Actions, func(a, b cas.RootAction) int { return strings.Compare(a.Addr, b.Addr) })
	if err := s.local.PutRoot(r); err != nil {
		return err
	}
	if code == exitOK {
		return s.local.DropRoot(dir, gc.LastRun) // which did not succeed, and is older
	}
	return nil
}

// tidyEvery is how often apply collects garbage: a cache does not fill in a day.
const tidyEvery = 24 * time.Hour

// tidy collects garbage after a run, when that is due. What goes wrong is a warning: the run is done.
func (s *session) tidy(ctx context.Context) {
	if s.closed != nil || !s.pipeline.Project.Limits().GC || !s.local.Due("collected", tidyEvery) {
		return
	}
	r, err := gc.Collect(ctx, s.local, limitsOf(s.pipeline), s.now())
	switch {
	case errors.Is(err, gc.ErrBusy) || ctx.Err() != nil:
	case err != nil:
		s.warn(disk.Advised(err).Error())
	default:
		s.view.Tidied(r)
	}
}

// keep marks a run in the history, and tells the cache what it needs; or takes both back.
func (a *app) keep(ctx context.Context, h *history.DB, id int64, kept bool) error {
	run, err := h.Run(ctx, id)
	if err != nil {
		return err
	}
	if run == nil {
		return fmt.Errorf("there is no run %d: prefab log lists them", id)
	}
	c, err := a.openCache(ctx, nil)
	if err != nil {
		return err
	}
	dir, err := a.project()
	if err != nil {
		return err
	}
	r := cas.Root{Project: dir, Name: fmt.Sprintf("run %d", id)}
	if !kept {
		if err := h.Keep(ctx, id, false); err != nil {
			return err
		}
		if err := c.DropRoot(dir, r.Name); err != nil {
			return err
		}
		a.view.Kept(id, false, 0, 0)
		return nil
	}
	missing := 0
	for _, n := range run.Nodes {
		if !made(n) {
			continue
		}
		r.Actions = append(r.Actions, cas.RootAction{Addr: n.Addr.String(), Base: n.BaseDigest, Inputs: n.InputsDigest})
		if !c.HasAction(n.BaseDigest, n.InputsDigest) {
			missing++
		}
	}
	if err := c.PutRoot(r); err != nil {
		return err
	}
	if err := h.Keep(ctx, id, true); err != nil {
		return err
	}
	a.view.Kept(id, true, len(r.Actions), missing)
	return nil
}

// made reports whether a stage of a recorded run had a result.
func made(n history.Node) bool {
	switch executor.State(n.State) {
	case executor.Ran, executor.Same, executor.Cached, executor.Restored:
		return !n.InputsDigest.IsZero()
	}
	return false
}
