package cas

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
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
