package cas

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/prefab-build/prefab/spec"
)

// An action entry is stored as
//
//	magic "pfac" | version, 4 bytes | base, 32 | inputs, 32 | length of the payload, 8 | payload | SHA-256 of all that
//
// with little-endian numbers. Both halves of the key are in it so that the index can be rebuilt from the entries, and
// so that an entry under another's name is found out.
const (
	entryMagic   = "pfac"
	entryVersion = 1
	entryHeader  = 4 + 4 + 32 + 32 + 8
)

// actionAddress is the name of the entry of a base and its inputs.
func actionAddress(base, inputs spec.Digest) spec.Digest {
	var key [64]byte
	copy(key[:32], base[:])
	copy(key[32:], inputs[:])
	return sha256.Sum256(key[:])
}

// encodeEntry returns the stored form of an entry.
func encodeEntry(base, inputs spec.Digest, payload []byte) []byte {
	b := make([]byte, 0, entryHeader+len(payload)+sha256.Size)
	b = append(b, entryMagic...)
	b = binary.LittleEndian.AppendUint32(b, entryVersion)
	b = append(b, base[:]...)
	b = append(b, inputs[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(payload)))
	b = append(b, payload...)
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// decodeEntry reads what encodeEntry wrote. It allocates nothing; payload is part of b. Any other bytes, also a prefix
// of an entry or an entry with something behind it, are an error.
func decodeEntry(b []byte) (base, inputs spec.Digest, payload []byte, err error) {
	fail := func(err error) (spec.Digest, spec.Digest, []byte, error) {
		return spec.Digest{}, spec.Digest{}, nil, err
	}
	if len(b) < entryHeader+sha256.Size {
		return fail(fmt.Errorf("%d bytes are too few for an entry", len(b)))
	}
	if !bytes.HasPrefix(b, []byte(entryMagic)) {
		return fail(errors.New("it is no action entry"))
	}
	if v := binary.LittleEndian.Uint32(b[4:]); v != entryVersion {
		return fail(fmt.Errorf("its format has version %d, not %d", v, entryVersion))
	}
	if n := binary.LittleEndian.Uint64(b[72:]); n != uint64(len(b)-entryHeader-sha256.Size) {
		return fail(fmt.Errorf("it says that it holds %d bytes and holds %d", n, len(b)-entryHeader-sha256.Size))
	}
	end := len(b) - sha256.Size
	if sum := sha256.Sum256(b[:end]); !bytes.Equal(sum[:], b[end:]) {
		return fail(errors.New("its checksum is wrong"))
	}
	return spec.Digest(b[8:40]), spec.Digest(b[40:72]), b[entryHeader:end], nil
}
