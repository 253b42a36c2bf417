package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/spec"
)

// ErrReadOnly says that nothing may be sent.
var ErrReadOnly = errors.New("the remote cache is read_only: nothing is sent to it")

// A Parcel is an entry of the local store and the blobs that it names.
type Parcel struct {
	Base, Inputs spec.Digest
	Blobs        []spec.Digest
}

// Sent is what a push came to.
type Sent struct {
	Entries int64 `json:"entries"`
	Blobs   int64 `json:"blobs"`
	Bytes   int64 `json:"bytes"`   // of the content of the blobs
	There   int64 `json:"there"`   // entries that the remote had
	Lacking int64 `json:"lacking"` // entries of which neither store has all blobs, which are not sent
}

// Push sends what the remote lacks of results that were made before it was there. Entries follow all blobs. It ends at the
// first error, and the next push goes on from there. tell hears how many of how many things were seen to; it is called
// from several goroutines.
func (s *Store) Push(ctx context.Context, parcels []Parcel, tell func(done, of int64)) (Sent, error) {
	if s.readOnly {
		return Sent{}, ErrReadOnly
	}
	p := &push{Store: s, lacks: map[spec.Digest]*atomic.Bool{}, tell: tell}
	var blobs []spec.Digest
	for _, parcel := range parcels {
		for _, d := range parcel.Blobs {
			if p.lacks[d] == nil {
				p.lacks[d] = &atomic.Bool{}
				blobs = append(blobs, d)
			}
		}
	}
	p.of = int64(len(blobs) + len(parcels))
	err := p.each(ctx, len(blobs), func(ctx context.Context, i int) error { return p.blob(ctx, blobs[i]) })
	if err == nil {
		err = p.each(ctx, len(parcels), func(ctx context.Context, i int) error { return p.entry(ctx, parcels[i]) })
	}
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("the remote cache %s: %w", s.remote, err)
	}
	return Sent{p.entries.Load(), p.blobs.Load(), p.bytes.Load(), p.there.Load(), p.lacking.Load()}, err
}

// A push is one on its way.
type push struct {
	*Store
	lacks map[spec.Digest]*atomic.Bool // blobs that neither store has

	tell                                  func(done, of int64)
	of                                    int64
	done                                  atomic.Int64
	entries, blobs, bytes, there, lacking atomic.Int64
}

// each does n things, senders of them at once.
func (p *push) each(ctx context.Context, n int, do func(context.Context, int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(senders)
	for i := range n {
		group.Go(func() error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			err := do(ctx, i)
			p.tell(p.done.Add(1), p.of)
			return err
		})
	}
	return group.Wait()
}

func (p *push) blob(ctx context.Context, d spec.Digest) error {
	if there, err := p.remote.HasBlob(ctx, d); there || err != nil {
		return err
	}
	size, err := p.RawSize(d)
	var content io.ReadCloser
	if err == nil {
		content, err = p.Store.Store.Open(ctx, d)
	}
	if errors.Is(err, cas.ErrNotFound) {
		p.lacks[d].Store(true)
		return nil
	}
	if err != nil {
		return err
	}
	defer content.Close()
	if err := p.remote.PutBlob(ctx, d, size, content); err != nil { // also a not found, of a place that takes nothing
		return err
	}
	p.blobs.Add(1)
	p.bytes.Add(size)
	return nil
}

func (p *push) entry(ctx context.Context, parcel Parcel) error {
	for _, d := range parcel.Blobs {
		if p.lacks[d].Load() {
			p.lacking.Add(1)
			return nil
		}
	}
	entry, err := p.Store.Store.GetAction(parcel.Base, parcel.Inputs)
	if errors.Is(err, cas.ErrNotFound) {
		p.lacking.Add(1) // removed since it was listed
		return nil
	}
	if err != nil {
		return err
	}
	_, err = p.remote.Entry(ctx, parcel.Base, parcel.Inputs)
	switch {
	case err == nil: // the first result stays
		p.there.Add(1)
		return nil
	case !errors.Is(err, cas.ErrNotFound) && !errors.Is(err, cas.ErrBadEntry):
		return err
	}
	if err := p.remote.PutEntry(ctx, parcel.Base, parcel.Inputs, entry); err != nil {
		return err
	}
	p.entries.Add(1)
	return nil
}
