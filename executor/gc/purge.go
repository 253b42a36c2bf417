package gc

import (
	"context"
	"time"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/spec"
)

// A Purged is what a removal came to.
type Purged struct {
	Entries int   `json:"entries"`
	Blobs   int   `json:"blobs"`
	Debris  int   `json:"debris"` // temporary and damaged files, of which nobody can tell what they hold
	Freed   int64 `json:"freed_bytes"`
	InUse   int   `json:"in_use"` // entries and blobs that stay, since a running process may be about to use them
	Others  bool  `json:"others"` // another process is at work; what it has made since it was looked is not found
}

// What was used a moment ago cannot be told from what is in use, since the clock of a file system is coarse: then it is
// tried again.
const (
	purgeTries = 5
	purgePause = 50 * time.Millisecond
)

// Purge removes the traces by the rules of a collection: entries before the blobs that they name, and nothing that a
// running process uses.
func (t *Traces) Purge(ctx context.Context, s *cas.Store, now time.Time) (*Purged, error) {
	p := &Purged{}
	var entries, blobs []spec.Digest
	for i, e := range t.entries {
		if e {
			entries = append(entries, t.survey.Entries[i].Digest)
		}
	}
	for i, b := range t.blobs {
		if b {
			blobs = append(blobs, t.survey.Blobs[i].Digest)
		}
	}
	p.Entries, p.Blobs = len(entries), len(blobs)
	for try := range purgeTries {
		if try > 0 {
			select {
			case <-ctx.Done():
				return p, context.Cause(ctx)
			case <-time.After(purgePause):
			}
		}
		var err error
		if entries, blobs, err = t.sweep(ctx, s, entries, blobs, p, now); err != nil {
			return p, err
		}
		if len(entries)+len(blobs) == 0 {
			break
		}
	}
	p.Entries -= len(entries)
	p.Blobs -= len(blobs)
	p.InUse = len(entries) + len(blobs)
	return p, nil
}

// sweep removes what it can, and returns what stays.
func (t *Traces) sweep(ctx context.Context, s *cas.Store, entries, blobs []spec.Digest, p *Purged, now time.Time) (e, b []spec.Digest, err error) {
	w, ok, err := s.BeginSweep()
	if err != nil {
		return entries, blobs, err
	}
	if !ok {
		return entries, blobs, ErrBusy
	}
	defer w.End()
	p.Others = w.Others
	var freed int64
	entries, freed, err = w.Entries(ctx, entries)
	if p.Freed += freed; err != nil {
		return entries, blobs, err
	}
	held := map[spec.Digest]bool{} // by entries that stay: whoever read those relies on it
	for _, address := range entries {
		for _, b := range t.survey.Entries[t.survey.byAddress[address]].Blobs {
			held[t.survey.Blobs[b].Digest] = true
		}
	}
	var free []spec.Digest
	for _, d := range blobs {
		if held[d] {
			b = append(b, d)
		} else {
			free = append(free, d)
		}
	}
	stay, freed, err := w.Blobs(ctx, free)
	b = append(b, stay...)
	if p.Freed += freed; err != nil {
		return entries, b, err
	}
	n, freed, err := w.Debris(ctx, now)
	p.Debris += n
	p.Freed += freed
	if err == nil {
		err = w.Index(ctx)
	}
	return entries, b, err
}
