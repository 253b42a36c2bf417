package executor

import (
	"context"
	"io"
	"os"

	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// Files implements stage.Host: the raw files of the action, by the names under which a program sees them.
func (h *host) Files() []stage.RawFile {
	list := make([]stage.RawFile, len(h.action.Files))
	for i, f := range h.action.Files {
		list[i] = stage.RawFile{Name: f.Name, WriteTo: func(w io.Writer) error {
			return h.readRaw(h.ctx, i, func(b []byte) error {
				_, err := w.Write(b)
				return err
			})
		}}
	}
	return list
}

// Env implements stage.Host.
func (h *host) Env(name string) (string, bool) { return os.LookupEnv(name) }

// ingestRaw puts raw files into the store, for a worker that has nothing else.
func (j *job) ingestRaw(ctx context.Context) error {
	for i := range j.action.Files {
		err := j.readRaw(ctx, i, func(b []byte) error {
			_, err := j.store.Put(ctx, b)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// readRaw gives the blocks of a raw file, and refuses one that is not what the plan's facts have.
func (j *job) readRaw(ctx context.Context, file int, do func([]byte) error) error {
	blocks := j.action.Files[file].Segments
	next := 0
	err := j.segments.read(ctx, file, func(b []byte) error {
		if next == len(blocks) {
			return resolve.ErrChanged
		}
		want := blocks[next].Digest
		next++
		if spec.HashBytes(b) != want {
			return resolve.ErrChanged
		}
		return do(b)
	})
	if err == nil && next < len(blocks) {
		err = resolve.ErrChanged
	}
	if err != nil {
		return j.segments.named(file, err)
	}
	return nil
}
