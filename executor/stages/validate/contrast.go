package validate

import (
	"context"
	"encoding/binary"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stage/prompts"
)

// A sample says whose words are looked at: all rows of a prompt or none, by the first bytes of the prompt's hash.
type sample [1 << 16]bool

func place(r *record) int { return int(binary.BigEndian.Uint16(r.prompt[:])) }

// newSample takes rows whose responses have at most so many words together. Prompts with more are passed over.
func newSample(records []record, words int) *sample {
	var sizes [len(sample{})]int
	for i := range records {
		r := &records[i]
		sizes[place(r)] += int(max(r.words[1]+r.words[2], leastWords))
	}
	var s sample
	for i, n := range sizes {
		if n <= words {
			words -= n
			s[i] = true
		}
	}
	return &s
}

// contrasts compares the words of the responses of the rows in a sample, chunks in parallel.
func (f *finish) contrasts(ctx context.Context, all *stage.Mapped, byChunk [][]record, s *sample) ([]contrast, error) {
	table := f.task.Table("pairs")
	lists := make([][]contrast, len(byChunk))
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, records := range byChunk {
		if len(records) == 0 {
			continue
		}
		group.Go(func() error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			c, err := table.Chunk(i, "chosen", "rejected")
			if err != nil {
				return err
			}
			reader := newContrastReader(c)
			for k, row := range all.Deltas[i].Out["pairs"].Keep.Rows() {
				if s[place(&records[k])] {
					lists[i] = append(lists[i], reader.read(int(row), f.group(&records[k])))
				}
			}
			f.task.Progress(done.Add(int64(c.Rows)), table.Rows, "rows looked at for words")
			return nil
		})
	}
	err := group.Wait()
	return slices.Concat(lists...), err
}

// A contrastReader compares words of one chunk.
type contrastReader struct {
	chosen, rejected dataset.Messages
	a, b             []uint64 // room
	only             []uint32
}

func newContrastReader(c dataset.Chunk) *contrastReader {
	return &contrastReader{chosen: c.Messages("chosen"), rejected: c.Messages("rejected")}
}

func (r *contrastReader) read(row int, group prompts.Key) contrast {
	c := contrast{group: group}
	r.a, r.b = wordsOf(r.a, r.chosen, row), wordsOf(r.b, r.rejected, row)
	r.only = without(r.only[:0], r.a, r.b)
	c.chosen = slices.Clone(r.only)
	r.only = without(r.only[:0], r.b, r.a)
	c.rejected = slices.Clone(r.only)
	return c
}

// wordsOf returns the distinct words of a text as sorted hashes.
func wordsOf(into []uint64, m dataset.Messages, row int) []uint64 {
	into = text.AppendHashes(into[:0], m.Text(row))
	slices.Sort(into)
	return slices.Compact(into)
}

// without appends the buckets of what a has and b lacks, both sorted.
func without(into []uint32, a, b []uint64) []uint32 {
	for _, h := range a {
		for len(b) > 0 && b[0] < h {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != h {
			into = append(into, uint32(h>>(64-bucketBits)))
		}
	}
	return into
}
