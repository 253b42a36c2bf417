package executor

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/prefab-build/prefab/spec"
)

// An EntryKind says what an action entry of the store is.
type EntryKind string

// The kinds of entries, the dearest first: what makes the others again is a stage's result, and what is least missed is a
// file's facts.
const (
	ResultEntry EntryKind = "result" // of a stage
	ChunkEntry  EntryKind = "chunk"  // of one chunk of a stage that maps
	SharedEntry EntryKind = "shared" // work that stages share
	FileEntry   EntryKind = "file"   // how an input file was framed
)

// Inventory says of what kind a stored entry is, and which blobs it names. Some name others in turn: load gives their
// content. What load cannot give is named all the same, and nothing behind it is.
func Inventory(payload []byte, load func(spec.Digest) ([]byte, error)) (EntryKind, []spec.Digest, error) {
	var e struct {
		Ports   map[string]storedPort
		Ledger  json.RawMessage // a digest in a result, lines in a chunk
		Counts  *struct{}
		Blob    spec.Digest
		Result  spec.Digest
		Out     map[string]namedDelta
		Segment []struct{} `json:"segments"`
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		return "", nil, fmt.Errorf("a stored entry is none: %w", err)
	}
	switch {
	case e.Counts != nil:
		blobs, err := resultBlobs(e.Ports, e.Ledger, load)
		return ResultEntry, blobs, err
	case !e.Result.IsZero():
		return SharedEntry, []spec.Digest{e.Result}, nil
	case e.Segment != nil:
		return FileEntry, nil, nil
	}
	var blobs []spec.Digest
	if !e.Blob.IsZero() {
		blobs = append(blobs, e.Blob)
	}
	for _, d := range e.Out {
		blobs = d.appendBlobs(blobs)
	}
	return ChunkEntry, blobs, nil
}

// A namedDelta is of a chunkDelta what an inventory needs: the selections need not be decoded.
type namedDelta struct {
	Layers []struct{ Columns []columnRef }
}

func (d *namedDelta) appendBlobs(blobs []spec.Digest) []spec.Digest {
	for _, l := range d.Layers {
		for _, c := range l.Columns {
			blobs = append(blobs, c.Blob)
		}
	}
	return blobs
}

func resultBlobs(ports map[string]storedPort, ledger json.RawMessage, load func(spec.Digest) ([]byte, error)) (blobs []spec.Digest, err error) {
	if len(ledger) > 0 {
		var d spec.Digest
		if err := json.Unmarshal(ledger, &d); err != nil {
			return nil, fmt.Errorf("a stored result names no ledger: %w", err)
		}
		blobs = append(blobs, d)
	}
	for _, p := range ports {
		for _, f := range p.Files {
			blobs = append(blobs, f.Digest)
		}
		if !p.Deltas.IsZero() {
			blobs = appendTable(blobs, p.Deltas, load)
		}
	}
	return blobs, nil
}

// appendTable adds a list of deltas and the columns that it names.
func appendTable(blobs []spec.Digest, table spec.Digest, load func(spec.Digest) ([]byte, error)) []spec.Digest {
	blobs = append(blobs, table)
	b, err := load(table)
	if err != nil {
		return blobs
	}
	var list []namedDelta
	if json.Unmarshal(b, &list) != nil {
		return blobs
	}
	for i := range list {
		blobs = list[i].appendBlobs(blobs)
	}
	return blobs
}

// Beside lists the columns of a stored entry that stand beside one that has picks: where a chunk's ids hold a row, all of its
// columns do. Load is that of Inventory.
func Beside(payload []byte, load func(spec.Digest) ([]byte, error), has func(spec.Digest) bool) (blobs []spec.Digest) {
	var e struct {
		Ports map[string]storedPort
		Out   map[string]namedDelta
	}
	if json.Unmarshal(payload, &e) != nil {
		return nil
	}
	add := func(d namedDelta) {
		if columns := d.appendBlobs(nil); slices.ContainsFunc(columns, has) {
			blobs = append(blobs, columns...)
		}
	}
	for _, d := range e.Out {
		add(d)
	}
	for _, p := range e.Ports {
		var list []namedDelta
		if b, err := load(p.Deltas); p.Deltas.IsZero() || err != nil || json.Unmarshal(b, &list) != nil {
			continue
		}
		for _, d := range list {
			add(d)
		}
	}
	return blobs
}
