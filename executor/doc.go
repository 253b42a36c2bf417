// Package executor runs a plan. One loop owns all state; the work itself happens in goroutines that are handed an action
// and send back a result. Keys are worked out by package planner's functions, kinds do the work through package stage,
// and everything made lies in the content-addressed store of package cas.
//
// A node that passes rows on stores a delta: per chunk a selection, and columns added or replaced. The rows themselves
// are never copied; a table is the columns of the level that made them, seen through the selections laid above.
package executor

import (
	"context"
	"io"
	"os"

	"github.com/prefab-build/prefab/spec"
)

// A Store is what the executor needs of package cas.
type Store interface {
	Put(ctx context.Context, b []byte) (spec.Digest, error)
	Get(ctx context.Context, d spec.Digest) ([]byte, error)
	Has(d spec.Digest) bool
	PutReader(ctx context.Context, r io.Reader) (spec.Digest, int64, error)
	Open(ctx context.Context, d spec.Digest) (io.ReadCloser, error)
	PutAction(base, inputs spec.Digest, entry []byte) error
	GetAction(base, inputs spec.Digest) ([]byte, error)
	DropAction(base, inputs spec.Digest, reason string)
	ListBase(base spec.Digest) ([]spec.Digest, error)
	Memo(a, b spec.Digest) (spec.Digest, bool)
	PutMemo(a, b, c spec.Digest) error
	Lock(ctx context.Context, name string) (unlock func(), err error)
	Scratch() (*os.File, error)
}
