package cas

import (
	"context"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/prefab-build/prefab/spec"
)

// Verified is what a verification looked at.
type Verified struct {
	Sound   int   `json:"sound"`
	Damaged int   `json:"damaged"`
	Bytes   int64 `json:"bytes"` // of content, unpacked
}

// Verify reads every entry, and every blob that pick chooses (nil: all), on all cores, and sets aside the damaged ones,
// which are reported as always.
func (s *Store) Verify(ctx context.Context, pick func(spec.Digest) bool) (Verified, error) {
	var sound, damaged, bytes atomic.Int64
	count := func(n int64, bad bool, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // moved on since it was listed
		case bad:
			damaged.Add(1)
		case err == nil:
			sound.Add(1)
		}
		bytes.Add(n)
		return err
	}
	for sub, kind := range map[string]string{blobDir: "blob", entryDir: "entry"} {
		n, err := s.strays(sub, kind)
		damaged.Add(int64(n))
		if err != nil {
			return Verified{}, err
		}
	}
	err := s.each(ctx, blobDir, func(_ int, path string, f Stored) error {
		if pick != nil && !pick(f.Digest) {
			return nil
		}
		return count(s.verifyBlob(ctx, path, f))
	})
	if err == nil {
		err = s.each(ctx, entryDir, func(_ int, path string, f Stored) error {
			bad, err := s.verifyEntry(path, f.Digest)
			return count(0, bad, err)
		})
	}
	return Verified{int(sound.Load()), int(damaged.Load()), bytes.Load()}, err
}

// inMemory is up to which length of its file a blob is verified in memory, which is twice as fast as streaming it.
const inMemory = 8 << 20

func (s *Store) verifyBlob(ctx context.Context, path string, f Stored) (n int64, bad bool, err error) {
	if f.Size > inMemory {
		return s.verifyLong(ctx, f.Digest)
	}
	stored, raw := s.codec.buffers.Get().(*[]byte), s.codec.buffers.Get().(*[]byte)
	defer s.codec.buffers.Put(stored)
	defer s.codec.buffers.Put(raw)
	if *stored, err = readFile(path, *stored); err != nil {
		return 0, false, err
	}
	content, cause := s.codec.decodeInto(*stored, raw)
	if cause == nil && spec.HashBytes(content) != f.Digest {
		cause = errOtherContent
	}
	if cause != nil {
		s.quarantine("blob", f.Digest, path, cause.Error())
	}
	return int64(len(content)), cause != nil, nil
}

// decodeInto is decode into the memory of scratch, which grows where it must. Content may be a part of stored.
func (c *codec) decodeInto(stored []byte, scratch *[]byte) (content []byte, err error) {
	size, compressed, err := rawSize(stored, int64(len(stored)))
	switch {
	case err != nil:
		return nil, err
	case !compressed:
		return stored[1:], nil
	case size > int64(cap(*scratch)):
		content, err = c.decode(stored)
		if err == nil {
			*scratch = content
		}
		return content, err
	case crc32.Checksum(stored[zstdHeader:], castagnoli) != crcOf(stored):
		return nil, errChecksum
	}
	content, err = c.dec.DecodeAll(stored[zstdHeader:], (*scratch)[:0])
	if err == nil && int64(len(content)) != size {
		err = errLength
	}
	return content, err
}

// verifyLong streams one blob, since it may be longer than memory.
func (s *Store) verifyLong(ctx context.Context, d spec.Digest) (n int64, bad bool, err error) {
	r, err := s.Open(ctx, d)
	if err == nil {
		n, err = io.Copy(io.Discard, r)
		r.Close()
	}
	if damage := (*DamageError)(nil); errors.As(err, &damage) {
		return n, true, nil
	}
	if errors.Is(err, ErrNotFound) {
		err = fs.ErrNotExist
	}
	return n, false, err
}

func (s *Store) verifyEntry(path string, address spec.Digest) (bad bool, err error) {
	b, err := readFile(path, nil)
	if err != nil {
		return false, err
	}
	base, inputs, _, cause := decodeEntry(b)
	if cause == nil && actionAddress(base, inputs) != address {
		cause = errOtherKey
	}
	if cause != nil {
		s.quarantine("entry", address, path, cause.Error())
	}
	return cause != nil, nil
}

// strays sets aside the files below sub that are not where a digest would put them.
func (s *Store) strays(sub, kind string) (n int, err error) {
	dir := filepath.Join(s.root, sub)
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		if d, named := digestOf(e.Name()); !named || s.path(sub, d) != path {
			n++
			s.quarantine(kind, d, path, "its name is no digest, or not that of its folder")
		}
		return nil
	})
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return n, err
}

// digestOf returns the digest that is a file's name, or for a file with another name a stand-in for it.
func digestOf(name string) (d spec.Digest, ok bool) {
	if d, err := spec.ParseDigest(name); err == nil {
		return d, true
	}
	return spec.HashBytes([]byte(name)), false
}
