package deduplicate

import (
	"bytes"
	"context"
	"fmt"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

type mapper struct{}

// half is the first half of a SHA-256: 128 bits, so that among a billion texts two unequal ones meet with a probability
// below 10^-20.
type half [16]byte

// A record is what Finish knows of a row without reading it again.
type record struct {
	id                       spec.Digest
	prompt, chosen, rejected half // of the normal forms
	size                     uint32
	chunk, row               int32
}

// recordSize is the size of a record in a partial; chunk and row are not in it.
const recordSize = 32 + 3*16 + 4

// Prepare does nothing: chunks share the config alone.
func (mapper) Prepare(context.Context, *stage.Task) (stage.State, error) { return nil, nil }

// MapChunk hashes the texts of a chunk. All rows go on as far as it can tell.
func (mapper) MapChunk(_ context.Context, _ *stage.Task, _ stage.State, in stage.Chunk) (*stage.Delta, error) {
	ids := in.IDs()
	texts := [3]dataset.Messages{in.Messages("prompt"), in.Messages("chosen"), in.Messages("rejected")}
	b := make([]byte, 0, in.Rows*recordSize)
	for row := range in.Rows {
		id := ids.Digest(row)
		b = append(b, id[:]...)
		size := 0
		for _, m := range texts {
			s := m.Text(row)
			h := text.Hash(s)
			b = append(b, h[:16]...)
			size += len(s)
		}
		b = append(b, byte(size), byte(size>>8), byte(size>>16), byte(size>>24))
	}
	return &stage.Delta{
		Out:     map[string]*stage.PortDelta{"pairs": {Keep: dataset.All(in.Rows)}},
		Partial: b,
	}, nil
}

// appendRecords reads what MapChunk wrote of one chunk.
func appendRecords(list []record, chunk int, b []byte) ([]record, error) {
	if len(b)%recordSize != 0 {
		return nil, fmt.Errorf("the result of chunk %d has %d bytes, which is no number of rows", chunk, len(b))
	}
	for row := int32(0); len(b) > 0; row++ {
		r := record{chunk: int32(chunk), row: row}
		r.id = spec.Digest(b[:32])
		r.prompt, r.chosen, r.rejected = half(b[32:48]), half(b[48:64]), half(b[64:80])
		r.size = uint32(b[80]) | uint32(b[81])<<8 | uint32(b[82])<<16 | uint32(b[83])<<24
		list = append(list, r)
		b = b[recordSize:]
	}
	return list, nil
}

// A pairKey names a prompt and two responses, whichever is the chosen one.
type pairKey struct{ prompt, first, second half }

// unordered returns the key of a row, and whether its chosen response is the key's first.
func (r *record) unordered() (k pairKey, chosenFirst bool) {
	if bytes.Compare(r.chosen[:], r.rejected[:]) <= 0 {
		return pairKey{r.prompt, r.chosen, r.rejected}, true
	}
	return pairKey{r.prompt, r.rejected, r.chosen}, false
}

// exact returns the key by which rows are equal.
func (r *record) exact(scope string) pairKey {
	if scope == scopePrompt {
		return pairKey{prompt: r.prompt}
	}
	return pairKey{r.prompt, r.chosen, r.rejected}
}
