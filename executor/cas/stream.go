package cas

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"github.com/prefab-build/prefab/spec"
)

// spillSize is how much of a stream is held in memory before a file is begun. Most blobs are shorter and take the
// path of Put, which may find that they are there already.
const spillSize = 1 << 20

// A Writer stores one blob as its bytes come, in memory that does not grow with its length. Commit stores it;
// Close without Commit leaves no trace.
type Writer struct {
	s       *Store
	ctx     context.Context
	held    []byte // what came so far, until there is a file
	file    *os.File
	enc     *zstd.Encoder
	frame   *sink
	content hash.Hash
	size    int64
	done    bool
}

// sink passes a frame on to a file and keeps its length and checksum.
type sink struct {
	w   *bufio.Writer
	crc uint32
	n   int64
}

func (k *sink) Write(p []byte) (int, error) {
	n, err := k.w.Write(p)
	k.crc = crc32.Update(k.crc, castagnoli, p[:n])
	k.n += int64(n)
	return n, err
}

// Create begins a blob. The caller calls Close in any case; after ctx is done, writes fail.
func (s *Store) Create(ctx context.Context) *Writer { return &Writer{s: s, ctx: ctx} }

// PutReader stores all of r and returns its digest and length in bytes.
func (s *Store) PutReader(ctx context.Context, r io.Reader) (spec.Digest, int64, error) {
	w := s.Create(ctx)
	defer w.Close()
	if _, err := io.Copy(w, r); err != nil {
		return spec.Digest{}, 0, err
	}
	d, err := w.Commit()
	return d, w.size, err
}

// Write adds p to the blob.
func (w *Writer) Write(p []byte) (int, error) {
	if w.done {
		panic("cas: write to a writer that is committed or closed")
	}
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	if w.file == nil {
		if len(w.held)+len(p) <= spillSize {
			w.held = append(w.held, p...)
			w.size += int64(len(p))
			return len(p), nil
		}
		if err := w.spill(); err != nil {
			return 0, err
		}
	}
	return w.stream(p)
}

func (w *Writer) stream(p []byte) (int, error) {
	w.content.Write(p)
	n, err := w.enc.Write(p)
	w.size += int64(n)
	if err != nil {
		return n, w.s.unwritable(err)
	}
	return n, nil
}

// spill begins the file, leaves room for the header, and writes what was held.
func (w *Writer) spill() error {
	if w.s.opts.ReadOnly {
		return w.s.unwritable(errReadOnly)
	}
	w.s.rewind()
	f, err := os.CreateTemp(filepath.Join(w.s.root, tmpDir), "put-")
	if err != nil {
		return w.s.unwritable(err)
	}
	w.file = f
	w.content = sha256.New()
	w.frame = &sink{w: bufio.NewWriterSize(f, 1<<16)}
	w.enc = w.s.codec.writers.Get().(*zstd.Encoder)
	w.enc.Reset(w.frame)
	if _, err := f.Write(make([]byte, zstdHeader)); err != nil {
		return w.s.unwritable(err)
	}
	held := w.held
	w.held, w.size = nil, 0
	_, err = w.stream(held)
	return err
}

// Commit stores the blob and returns its digest. The writer is of no further use.
func (w *Writer) Commit() (spec.Digest, error) {
	if w.done {
		panic("cas: commit of a writer that is committed or closed")
	}
	if w.file == nil {
		w.done = true
		return w.s.Put(w.ctx, w.held)
	}
	defer w.Close()
	if err := w.ctx.Err(); err != nil {
		return spec.Digest{}, err
	}
	if err := w.finish(); err != nil {
		return spec.Digest{}, w.s.unwritable(err)
	}
	d := spec.Digest(w.content.Sum(nil))
	path := w.s.path(blobDir, d)
	if w.s.known(path, w.size) {
		return d, nil // Close removes the file
	}
	return d, w.s.publish(w.file.Name(), path, w.size, w.frame.n+zstdHeader)
}

// finish completes the file: the end of the frame, then the header that was left out.
func (w *Writer) finish() error {
	err := errors.Join(w.enc.Close(), w.frame.w.Flush())
	if err == nil {
		_, err = w.file.WriteAt(frameHeader(uint64(w.size), w.frame.crc), 0)
	}
	return errors.Join(err, w.file.Close())
}

