package gc

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
)

// Stats are what a person wants to know of a cache.
type Stats struct {
	Dir      string    `json:"dir"`
	Objects  int       `json:"objects"` // blobs and entries
	Bytes    int64     `json:"bytes"`   // on the disk, of both
	Blobs    int64     `json:"blob_bytes"`
	Unpacked int64     `json:"unpacked_bytes"` // content of the blobs
	Named    int64     `json:"named_bytes"`    // content of the blobs, each as often as an entry names it
	Kinds    []Kind    `json:"kinds"`
	Unnamed  Amount    `json:"unnamed"` // blobs that no entry names
	Lost     int       `json:"lost"`    // blobs that entries name and that are not there
	Debris   Amount    `json:"debris"`  // temporary and damaged files
	Projects []Project `json:"projects"`
	// Free is what a collection with the limits would remove now.
	Free   int64  `json:"would_free_bytes"`
	Limits Limits `json:"limits"`
}

// An Amount is a number of files and their length.
type Amount struct {
	Count int   `json:"count"`
	Bytes int64 `json:"bytes"`
}

// A Kind sums up the entries of one kind. A blob that several kinds name counts for the first of them.
type Kind struct {
	Name    executor.EntryKind `json:"name"`
	Entries int                `json:"entries"`
	Blobs   int                `json:"blobs"`
	Bytes   int64              `json:"bytes"` // of both
}

// A Project is what one project needs.
type Project struct {
	Dir   string    `json:"dir"`
	Gone  bool      `json:"gone"`           // the folder is not there
	Kept  []string  `json:"kept,omitempty"` // what holds its results besides its last run
	Used  time.Time `json:"used"`           // when it last ran
	Bytes int64     `json:"bytes"`
	Alone int64     `json:"alone_bytes"` // of it, what no other project needs
}

// Kinds lists the kinds of entries, what is dearest first.
var kindOrder = []executor.EntryKind{executor.ResultEntry, executor.ChunkEntry, executor.SharedEntry, executor.FileEntry}

// Measure surveys a store and sums it up. It looks into every file's header.
func Measure(ctx context.Context, s *cas.Store, l Limits, now time.Time) (*Stats, error) {
	v, err := Look(ctx, s)
	if err != nil {
		return nil, err
	}
	st := &Stats{Dir: s.Dir(), Objects: len(v.Blobs) + len(v.Entries), Bytes: v.Bytes(), Limits: l, Projects: v.projects()}
	raw, err := v.unpacked(ctx, s)
	if err != nil {
		return nil, err
	}
	for b := range v.Blobs {
		st.Blobs += v.Blobs[b].Size
		st.Unpacked += raw[b]
	}
	for i := range v.Entries {
		if !s.IsPartial() {
			st.Lost += len(v.Entries[i].Lost)
		}
		for _, b := range v.Entries[i].Blobs {
			st.Named += raw[b]
		}
	}
	st.Kinds, st.Unnamed = v.kinds()
	st.Free = v.choose(l, now, now).bytes
	u, err := s.Usage(ctx)
	st.Debris = Amount{int(u.Damaged.Count + u.Temporary.Count), u.Damaged.Bytes + u.Temporary.Bytes}
	return st, err
}

// unpacked returns the length of each blob's content.
func (v *Survey) unpacked(ctx context.Context, s *cas.Store) ([]int64, error) {
	raw := make([]int64, len(v.Blobs))
	var next atomic.Int64
	return raw, onAllCores(ctx, func() (more bool, err error) {
		i := next.Add(1) - 1
		if i >= int64(len(raw)) {
			return false, nil
		}
		n, err := s.RawSize(v.Blobs[i].Digest)
		if errors.Is(err, cas.ErrNotFound) {
			err = nil
		}
		raw[i] = n
		return true, err
	})
}

func (v *Survey) kinds() (list []Kind, unnamed Amount) {
	seen := make([]bool, len(v.Blobs))
	for _, name := range kindOrder {
		k := Kind{Name: name}
		for i := range v.Entries {
			if v.Entries[i].Kind != name {
				continue
			}
			k.Entries++
			k.Bytes += v.Entries[i].Size
			for _, b := range v.Entries[i].Blobs {
				if !seen[b] {
					seen[b] = true
					k.Blobs++
					k.Bytes += v.Blobs[b].Size
				}
			}
		}
		list = append(list, k)
	}
	for b := range v.Blobs {
		if !seen[b] {
			unnamed.Count++
			unnamed.Bytes += v.Blobs[b].Size
		}
	}
	return list, unnamed
}

// projects sums up what each project needs.
func (v *Survey) projects() []Project {
	dirs := v.Projects()
	needs := make([][]bool, len(dirs))
	owners := make([]int, len(v.Entries)) // how many projects need the entry
	list := make([]Project, len(dirs))
	for p, dir := range dirs {
		needs[p] = v.rooted(func(r cas.Root) bool { return r.Project == dir })
		for i, needed := range needs[p] {
			if needed {
				owners[i]++
			}
		}
		list[p] = Project{Dir: dir, Gone: true, Bytes: v.reach(func(i int) bool { return needs[p][i] })}
		for _, r := range v.Roots {
			if r.Project != dir {
				continue
			}
			list[p].Gone = !there(r)
			if r.Written.After(list[p].Used) {
				list[p].Used = r.Written
			}
			if r.Name != LastRun && r.Name != LastGoodRun {
				list[p].Kept = append(list[p].Kept, r.Name)
			}
		}
	}
	for p := range list {
		others := v.reach(func(i int) bool { return owners[i] > 1 || owners[i] == 1 && !needs[p][i] })
		all := v.reach(func(i int) bool { return owners[i] > 0 })
		list[p].Alone = all - others
	}
	slices.SortStableFunc(list, func(a, b Project) int { return int(min(1, max(-1, b.Bytes-a.Bytes))) })
	return list
}

// The names of the roots that runs write.
const (
	LastRun     = "last run"
	LastGoodRun = "last successful run"
)
