package dataset

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/prefab-build/prefab/spec"
)

// RowScheme is the version of the way row ids are made. It is frozen: other ids would be other rows to every ledger,
// vote and split that was ever stored.
const RowScheme = "prefab.row/1"

// An id is the SHA-256 of a few byte strings, each with its length in 8 bytes (big-endian) before it, so that no two
// lists of strings read the same.
func digest(parts ...[]byte) spec.Digest {
	var buf []byte
	for _, p := range parts {
		buf = frame(buf, p)
	}
	return sha256.Sum256(buf)
}

func frame(buf, p []byte) []byte {
	return append(binary.BigEndian.AppendUint64(buf, uint64(len(p))), p...)
}

// KeyID returns the id of a row by its user-given key, which is canonical JSON: a string, a number, a list.
func KeyID(key []byte) spec.Digest { return digest([]byte(RowScheme), []byte("key"), key) }

// OccurrenceID returns the id of the n-th copy of the rows whose first copy has id, which n = 0 is.
func OccurrenceID(id spec.Digest, n uint64) spec.Digest {
	if n == 0 {
		return id
	}
	return digest([]byte(RowScheme), []byte("occurrence"), id[:], binary.BigEndian.AppendUint64(nil, n))
}

// MadeID returns the id of a row that a stage made: of the parents' ids in their order, the name of the stage's kind,
// the content hash of the made row, and which of equal rows from equal parents it is, from 0.
func MadeID(parents []spec.Digest, kind string, content spec.Digest, occurrence uint64) spec.Digest {
	joined := make([]byte, 0, len(parents)*len(content))
	for _, p := range parents {
		joined = append(joined, p[:]...)
	}
	return digest([]byte(RowScheme), []byte("made"), joined, []byte(kind), content[:],
		binary.BigEndian.AppendUint64(nil, occurrence))
}

// ContentIDs returns the ids of all rows of a chunk by their content: the canonical columns, extra fields included, as
// RowJSON writes them. Columns of the chunk that are not among those given count for nothing.
func ContentIDs(c Chunk, columns []spec.Column) []spec.Digest {
	return eachRow(c, columns, "content")
}

// RowContents returns, for each row of a chunk, the digest by which a union tells whether two rows with one id are
// equal: over all of the columns, a missing column being null.
func RowContents(c Chunk, columns []spec.Column) []spec.Digest {
	return eachRow(c, columns, "row")
}

// eachRow returns the digests of the rows as RowJSON writes them, for one purpose.
func eachRow(c Chunk, columns []spec.Column, purpose string) []spec.Digest {
	names := make([]string, 0, len(columns))
	for _, col := range columns {
		if col.Name != spec.ID {
			names = append(names, col.Name)
		}
	}
	w := c.RowJSON(names...)
	out := make([]spec.Digest, c.Rows)
	head := frame(frame(nil, []byte(RowScheme)), []byte(purpose))
	buf := append(head, make([]byte, 8)...)
	for r := range out {
		buf = w.Append(buf[:len(head)+8], r)
		binary.BigEndian.PutUint64(buf[len(head):], uint64(len(buf)-len(head)-8))
		out[r] = sha256.Sum256(buf)
	}
	return out
}

// IDColumn returns a column of row ids.
func IDColumn(ids []spec.Digest) Column {
	b := NewBuilder(spec.Bytes32)
	b.Grow(len(ids), 0)
	for _, id := range ids {
		b.AppendDigest(id)
	}
	return b.Finish(spec.ID)
}