// Close gives back what the writer holds. Without a Commit before it, nothing is stored.
func (w *Writer) Close() error {
	w.done = true
	if w.file == nil {
		return nil
	}
	w.file.Close()
	os.Remove(w.file.Name()) // gone already when it was published
	w.enc.Reset(nil)
	w.s.codec.writers.Put(w.enc)
	w.file, w.enc = nil, nil
	return nil
}

// Open returns a reader of the blob d for what does not fit in memory. The reader verifies as it goes, so bytes are
// certain only once it gave io.EOF; in place of io.EOF it gives a *DamageError where the content is not that of d.
// The errors of Open itself are those of Get.
func (s *Store) Open(ctx context.Context, d spec.Digest) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path := s.path(blobDir, d)
	f, err := os.Open(path)
	if err != nil {
		return nil, s.readError(err)
	}
	r := &reader{s: s, ctx: ctx, digest: d, file: f, content: sha256.New()}
	if err := r.begin(); err != nil {
		f.Close()
		return nil, s.damaged(d, path, err)
	}
	return r, nil
}

// A reader decodes one blob and hashes what it gives out.
type reader struct {
	s       *Store
	ctx     context.Context
	digest  spec.Digest
	file    *os.File
	frame   *frameReader // the compressed bytes, and their decoder; nil when the blob is raw
	dec     *zstd.Decoder
	in      io.Reader
	content hash.Hash
	left    int64 // what the header promises and was not read yet
	err     error // sticky
}

// begin reads the header. A file of the store that cannot be read is as good as damaged, so all errors are one kind.
func (r *reader) begin() error {
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	var head [zstdHeader]byte
	n, err := r.file.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	size, compressed, err := rawSize(head[:n], info.Size())
	if err != nil {
		return err
	}
	r.left = size
	if !compressed {
		r.in = io.NewSectionReader(r.file, 1, size)
		return nil
	}
	r.frame = &frameReader{
		r:    bufio.NewReaderSize(io.NewSectionReader(r.file, zstdHeader, info.Size()-zstdHeader), 1<<16),
		want: binary.LittleEndian.Uint32(head[9:]),
	}
	r.dec = r.s.codec.reader(r.frame)
	r.in = r.dec
	return nil
}

// A frameReader passes a frame on and keeps its checksum.
type frameReader struct {
	r         io.Reader
	got, want uint32
}

func (f *frameReader) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	f.got = crc32.Update(f.got, castagnoli, p[:n])
	return n, err
}

// sound reads what the decoder left unread and compares the checksum of the whole.
func (f *frameReader) sound() bool {
	_, err := io.Copy(io.Discard, f)
	return err == nil && f.got == f.want
}

// Read gives the next bytes of the blob, never more in all than its header promises.
func (r *reader) Read(p []byte) (int, error) {
	if r.err == nil {
		r.err = r.ctx.Err()
	}
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.in.Read(p)
	r.content.Write(p[:n])
	r.left -= int64(n)
	switch {
	case r.left < 0:
		r.fail(errors.New("it holds more bytes than its header says"))
		return 0, r.err
	case err == io.EOF:
		r.end()
	case err != nil:
		r.fail(err)
	}
	return n, r.err
}

func (r *reader) end() {
	switch {
	case r.left > 0:
		r.fail(errors.New("it holds fewer bytes than its header says"))
	case spec.Digest(r.content.Sum(nil)) != r.digest:
		r.fail(errOtherContent)
	case r.frame != nil && !r.frame.sound():
		r.fail(errChecksum)
	default:
		r.s.counts.hits.Add(1)
		r.err = io.EOF
	}
}

func (r *reader) fail(cause error) {
	r.err = r.s.damaged(r.digest, r.s.path(blobDir, r.digest), cause)
}

// Close gives back what the reader holds.
func (r *reader) Close() error {
	if r.dec != nil {
		_ = r.dec.Reset(nil) // lets go of the file
		r.s.codec.readers.Put(r.dec)
		r.dec = nil
	}
	if r.err == nil {
		r.err = errors.New("cas: read of a closed blob")
	}
	return r.file.Close()
}
