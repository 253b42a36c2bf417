package gc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"sync/atomic"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/dataset/find"
	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/spec"
)

// A Quarry is a row that is looked for in a store.
type Quarry struct {
	ID    spec.Digest
	Texts *find.Texts          // what only this row says
	Blobs map[spec.Digest]bool // what is known to be made of it, such as models
}

// Traces are where a store holds a row: in which blobs, and which entries name those or hold it themselves.
type Traces struct {
	survey  *Survey
	blobs   []bool // by the survey's index
	entries []bool
}

// Trace reads everything in a store. A blob holds the row when it has its id, as the columns of ids have, or one of its
// texts, packed or not; so does every column beside such ids. Blobs that nothing else names, as the segments of files, go with
// it: nobody can tell of a short text. Memory holds a blob on each core.
func Trace(ctx context.Context, s *cas.Store, q Quarry) (*Traces, error) {
	v, err := Look(ctx, s)
	if err != nil {
		return nil, err
	}
	t := &Traces{survey: v, blobs: make([]bool, len(v.Blobs)), entries: make([]bool, len(v.Entries))}
	var next atomic.Int64
	err = onAllCores(ctx, func() (more bool, err error) {
		i := next.Add(1) - 1
		if i >= int64(len(v.Blobs)) {
			return false, nil
		}
		d := v.Blobs[i].Digest
		b, err := s.Get(ctx, d)
		if err == nil {
			t.blobs[i] = q.Blobs[d] || q.in(b) || q.packedIn(b)
		}
		if errors.Is(err, cas.ErrNotFound) {
			err = nil // damage, which is set aside
		}
		return true, err
	})
	if err != nil {
		return nil, err
	}
	return t, t.follow(ctx, s, q)
}

// follow goes from blobs to the entries that name them.
func (t *Traces) follow(ctx context.Context, s *cas.Store, q Quarry) error {
	v := t.survey
	index := make(map[spec.Digest]int, len(v.Blobs))
	for i, b := range v.Blobs {
		index[b.Digest] = i
	}
	holds := func(d spec.Digest) bool { i, ok := index[d]; return ok && t.blobs[i] }
	var beside [cas.Folders][]spec.Digest
	err := s.Entries(ctx, func(folder int, e cas.Entry) error {
		i, ok := v.byAddress[e.Digest]
		if !ok {
			return nil // newer than the survey
		}
		t.entries[i] = q.in(e.Payload) || q.in(inline(e.Payload))
		beside[folder] = append(beside[folder], executor.Beside(e.Payload, func(d spec.Digest) ([]byte, error) { return s.Get(ctx, d) }, holds)...)
		return nil
	})
	for _, list := range beside {
		for _, d := range list {
			if i, ok := index[d]; ok {
				t.blobs[i] = true
			}
		}
	}
	for i := range v.Entries {
		t.entries[i] = t.entries[i] || slices.ContainsFunc(v.Entries[i].Blobs, func(b int32) bool { return t.blobs[b] })
	}
	named := make([]bool, len(v.Blobs)) // by what stays
	for i := range v.Entries {
		for _, b := range v.Entries[i].Blobs {
			named[b] = named[b] || !t.entries[i]
		}
	}
	for b := range named {
		t.blobs[b] = t.blobs[b] || !named[b]
	}
	return err
}

// inline returns the bytes that an entry holds in a form in which nothing can be found.
func inline(payload []byte) []byte {
	var e struct{ Partial, Head []byte }
	if json.Unmarshal(payload, &e) != nil {
		return nil
	}
	return slices.Concat(e.Partial, e.Head)
}

func (q *Quarry) in(b []byte) bool {
	return bytes.Contains(b, q.ID[:]) || q.Texts.Len() > 0 && q.Texts.Any(find.Fold(nil, b))
}

// packedIn looks into exported files that are packed. What cannot be unpacked only looks like one.
func (q *Quarry) packedIn(b []byte) (found bool) {
	switch {
	case bytes.HasPrefix(b, []byte("PAR1")):
		_, _ = frame.Frame("a blob", bytes.NewReader(b), spec.Source{Format: frame.Parquet}, func(seg frame.Segment) error {
			found = found || q.in(seg.Bytes)
			return nil
		})
	case bytes.HasPrefix(b, []byte("\x1f\x8b")), bytes.HasPrefix(b, []byte("\x28\xb5\x2f\xfd")):
		u, err := frame.Unpack("a blob", bytes.NewReader(b))
		if err != nil {
			return false
		}
		defer u.Close()
		raw, err := io.ReadAll(u)
		found = err == nil && q.in(raw)
	}
	return found
}

// Holds reports whether a file's bytes hold a text of the row.
func (q *Quarry) Holds(b []byte) bool { return q.in(b) || q.packedIn(b) }

// Count returns how many entries and blobs there are, and the length of their files.
func (t *Traces) Count() (entries, blobs int, bytes int64) {
	for i, e := range t.entries {
		if e {
			entries++
			bytes += t.survey.Entries[i].Size
		}
	}
	for i, b := range t.blobs {
		if b {
			blobs++
			bytes += t.survey.Blobs[i].Size
		}
	}
	return entries, blobs, bytes
}

// Results lists the results of the last runs of projects that go with the traces, and the runs, kept by a project, that lose
// some of theirs.
func (t *Traces) Results() (list []Result, kept []Result) {
	last, others := map[Result]bool{}, map[Result]bool{}
	for _, r := range t.survey.Roots {
		for _, a := range r.Actions {
			switch i, ok := t.survey.byAddress[a.Address()]; {
			case !ok || !t.entries[i]:
			case r.Name == LastRun || r.Name == LastGoodRun:
				last[Result{r.Project, a.Addr}] = true
			default:
				others[Result{r.Project, r.Name}] = true
			}
		}
	}
	return sortedResults(last), sortedResults(others)
}
