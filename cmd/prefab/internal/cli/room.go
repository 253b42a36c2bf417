package cli

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/prefab-build/prefab/cmd/prefab/internal/view"
	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/machine"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
)

// rooms compares what a run of a plan adds to disks with what is free there, a line for each file system. A trial is small,
// and a plan that leaves nothing to do adds nothing.
func (s *session) rooms(plan *planner.Plan, known *executor.Known) (list []planner.Room) {
	if plan.Idle() || plan.Options.Limit > 0 {
		return nil
	}
	need := executor.Needs(plan, s.kinds, s.local, known)
	at := map[string]int{} // by device
	add := func(path string, r planner.Room) {
		space, ok := s.space(existing(path))
		if !ok || r.Need() == 0 {
			return
		}
		i, seen := at[space.Device]
		if !seen {
			i = len(list)
			at[space.Device] = i
			list = append(list, planner.Room{Path: path, Free: space.Free})
		}
		if path == s.local.Dir() {
			list[i].Free += s.spool.Size() // it goes where room is short
		}
		list[i].Cache, list[i].Exports, list[i].Scratch = list[i].Cache+r.Cache, list[i].Exports+r.Exports, list[i].Scratch+r.Scratch
	}
	add(s.local.Dir(), planner.Room{Cache: need.Cache, Scratch: need.Scratch})
	for _, path := range slices.Sorted(maps.Keys(need.Placed)) {
		add(filepath.Dir(resolve.Path(s.dir, path)), planner.Room{Exports: need.Placed[path]})
	}
	return list
}

func (s *session) space(path string) (machine.Space, bool) {
	if s.Space != nil {
		return s.Space(path)
	}
	return machine.At(path)
}

// existing is the folder of a path, or above it, that is there.
func existing(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || filepath.Dir(path) == path {
			return path
		}
		path = filepath.Dir(path)
	}
}

// roomy refuses a run for which there is clearly no room, and warns of one for which there may be none. The estimate is
// rough, so half of it must be free.
func (s *session) roomy(plan *planner.Plan, ignore bool) error {
	for _, r := range plan.Disk {
		need := r.Need()
		if r.Cache > 0 && r.Free < 2*need && s.spool != nil {
			s.spool.Close() // packed inputs are unpacked once more
		}
		switch {
		case r.Free < need/2 && !ignore:
			advice := "Make room (prefab cache gc, or delete what is not needed), put the cache elsewhere with PREFAB_CACHE"
			if r.Cache == 0 {
				advice = "Make room there, let the exports write elsewhere"
			}
			return errors.New(view.NoRoom(r) + " " + advice + ", or try all the same with --ignore-space")
		case r.Free < need+need/2:
			s.warn(view.NoRoom(r) + " The run may end for want of room, and goes on from there when there is some.")
		}
	}
	return nil
}
