package write

import (
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// compression returns the name without its last ending where that names a compression, and a writer that does it. The
// packed bytes hold neither time nor name, and do not depend on the number of processors.
func compression(name string, w io.Writer) (base string, packer io.WriteCloser, err error) {
	if base, ok := strings.CutSuffix(name, ".gz"); ok {
		z, err := gzip.NewWriterLevel(w, gzip.DefaultCompression)
		if err == nil {
			z.ModTime = time.Unix(0, 0) // the format's "no time"; the zero time.Time is written as 2042
		}
		return base, z, err
	}
	if base, ok := strings.CutSuffix(name, ".zst"); ok {
		// Two goroutines make the bytes that one makes, in three quarters of the time.
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(2), zstd.WithEncoderCRC(true))
		return base, z, err
	}
	return name, unpacked{w}, nil
}

type unpacked struct{ io.Writer }

func (unpacked) Close() error { return nil }

// A blockWriter hands on bytes in blocks of one size, so that what a compressor makes of them does not depend on how
// the rows came.
type blockWriter struct {
	w   io.Writer
	buf []byte
}

const blockSize = 64 << 10

func (b *blockWriter) Write(p []byte) (int, error) {
	b.buf = append(b.buf, p...)
	done := 0
	for len(b.buf)-done >= blockSize {
		if _, err := b.w.Write(b.buf[done : done+blockSize]); err != nil {
			return 0, err
		}
		done += blockSize
	}
	b.buf = append(b.buf[:0], b.buf[done:]...)
	return len(p), nil
}

func (b *blockWriter) flush() error {
	_, err := b.w.Write(b.buf)
	b.buf = nil
	return err
}
