package cas

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/spec"
)

// A Stored is a blob or an entry as it lies in the store.
type Stored struct {
	Digest spec.Digest
	Size   int64     // of the file
	Used   time.Time // when it was written, or last found useful
}

// An Entry is an action entry as it lies in the store; its digest is the address.
type Entry struct {
	Stored
	Base, Inputs spec.Digest
	Payload      []byte
}

// Blobs calls each for every blob. It is called from several goroutines at once, and with the number of the folder
// that the blob lies in, one of Folders; of one folder, from one goroutine.
func (s *Store) Blobs(ctx context.Context, each func(folder int, b Stored) error) error {
	return s.each(ctx, blobDir, func(folder int, _ string, b Stored) error { return each(folder, b) })
}

// Entries calls each for every sound action entry, as Blobs does for blobs. Damaged ones are left for Verify to find.
func (s *Store) Entries(ctx context.Context, each func(folder int, e Entry) error) error {
	return s.each(ctx, entryDir, func(folder int, path string, f Stored) error {
		b, err := readFile(path, nil)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the cache: %w", err)
		}
		e := Entry{Stored: f}
		if e.Base, e.Inputs, e.Payload, err = decodeEntry(b); err != nil || actionAddress(e.Base, e.Inputs) != f.Digest {
			return nil //nolint:nilerr // damage
		}
		return each(folder, e)
	})
}

// Folders is how many folders the blobs, and the entries, are divided among: by the first byte of their names.
const Folders = 256

// each lists the files below sub whose names are digests, on all cores: what takes time is asking the system for each.
func (s *Store) each(ctx context.Context, sub string, each func(folder int, path string, f Stored) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for folder := range Folders {
		group.Go(func() error {
			dir := filepath.Join(s.root, sub, fmt.Sprintf("%02x", folder))
			files, err := os.ReadDir(dir)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("reading the cache: %w", err)
			}
			for _, f := range files {
				if err := ctx.Err(); err != nil {
					return err
				}
				d, err := spec.ParseDigest(f.Name())
				if err != nil {
					continue // Verify sets it aside
				}
				info, err := f.Info()
				if errors.Is(err, fs.ErrNotExist) {
					continue
				}
				if err != nil {
					return fmt.Errorf("reading the cache: %w", err)
				}
				if err := each(folder, filepath.Join(dir, f.Name()), Stored{d, info.Size(), info.ModTime()}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// RawSize returns how long the content of a blob claims to be.
func (s *Store) RawSize(d spec.Digest) (int64, error) {
	f, err := os.Open(s.path(blobDir, d))
	if err != nil {
		return 0, s.readError(err)
	}
	defer f.Close()
	return sizeOf(f)
}
