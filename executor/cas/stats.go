package cas

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/prefab-build/prefab/spec"
)

// Stats count what this process did with the store.
type Stats struct {
	Puts        int64 // blobs written
	Known       int64 // blobs put that were there already
	Hits        int64 // blobs and entries read and found sound
	Misses      int64 // blobs and entries asked for that were not there
	Damaged     int64 // blobs and entries found damaged
	RawBytes    int64 // content of the blobs written
	StoredBytes int64 // what it took on the disk
}

// Stats returns the counts so far.
func (s *Store) Stats() Stats {
	c := &s.counts
	return Stats{
		Puts: c.puts.Load(), Known: c.known.Load(), Hits: c.hits.Load(), Misses: c.misses.Load(),
		Damaged: c.damaged.Load(), RawBytes: c.rawBytes.Load(), StoredBytes: c.storedBytes.Load(),
	}
}

// Usage is what lies in a store.
type Usage struct {
	Blobs, Entries, Damaged, Temporary Files
}

// Files is a number of files and their length together, in bytes.
type Files struct {
	Count, Bytes int64
}

// Usage counts the files of the store. It visits every one of them.
func (s *Store) Usage(ctx context.Context) (Usage, error) {
	var u Usage
	for sub, files := range map[string]*Files{
		blobDir: &u.Blobs, entryDir: &u.Entries, badDir: &u.Damaged, tmpDir: &u.Temporary,
	} {
		err := s.walk(ctx, sub, func(_ string, e fs.DirEntry) error {
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil // moved on since it was listed
			}
			if err != nil {
				return err
			}
			files.Count++
			files.Bytes += info.Size()
			return nil
		})
		if err != nil {
			return Usage{}, err
		}
	}
	return u, nil
}

// walk calls each for every file below the subfolder sub, in the order of their names.
func (s *Store) walk(ctx context.Context, sub string, each func(path string, e fs.DirEntry) error) error {
	err := filepath.WalkDir(filepath.Join(s.root, sub), func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case e.IsDir():
			return nil
		}
		return each(path, e)
	})
	if err != nil {
		return fmt.Errorf("reading the cache: %w", err)
	}
	return nil
}

// Verify reads every blob and entry, sets aside the damaged ones, which are reported as always, and returns how many
// files it found sound and damaged.
func (s *Store) Verify(ctx context.Context) (sound, damaged int, err error) {
	count := func(bad bool) {
		if bad {
			damaged++
		} else {
			sound++
		}
	}
	err = s.walk(ctx, blobDir, func(path string, e fs.DirEntry) error {
		bad, err := s.verifyBlob(ctx, path, e.Name())
		if !errors.Is(err, fs.ErrNotExist) {
			count(bad)
		}
		return err
	})
	if err != nil {
		return sound, damaged, err
	}
	err = s.walk(ctx, entryDir, func(path string, e fs.DirEntry) error {
		bad, err := s.verifyEntry(path, e.Name())
		count(bad)
		return err
	})
	return sound, damaged, err
}

// verifyBlob streams one blob, since it may be longer than memory.
func (s *Store) verifyBlob(ctx context.Context, path, name string) (bad bool, err error) {
	d, named := digestOf(name)
	if !named {
		s.quarantine("blob", d, path, "its name is no digest")
		return true, nil
	}
	r, err := s.Open(ctx, d)
	if err == nil {
		_, err = io.Copy(io.Discard, r)
		r.Close()
	}
	if damage := (*DamageError)(nil); errors.As(err, &damage) {
		return true, nil
	}
	return false, err
}

func (s *Store) verifyEntry(path, name string) (bad bool, err error) {
	b, err := readFile(path, nil)
	if err != nil {
		return false, err
	}
	base, inputs, _, cause := decodeEntry(b)
	if cause == nil && actionAddress(base, inputs).String() != name {
		cause = errOtherKey
	}
	if cause != nil {
		d, _ := digestOf(name)
		s.quarantine("entry", d, path, cause.Error())
	}
	return cause != nil, nil
}

// digestOf returns the digest that is a file's name, or for a file with another name a stand-in for it.
func digestOf(name string) (d spec.Digest, ok bool) {
	if d, err := spec.ParseDigest(name); err == nil {
		return d, true
	}
	return spec.HashBytes([]byte(name)), false
}
