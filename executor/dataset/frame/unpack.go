package frame

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// A Packing is how a file is compressed.
type Packing string

// The packings that are read.
const (
	Plain Packing = "plain"
	Gzip  Packing = "gzip"
	Zstd  Packing = "zstd"
)

// PackingOf tells by the first bytes of a file, four at least where it has them, how it is packed.
func PackingOf(head []byte) Packing {
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return Gzip
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return Zstd
	}
	return Plain
}

// refused are packings that are recognised but not read.
var refused = []struct{ magic, name, remedy string }{
	{"BZh", "bzip2", "unpack it with bunzip2 first"},
	{"\xfd7zXZ\x00", "xz", "unpack it with xz -d first"},
	{"PK\x03\x04", "zip", "unpack it with unzip first"},
	{parquetMagic, "Parquet", "read it with source \"parquet\""},
}

// parquetMagic begins and ends a Parquet file.
const parquetMagic = "PAR1"

// An Unpacked file is read ahead of its reader, so that unpacking and what comes after share the wall clock.
type Unpacked struct {
	Packing Packing
	blocks  chan block
	free    chan []byte
	done    chan struct{}
	last    []byte
	rest    []byte
	err     error
	stop    func()
}

type block struct {
	bytes []byte
	err   error
}

// blockSize times the three blocks that go round is what is unpacked ahead. The first block is a small one, and so is the
// buffer below: of a pipeline that reads thousands of small files, a megabyte for each was most of what a plan allocated.
const (
	blockSize  = 256 << 10
	firstBlock = 16 << 10
)

// maxWindow bounds the memory of a zstd decoder; zstd --ultra --long=27 needs this much.
const maxWindow = 128 << 20

// Unpack tells by its first bytes how a file is packed and returns its content. The name is for messages. Gzip and
// zstd files may consist of several members. Close must be called; it does not close r.
func Unpack(name string, r io.Reader) (*Unpacked, error) {
	packed := &counter{r: r}
	in := bufio.NewReaderSize(packed, firstBlock)
	head, err := in.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	for _, p := range refused {
		if bytes.HasPrefix(head, []byte(p.magic)) {
			return nil, fmt.Errorf("%s is a %s file: %s", name, p.name, p.remedy)
		}
	}
	u := &Unpacked{Packing: PackingOf(head), blocks: make(chan block, 2), free: make(chan []byte, 3), done: make(chan struct{}), stop: func() {}}
	content := io.Reader(in)
	switch u.Packing {
	case Gzip:
		z, err := newMembers(in, packed)
		if err != nil {
			return nil, damaged(name, Gzip, packed.n, 0, err)
		}
		content = z
	case Zstd:
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, damaged(name, Zstd, packed.n, 0, err)
		}
		content, u.stop = z, z.Close
	}
	for range cap(u.free) {
		u.free <- nil // made when it is needed
	}
	go u.run(name, content, packed)
	return u, nil
}

// run unpacks until the end, an error, or Close.
func (u *Unpacked) run(name string, content io.Reader, packed *counter) {
	defer close(u.blocks)
	defer u.stop()
	unpacked, size := int64(0), firstBlock
	for {
		var buf []byte
		select {
		case buf = <-u.free:
		case <-u.done:
			return
		}
		if cap(buf) < size {
			buf = make([]byte, size)
		}
		n, err := fill(content, buf[:size])
		unpacked, size = unpacked+int64(n), blockSize
		if err != nil && !errors.Is(err, io.EOF) {
			err = damaged(name, u.Packing, packed.n, unpacked, err)
		}
		select {
		case u.blocks <- block{buf[:n], err}:
		case <-u.done:
			return
		}
		if err != nil {
			return
		}
	}
}

// fill reads until p is full. Unlike io.ReadFull it keeps the reader's own error, so that a file that is truncated
// and a last block that is short are told apart.
func fill(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var k int
		k, err = r.Read(p[n:])
		n += k
	}
	return n, err
}

func damaged(name string, p Packing, at, unpacked int64, err error) error {
	if p == Plain {
		return fmt.Errorf("reading %s, at byte %d: %w", name, at, err)
	}
	var behind *trailing
	if errors.As(err, &behind) {
		return fmt.Errorf("%s is damaged: from byte %d on, behind its gzip data, is something else; what comes before has %d unpacked bytes. "+
			"Fetch it again, or cut it there", name, behind.at, unpacked)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("%s is truncated: its %s data ends early at byte %d, after %d unpacked bytes; fetch it again", name, p, at, unpacked)
	}
	return fmt.Errorf("%s is damaged: its %s data is wrong at or before byte %d, after %d unpacked bytes: %w", name, p, at, unpacked, err)
}

// next returns the next block of the content, valid until next is called again. The last comes with io.EOF.
func (u *Unpacked) next() ([]byte, error) {
	if u.last != nil {
		u.free <- u.last
		u.last = nil
	}
	b, ok := <-u.blocks
	if !ok {
		return nil, io.EOF
	}
	u.last = b.bytes
	return b.bytes, b.err
}

// Read implements io.Reader.
func (u *Unpacked) Read(p []byte) (int, error) {
	for len(u.rest) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		u.rest, u.err = u.next()
	}
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	return n, nil
}

// Close stops the unpacking. It is called once and returns no error.
func (u *Unpacked) Close() error {
	close(u.done)
	for range u.blocks { // until run has ended, so that r is nobody's any more
	}
	return nil
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
