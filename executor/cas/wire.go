package cas

import (
	"errors"
	"fmt"

	"github.com/prefab-build/prefab/spec"
)

// ErrBadEntry says that bytes from elsewhere are not the entry that they should be.
var ErrBadEntry = errors.New("it is not the entry that was asked for")

// ActionAddress returns the name of an action's entry.
func ActionAddress(base, inputs spec.Digest) spec.Digest { return actionAddress(base, inputs) }

// EncodeEntry returns an entry in its stored form, with its key and a checksum.
func EncodeEntry(base, inputs spec.Digest, entry []byte) []byte {
	return encodeEntry(base, inputs, entry)
}

// DecodeEntry reads what EncodeEntry wrote for that key. Any other bytes are an ErrBadEntry.
func DecodeEntry(b []byte, base, inputs spec.Digest) ([]byte, error) {
	gotBase, gotInputs, entry, err := decodeEntry(b)
	if err == nil && (gotBase != base || gotInputs != inputs) {
		err = errOtherKey
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadEntry, err)
	}
	return entry, nil
}
