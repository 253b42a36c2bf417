package resolve

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

type mapper struct{}

// A hash stands for a text. Half of a SHA-256 is enough to tell texts apart that nobody forged.
type hash [16]byte

// A vote is what Finish must know of one row.
type vote struct {
	id             spec.Digest
	item, prompt   hash
	shownA, shownB hash // the responses
	worker         hash // zero is nobody
	label          byte // a, b or t
}

const voteSize = 32 + 5*16 + 1

func (v *vote) append(b []byte) []byte {
	b = append(b, v.id[:]...)
	for _, h := range []*hash{&v.item, &v.prompt, &v.shownA, &v.shownB, &v.worker} {
		b = append(b, h[:]...)
	}
	return append(b, v.label)
}

var errPartial = errors.New("resolve: what was kept of a chunk cannot be read")

func parseVotes(b []byte) ([]vote, error) {
	if len(b)%voteSize != 0 {
		return nil, errPartial
	}
	list := make([]vote, 0, len(b)/voteSize)
	for ; len(b) > 0; b = b[voteSize:] {
		var v vote
		at := copy(v.id[:], b)
		for _, h := range []*hash{&v.item, &v.prompt, &v.shownA, &v.shownB, &v.worker} {
			at += copy(h[:], b[at:])
		}
		v.label = b[at]
		list = append(list, v)
	}
	return list, nil
}

func hashText(b []byte) hash {
	sum := sha256.Sum256(b)
	return hash(sum[:16])
}

// hashMessages hashes a list of messages, each string framed by its length.
func hashMessages(m dataset.Messages, row int, buf []byte) (hash, []byte) {
	buf = buf[:0]
	for i := range m.Len(row) {
		for _, s := range []string{m.Role(row, i), m.Content(row, i)} {
			buf = binary.AppendUvarint(buf, uint64(len(s)))
			buf = append(buf, s...)
		}
	}
	return hashText(buf), buf
}

// Prepare has nothing to do: chunks share nothing.
func (mapper) Prepare(context.Context, *stage.Task) (stage.State, error) { return nil, nil }

// MapChunk reduces votes to hashes.
func (mapper) MapChunk(_ context.Context, _ *stage.Task, _ stage.State, in stage.Chunk) (*stage.Delta, error) {
	ids, items, workers, labels := in.IDs(), in.Strings("item"), in.Strings("worker"), in.Strings("label")
	prompts, a, b := in.Messages("prompt"), in.Messages("response_a"), in.Messages("response_b")
	out := make([]byte, 0, in.Rows*voteSize)
	var buf []byte
	for r := range in.Rows {
		v := vote{id: ids.Digest(r), item: hashText([]byte(items.At(r))), label: labels.At(r)[0]}
		if !workers.Null(r) {
			v.worker = hashText([]byte(workers.At(r)))
		}
		v.prompt, buf = hashMessages(prompts, r, buf)
		v.shownA, buf = hashMessages(a, r, buf)
		v.shownB, buf = hashMessages(b, r, buf)
		out = v.append(out)
	}
	return &stage.Delta{Partial: out}, nil
}
