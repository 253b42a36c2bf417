package cas

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/prefab-build/prefab/spec"
)

// Put stores b and returns its digest. Storing what is there already costs the hash and a look at the file's header:
// it does not compress, write or verify. Where the folder cannot be written the error is a *FolderError.
func (s *Store) Put(ctx context.Context, b []byte) (spec.Digest, error) {
	if err := ctx.Err(); err != nil {
		return spec.Digest{}, err
	}
	d := spec.HashBytes(b)
	path := s.path(blobDir, d)
	if s.known(path, int64(len(b))) {
		return d, nil
	}
	if s.opts.ReadOnly {
		return spec.Digest{}, s.unwritable(errReadOnly)
	}
	scratch := s.codec.buffers.Get().(*[]byte)
	defer s.codec.buffers.Put(scratch)
	header, body := s.codec.encode(b, *scratch)
	if header[0] == encodingZstd {
		*scratch = body // keep what grew
	}
	tmp, err := s.writeTemp(header, body)
	if err != nil {
		return spec.Digest{}, s.unwritable(err)
	}
	if err := s.publish(tmp, path, int64(len(b)), int64(len(header)+len(body))); err != nil {
		return spec.Digest{}, err
	}
	return d, nil
}

// known reports whether a blob of size bytes lies at path, and counts it. It trusts the header: a file cut short to
// nothing by a power cut is written again, any other damage is left for a reader to find.
func (s *Store) known(path string, size int64) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	have, err := sizeOf(f)
	if err != nil || have != size {
		return false
	}
	if info, err := f.Stat(); err != nil || !s.touch(path, info.ModTime()) {
		return false
	}
	s.counts.known.Add(1)
	return true
}

// sizeOf returns how long the content of the blob in f claims to be.
func sizeOf(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	var head [zstdHeader]byte
	n, err := f.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	size, _, err := rawSize(head[:n], info.Size())
	return size, err
}

// publish gives the finished file tmp its final name. Two processes may publish one blob at once; both files hold the
// same content, so it does not matter whose stays.
func (s *Store) publish(tmp, path string, raw, stored int64) error {
	if err := place(tmp, path, os.Rename); err != nil {
		os.Remove(tmp)
		// Windows does not replace a file that somebody is reading. Then the blob is there.
		if s.known(path, raw) {
			return nil
		}
		return s.unwritable(err)
	}
	s.counts.puts.Add(1)
	s.counts.rawBytes.Add(raw)
	s.counts.storedBytes.Add(stored)
	return nil
}

// Get returns the content of the blob d, checked against its digest. The error is ErrNotFound where there is none, and
// a *DamageError (also an ErrNotFound) where the file holds something else; the file has then been set aside.
// Blobs that do not fit in memory are for Open.
func (s *Store) Get(ctx context.Context, d spec.Digest) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path := s.path(blobDir, d)
	buf := s.codec.buffers.Get().(*[]byte)
	defer s.codec.buffers.Put(buf)
	var err error
	if *buf, err = readFile(path, *buf); err != nil {
		return nil, s.readError(err)
	}
	raw, err := s.codec.decode(*buf)
	if err == nil && spec.HashBytes(raw) != d {
		err = errOtherContent
	}
	if err != nil {
		return nil, s.damaged(d, path, err)
	}
	s.counts.hits.Add(1)
	return raw, nil
}

// readFile reads a whole file into buf, which grows where it must.
func readFile(path string, buf []byte) ([]byte, error) {
	b, _, err := readUsed(path, buf)
	return b, err
}

// readUsed is readFile, and says when the file was last used.
func readUsed(path string, buf []byte) (_ []byte, used time.Time, err error) {
	f, err := os.Open(path)
	if err != nil {
		return buf, used, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return buf, used, err
	}
	if n := int(info.Size()); cap(buf) < n {
		buf = make([]byte, n)
	} else {
		buf = buf[:n]
	}
	_, err = io.ReadFull(f, buf)
	return buf, info.ModTime(), err
}

// readError turns the absence of a file into ErrNotFound and counts it; other errors of the disk stay what they are.
func (s *Store) readError(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		s.counts.misses.Add(1)
		return ErrNotFound
	}
	return fmt.Errorf("reading the cache: %w", err)
}

func (s *Store) damaged(d spec.Digest, path string, cause error) error {
	s.quarantine("blob", d, path, cause.Error())
	return &DamageError{Digest: d, Path: path, Reason: cause.Error()}
}

// Has reports whether there is a blob d. It looks for the file and does not verify it.
func (s *Store) Has(d spec.Digest) bool {
	info, err := os.Stat(s.path(blobDir, d))
	return err == nil && info.Size() > 0
}
