package gc

import (
	"cmp"
	"os"
	"slices"
	"time"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
)

// Limits are how much a cache may hold, and how long.
type Limits struct {
	MaxBytes int64         // 0: nothing but what is needed
	MaxAge   time.Duration // since the last use; 0: nothing but what is needed
}

// A choice is what goes, as indices into the survey.
type choice struct {
	entries, blobs []int
	bytes          int64 // of both
	names          []int32
}

// choose decides what goes. Nothing that was used since the horizon does.
func (v *Survey) choose(l Limits, now, horizon time.Time) *choice {
	stays := v.rooted(func(r cas.Root) bool { return there(r) || now.Sub(r.Written) <= l.MaxAge })
	c := &choice{names: make([]int32, len(v.Blobs))}
	total := v.Bytes()
	for i := range v.Entries {
		for _, b := range v.Entries[i].Blobs {
			c.names[b]++
		}
	}
	drop := func(b int32) {
		if !used(v.Blobs[b], horizon) {
			c.blobs = append(c.blobs, int(b))
			c.bytes += v.Blobs[b].Size
		}
	}
	for b := range v.Blobs {
		if c.names[b] == 0 {
			drop(int32(b))
		}
	}
	for _, i := range v.order(stays, horizon) {
		e := &v.Entries[i]
		if now.Sub(e.Used) <= l.MaxAge && total-c.bytes <= l.MaxBytes {
			continue
		}
		c.entries = append(c.entries, i)
		c.bytes += e.Size
		for _, b := range e.Blobs {
			if c.names[b]--; c.names[b] == 0 {
				drop(b)
			}
		}
	}
	return c
}

// there reports whether the project of a root is where it was.
func there(r cas.Root) bool {
	_, err := os.Stat(r.Project)
	return err == nil
}

// order lists the entries that may go, those to go first before the others.
func (v *Survey) order(stays []bool, horizon time.Time) []int {
	var list []int
	for i := range v.Entries {
		if !stays[i] && !used(v.Entries[i].Stored, horizon) {
			list = append(list, i)
		}
	}
	slices.SortFunc(list, func(a, b int) int {
		x, y := &v.Entries[a], &v.Entries[b]
		return cmp.Or(cmp.Compare(final(x.Kind), final(y.Kind)), x.Used.Compare(y.Used), cmp.Compare(a, b))
	})
	return list
}

// final is 1 for what a person or a later stage asks for, and 0 for what only makes that again faster.
func final(k executor.EntryKind) int {
	if k == executor.ResultEntry {
		return 1
	}
	return 0
}
