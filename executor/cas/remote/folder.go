package remote

import (
	"context"
	"errors"
	"io"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/spec"
)

// A folder is a store in a folder that several machines see, such as a network disk. It has the format of a local one,
// and can be used as one.
type folder struct{ store *cas.Store }

// OpenFolder returns the store in a folder. One that is only read is not made when it is not there.
func OpenFolder(dir string, readOnly bool, report func(cas.Damage)) (Remote, error) {
	s, err := cas.Open(dir, cas.Options{ReadOnly: readOnly, Report: report})
	if err != nil {
		return nil, err
	}
	return &folder{s}, nil
}

// Folder returns the store behind this one where that is a folder that may be written, else nil.
func (s *Store) Folder() *cas.Store {
	if f, ok := s.remote.(*folder); ok && !s.readOnly {
		return f.store
	}
	return nil
}

func (f *folder) String() string { return f.store.Dir() }

func (f *folder) Blob(ctx context.Context, d spec.Digest) (io.ReadCloser, error) {
	return f.store.Open(ctx, d)
}

func (f *folder) HasBlob(_ context.Context, d spec.Digest) (bool, error) { return f.store.Has(d), nil }

func (f *folder) PutBlob(ctx context.Context, d spec.Digest, _ int64, content io.Reader) error {
	got, _, err := f.store.PutReader(ctx, content)
	if err == nil && got != d {
		return errors.New("the content changed while it was sent")
	}
	return err
}

func (f *folder) Entry(_ context.Context, base, inputs spec.Digest) ([]byte, error) {
	return f.store.GetAction(base, inputs)
}

func (f *folder) PutEntry(_ context.Context, base, inputs spec.Digest, entry []byte) error {
	err := f.store.PutAction(base, inputs, entry)
	if conflict := (*cas.ConflictError)(nil); errors.As(err, &conflict) {
		return nil // the first one stays; the local store reports what differs
	}
	return err
}
