package cas

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// The index and the memo are files that only grow, by whole records of one length. A record is its payload and the
// first sumLen bytes of the payload's SHA-256. A record is appended by one write to a file opened for appending, which
// local file systems keep whole among concurrent writers. Where one was torn all the same (a kill, a full disk, a
// network disk) the reader skips byte by byte to the next record whose checksum is right.
const sumLen = 8

func appendRecords(path string, payloads ...[]byte) error {
	var b []byte
	for _, p := range payloads {
		b = append(b, encodeRecord(p)...)
	}
	f, err := openAppend(path)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

func encodeRecord(payload []byte) []byte {
	sum := sha256.Sum256(payload)
	return append(bytes.Clone(payload), sum[:sumLen]...)
}

func openAppend(path string) (*os.File, error) {
	const flags = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	f, err := os.OpenFile(path, flags, fileMode)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return nil, err
	}
	return os.OpenFile(path, flags, fileMode)
}

// scanRecords calls each with the payload of every sound record in b, and returns how much of b is done with. The rest
// is shorter than a record, or the beginning of one that is still being written.
func scanRecords(b []byte, payload int, each func([]byte)) (done int) {
	at := 0
	for at+payload+sumLen <= len(b) {
		p := b[at : at+payload]
		sum := sha256.Sum256(p)
		if !bytes.Equal(sum[:sumLen], b[at+payload:at+payload+sumLen]) {
			at++
			continue
		}
		each(p)
		at += payload + sumLen
	}
	return at
}
