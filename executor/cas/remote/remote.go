// Package remote puts a store that others share behind the local one: what is not here is asked for there, and what is
// made here is sent there. It keeps the promises of package cas: every byte from afar is compared with its digest
// before it counts, an entry is sent after the blobs that were made before it, and the first result under a key
// stays. A remote that cannot be reached is a warning and a slower run, never an error.
package remote

import (
	"context"
	"io"

	"github.com/prefab-build/prefab/spec"
)

// A Remote is a store elsewhere. Its methods may be called from several goroutines. What is not there is
// cas.ErrNotFound; any other error means that the remote does not work.
type Remote interface {
	// String names the remote, for messages.
	String() string
	// Blob returns the content of a blob. The caller verifies it.
	Blob(ctx context.Context, d spec.Digest) (io.ReadCloser, error)
	HasBlob(ctx context.Context, d spec.Digest) (bool, error)
	PutBlob(ctx context.Context, d spec.Digest, size int64, content io.Reader) error
	// Entry returns the entry of an action, verified.
	Entry(ctx context.Context, base, inputs spec.Digest) ([]byte, error)
	// PutEntry stores an entry. One that is there may stay or be replaced.
	PutEntry(ctx context.Context, base, inputs spec.Digest, entry []byte) error
}
