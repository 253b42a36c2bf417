package cas

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// A stored blob starts with one byte that names its encoding. A raw blob goes on with its bytes. A compressed one goes
// on with the length of the raw bytes (8 bytes, little-endian), the CRC-32C of the frame (4 bytes) and one zstd frame.
//
// The digest alone decides whether content is right. The checksum is there so that a flipped bit that happens to
// decode to the same content is damage too, and so that the decoder never sees bytes that the encoder did not write.
const (
	encodingRaw  = 0x01
	encodingZstd = 0x02

	zstdHeader = 1 + 8 + 4
)

// maxWindow bounds the memory of a decoder, whatever the frame asks for. Larger windows find repeats that are
// farther apart, which blobs of a column chunk (about a megabyte) do not have.
const maxWindow = 4 << 20

// minCompress is the length below which compressing is not tried: a frame of so few bytes saves nothing.
const minCompress = 128

var (
	errChecksum     = errors.New("the checksum of the compressed bytes is wrong")
	errOtherContent = errors.New("its content has another digest")
	errLength       = errors.New("its length is not what its header says")
)

// crcOf returns the checksum in the header of a compressed blob.
func crcOf(stored []byte) uint32 { return binary.LittleEndian.Uint32(stored[9:]) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// codec holds the encoders and decoders of a store; they are costly to make (hundreds of kilobytes of tables each) and
// are reused.
type codec struct {
	enc     *zstd.Encoder
	dec     *zstd.Decoder
	writers sync.Pool // of *zstd.Encoder, for streams
	readers sync.Pool // of *zstd.Decoder, for streams
	buffers sync.Pool // of *[]byte, for files
}

func newCodec() *codec {
	n := runtime.GOMAXPROCS(0)
	return &codec{
		enc:     must(newEncoder(zstd.WithEncoderConcurrency(n))),
		dec:     must(newDecoder(zstd.WithDecoderConcurrency(n), zstd.WithDecodeAllCapLimit(true))),
		writers: sync.Pool{New: func() any { return must(newEncoder(zstd.WithEncoderConcurrency(1))) }},
		readers: sync.Pool{New: func() any { return must(newDecoder(zstd.WithDecoderConcurrency(1))) }},
		buffers: sync.Pool{New: func() any { return new([]byte) }},
	}
}

// The store has its own checksums, so frames carry none. English pairs in pieces of 200 kB shrank to .11 to .25 of their
// size at the fastest level, at 70 to 410 MB/s on one core; the default level took 1.3 to 2.1 times as long and made them
// 3 to 6 % shorter.
func newEncoder(more ...zstd.EOption) (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, append(more, zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithWindowSize(maxWindow), zstd.WithEncoderCRC(false))...)
}

func newDecoder(more ...zstd.DOption) (*zstd.Decoder, error) {
	return zstd.NewReader(nil, append(more, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true),
		zstd.IgnoreChecksum(true))...)
}

// must is for options fixed in this file: an error is a mistake in the source.
func must[T any](v T, err error) T {
	if err != nil {
		panic("cas: " + err.Error())
	}
	return v
}

// encode returns the stored form of raw in two parts, header and body, so that raw is not copied when it stays raw. The
// body of a compressed blob is built in scratch, which may be nil.
func (c *codec) encode(raw, scratch []byte) (header, body []byte) {
	if len(raw) >= minCompress {
		frame := c.enc.EncodeAll(raw, scratch[:0])
		if len(frame)+zstdHeader < len(raw) {
			return frameHeader(uint64(len(raw)), crc32.Checksum(frame, castagnoli)), frame
		}
	}
	return []byte{encodingRaw}, raw
}

func frameHeader(size uint64, crc uint32) []byte {
	h := make([]byte, 0, zstdHeader)
	h = append(h, encodingZstd)
	h = binary.LittleEndian.AppendUint64(h, size)
	return binary.LittleEndian.AppendUint32(h, crc)
}

// rawSize reads from the first bytes of a stored blob how long its content claims to be. stored is the length of the
// whole file.
func rawSize(head []byte, stored int64) (size int64, compressed bool, err error) {
	switch {
	case len(head) == 0:
		return 0, false, errors.New("the file is empty")
	case head[0] == encodingRaw:
		return stored - 1, false, nil
	case head[0] != encodingZstd:
		return 0, false, fmt.Errorf("encoding %d is unknown", head[0])
	case len(head) < zstdHeader:
		return 0, false, errors.New("the file ends within its header")
	}
	u := binary.LittleEndian.Uint64(head[1:])
	if u > 1<<62 {
		return 0, false, fmt.Errorf("a length of %d bytes is impossible", u)
	}
	return int64(u), true, nil
}

// decode returns the content of a stored blob, in memory of its own. It allocates no more than the length in the
// header, and for a long one no more than the frame really holds.
func (c *codec) decode(stored []byte) ([]byte, error) {
	size, compressed, err := rawSize(stored, int64(len(stored)))
	if err != nil {
		return nil, err
	}
	if !compressed {
		return append(make([]byte, 0, size), stored[1:]...), nil
	}
	frame := stored[zstdHeader:]
	if crc32.Checksum(frame, castagnoli) != crcOf(stored) {
		return nil, errChecksum
	}
	raw, err := c.inflate(frame, size)
	switch {
	case err != nil:
		return nil, err
	case int64(len(raw)) != size:
		return nil, fmt.Errorf("it holds %d bytes, its header says %d", len(raw), size)
	}
	return raw, nil
}

// inflate decodes a frame to at most size bytes, or one more where the frame holds more. Content that is more than 32
// times its frame is rare; there the size is not believed but found out.
func (c *codec) inflate(frame []byte, size int64) ([]byte, error) {
	if size <= 1<<20+32*int64(len(frame)) {
		return c.dec.DecodeAll(frame, make([]byte, 0, size))
	}
	r := c.reader(bytes.NewReader(frame))
	defer c.readers.Put(r)
	var out bytes.Buffer
	_, err := io.Copy(&out, io.LimitReader(r, size+1))
	return out.Bytes(), err
}

// reader returns a pooled decoder that reads from r. It starts no goroutine.
func (c *codec) reader(r io.Reader) *zstd.Decoder {
	d := c.readers.Get().(*zstd.Decoder)
	if err := d.Reset(r); err != nil {
		panic("cas: " + err.Error()) // a decoder that was never closed can be reset
	}
	return d
}
