package cas

import (
	"bytes"
	"testing"

	"github.com/prefab-build/prefab/spec"
)

// FuzzDecodeEntry checks that the decoder takes what the encoder writes and nothing else.
func FuzzDecodeEntry(f *testing.F) {
	a, b := spec.HashBytes([]byte("a")), spec.HashBytes([]byte("b"))
	whole := encodeEntry(a, b, []byte("an entry"))
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(append(bytes.Clone(whole), 0))
	f.Add(encodeEntry(a, a, nil))
	f.Add(bytes.Repeat([]byte{0xff}, entryHeader+32))
	f.Add([]byte(entryMagic))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, stored []byte) {
		base, inputs, payload, err := decodeEntry(stored)
		if err == nil && !bytes.Equal(encodeEntry(base, inputs, payload), stored) {
			t.Fatal("bytes that no encoder wrote were taken")
		}
		base, inputs, payload, err = decodeEntry(encodeEntry(a, b, stored))
		if err != nil || base != a || inputs != b || !bytes.Equal(payload, stored) {
			t.Fatalf("an entry came back as %v, %v, %d bytes, %v", base, inputs, len(payload), err)
		}
	})
}

// FuzzDecodeBlob checks that damaged blobs neither crash the decoder nor come out longer than they say.
func FuzzDecodeBlob(f *testing.F) {
	c := newCodec()
	for _, raw := range [][]byte{{}, []byte("short"), bytes.Repeat([]byte("long "), 100)} {
		header, body := c.encode(raw, nil)
		f.Add(append(header, body...))
	}
	f.Fuzz(func(t *testing.T, stored []byte) {
		raw, err := c.decode(stored)
		if size, _, sizeErr := rawSize(stored, int64(len(stored))); err == nil && (sizeErr != nil || int64(len(raw)) != size) {
			t.Fatalf("%d bytes came out of a blob of %d, %v", len(raw), size, sizeErr)
		}
		header, body := c.encode(stored, nil)
		if back, err := c.decode(append(header, body...)); err != nil || !bytes.Equal(back, stored) {
			t.Fatalf("a blob of %d bytes came back as %d, %v", len(stored), len(back), err)
		}
	})
}
