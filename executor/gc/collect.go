package gc

import (
	"context"
	"errors"
	"time"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/spec"
)

// A Report is what a collection came to.
type Report struct {
	Entries  int   `json:"entries"`     // removed
	Blobs    int   `json:"blobs"`       // removed
	Debris   int   `json:"debris"`      // temporary and damaged files removed
	Freed    int64 `json:"freed_bytes"` // by all of them
	Kept     int64 `json:"kept_bytes"`  // blobs and entries that are left
	Needed   int64 `json:"needed_bytes"`
	InUse    int64 `json:"in_use_bytes"` // what stays since a running process may be about to use it
	Over     int64 `json:"over_bytes"`   // by how much what is left exceeds the limit
	Projects int   `json:"projects"`     // whose results were kept
}

// asideFor is how long files that were found damaged are kept for a person to look at.
const asideFor = 7 * 24 * time.Hour

// ErrBusy says that the store is being collected by somebody else.
var ErrBusy = errors.New("another process is collecting garbage in this cache")

// Collect removes what is not needed and exceeds the limits. Others may work in the store meanwhile. Killed at any
// moment it leaves a sound store.
func Collect(ctx context.Context, s *cas.Store, l Limits, now time.Time) (*Report, error) {
	sweep, ok, err := s.BeginSweep()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrBusy
	}
	defer sweep.End()
	v, err := Look(ctx, s)
	if err != nil {
		return nil, err
	}
	c := v.choose(l, now, sweep.Horizon)
	r := &Report{}
	stay, freed, err := sweep.Entries(ctx, v.addresses(c.entries))
	r.Entries, r.Freed = len(c.entries)-len(stay), freed
	if err != nil {
		return r, err
	}
	// What was used since the survey stays, and with it what it names: whoever read the entry relies on that.
	for _, address := range stay {
		for _, b := range v.Entries[v.byAddress[address]].Blobs {
			c.names[b]++
		}
	}
	var blobs []spec.Digest
	for _, b := range c.blobs {
		if c.names[b] == 0 {
			blobs = append(blobs, v.Blobs[b].Digest)
		}
	}
	stay, freed, err = sweep.Blobs(ctx, blobs)
	r.Blobs = len(blobs) - len(stay)
	r.Freed += freed
	if err != nil {
		return r, err
	}
	r.Kept = v.Bytes() - r.Freed
	r.Over = max(0, r.Kept-l.MaxBytes)
	rooted := v.rooted(func(cas.Root) bool { return true })
	r.Needed = v.reach(func(i int) bool { return rooted[i] })
	r.InUse = v.reach(func(i int) bool { return !rooted[i] && used(v.Entries[i].Stored, sweep.Horizon) })
	r.Projects = len(v.Projects())
	if r.Debris, freed, err = sweep.Debris(ctx, now.Add(-asideFor)); err != nil {
		return r, err
	}
	r.Freed += freed
	return r, sweep.Index(ctx)
}

func (v *Survey) addresses(entries []int) []spec.Digest {
	list := make([]spec.Digest, len(entries))
	for k, i := range entries {
		list[k] = v.Entries[i].Digest
	}
	return list
}

// reach returns the length of some entries and of all that they name, each once.
func (v *Survey) reach(of func(entry int) bool) (bytes int64) {
	seen := make([]bool, len(v.Blobs))
	for i := range v.Entries {
		if !of(i) {
			continue
		}
		bytes += v.Entries[i].Size
		for _, b := range v.Entries[i].Blobs {
			if !seen[b] {
				seen[b] = true
				bytes += v.Blobs[b].Size
			}
		}
	}
	return bytes
}
