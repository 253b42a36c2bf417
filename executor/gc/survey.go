package gc

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/spec"
)

// A Survey is what lies in a store: every blob, every entry and which blobs it names. Of a million files it takes about
// 150 MB.
type Survey struct {
	Blobs   []cas.Stored // by digest
	Entries []Entry      // by address
	Roots   []cas.Root

	byAddress map[spec.Digest]int
}

// An Entry is an action entry and what it names.
type Entry struct {
	cas.Stored
	Base, Inputs spec.Digest
	Kind         executor.EntryKind
	Blobs        []int32       // indices into Survey.Blobs, sorted, each once
	Lost         []spec.Digest // what it names and is not there
}

// Look surveys a store. Others may work in it: what they make meanwhile may be in the survey or not.
func Look(ctx context.Context, s *cas.Store) (*Survey, error) {
	v := &Survey{byAddress: map[spec.Digest]int{}}
	var err error
	if v.Roots, err = s.Roots(); err != nil {
		return nil, err
	}
	// Blobs first: an entry that is listed after them names none that was written before and is not in the list.
	var blobs [cas.Folders][]cas.Stored
	err = s.Blobs(ctx, func(folder int, b cas.Stored) error {
		blobs[folder] = append(blobs[folder], b)
		return nil
	})
	if err != nil {
		return nil, err
	}
	v.Blobs = slices.Concat(blobs[:]...)
	slices.SortFunc(v.Blobs, func(a, b cas.Stored) int { return bytes.Compare(a.Digest[:], b.Digest[:]) })
	index := make(map[spec.Digest]int32, len(v.Blobs))
	for i, b := range v.Blobs {
		index[b.Digest] = int32(i)
	}
	var entries [cas.Folders][]Entry
	err = s.Entries(ctx, func(folder int, e cas.Entry) error {
		entries[folder] = append(entries[folder], open(ctx, s, e, index))
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	v.Entries = slices.Concat(entries[:]...)
	slices.SortFunc(v.Entries, func(a, b Entry) int { return bytes.Compare(a.Digest[:], b.Digest[:]) })
	for i := range v.Entries {
		v.byAddress[v.Entries[i].Digest] = i
	}
	return v, nil
}

// open finds out what an entry names. One that cannot be read, of a later prefab, names nothing: should what it means be
// removed, it is made again.
func open(ctx context.Context, s *cas.Store, e cas.Entry, index map[spec.Digest]int32) Entry {
	out := Entry{Stored: e.Stored, Base: e.Base, Inputs: e.Inputs, Kind: executor.ChunkEntry}
	kind, named, err := executor.Inventory(e.Payload, func(d spec.Digest) ([]byte, error) { return s.Get(ctx, d) })
	if err == nil {
		out.Kind = kind
	}
	for _, d := range named {
		if i, ok := index[d]; ok {
			out.Blobs = append(out.Blobs, i)
		} else {
			out.Lost = append(out.Lost, d)
		}
	}
	slices.Sort(out.Blobs)
	out.Blobs = slices.Clip(slices.Compact(out.Blobs))
	return out
}

// Projects returns the folders of the projects that have roots, in order.
func (v *Survey) Projects() []string {
	var list []string
	for _, r := range v.Roots {
		list = append(list, r.Project)
	}
	return slices.Compact(list) // roots are sorted by project
}

// Bytes returns the length of all blobs and entries.
func (v *Survey) Bytes() (n int64) {
	for i := range v.Blobs {
		n += v.Blobs[i].Size
	}
	for i := range v.Entries {
		n += v.Entries[i].Size
	}
	return n
}

// rooted marks the entries that projects need. A root whose project is gone for longer than its results would be kept
// anyway holds nothing any more.
func (v *Survey) rooted(holds func(cas.Root) bool) []bool {
	needed := make([]bool, len(v.Entries))
	for _, r := range v.Roots {
		if !holds(r) {
			continue
		}
		for _, a := range r.Actions {
			if i, ok := v.byAddress[a.Address()]; ok {
				needed[i] = true
			}
		}
	}
	return needed
}

// used reports whether something was used at a time or later.
func used(f cas.Stored, since time.Time) bool { return !f.Used.Before(since) }
