package validate

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
)

// A sample says whose words are looked at: all rows of a prompt or none, by the first bytes of the prompt's hash.
type sample [places]bool

const (
	places = 1 << 16
	// kept is how many places have their contrasts in the results of the chunks: of a large table all that are sampled, so
	// that an edit need not read the table again. They are 2 % of what a table takes in the store.
	kept = places / 16
)

func place(r *record) int { return int(binary.BigEndian.Uint16(r.prompt[:])) }

// newSample takes rows whose responses have at most so many words together, from the first places on and, where that can
// be, at least nine tenths of so many. Prompts with more than is left are passed over. Beyond is whether rows were taken
// whose contrasts are not kept.
func newSample(records []record, words int) (s *sample, beyond bool) {
	var sizes [places]int
	for i := range records {
		r := &records[i]
		sizes[place(r)] += int(max(r.words[1]+r.words[2], leastWords))
	}
	s = new(sample)
	least := words / 10
	for i, n := range sizes {
		if n > 0 && n <= words {
			words -= n
			s[i] = true
			beyond = beyond || i >= kept
		}
		if words <= least {
			break
		}
	}
	return s, beyond
}

// contrasts compares the words of the responses of the rows in a sample.
func (f *finish) contrasts(ctx context.Context, all *stage.Mapped, chunks []chunkResult) ([]contrast, error) {
	s, beyond := newSample(f.records, f.sampleWords)
	if beyond {
		return f.readContrasts(ctx, all, chunks, s)
	}
	var list []contrast
	for i := range chunks {
		rest := chunks[i].contrasts
		for k := range chunks[i].records {
			r := &chunks[i].records[k]
			if place(r) >= kept {
				continue
			}
			c := contrast{group: f.group(r)}
			var err error
			if rest, err = c.decode(rest); err != nil {
				return nil, fmt.Errorf("the result of chunk %d: %w", i, err)
			}
			if s[place(r)] {
				list = append(list, c)
			}
		}
	}
	return list, nil
}

// readContrasts reads the responses of a table again, chunks in parallel.
func (f *finish) readContrasts(ctx context.Context, all *stage.Mapped, chunks []chunkResult, s *sample) ([]contrast, error) {
	table := f.task.Table("pairs")
	lists := make([][]contrast, len(chunks))
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range chunks {
		records := chunks[i].records
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
			reader := contrastReader{chosen: c.Messages("chosen"), rejected: c.Messages("rejected")}
			for k, row := range all.Deltas[i].Out["pairs"].Keep.Rows() {
				if s[place(&records[k])] {
					read := reader.read(int(row))
					lists[i] = append(lists[i], contrast{f.group(&records[k]), slices.Clone(read.chosen), slices.Clone(read.rejected)})
				}
			}
			f.task.Progress(done.Add(int64(c.Rows)), table.Rows, "rows looked at for words")
			return nil
		})
	}
	err := group.Wait()
	return slices.Concat(lists...), err
}

// append writes the buckets, each as its distance from the one before.
func (c *contrast) append(b []byte) []byte {
	for _, side := range [][]uint32{c.chosen, c.rejected} {
		b = binary.AppendUvarint(b, uint64(len(side)))
		last := uint32(0)
		for _, bucket := range side {
			b = binary.AppendUvarint(b, uint64(bucket-last))
			last = bucket
		}
	}
	return b
}

// decode reads what append wrote, and returns what follows it.
func (c *contrast) decode(b []byte) (rest []byte, err error) {
	next := func() (x uint64) {
		x, n := binary.Uvarint(b)
		if n <= 0 {
			err, n = errCutOff, len(b)
		}
		b = b[n:]
		return x
	}
	for _, side := range []*[]uint32{&c.chosen, &c.rejected} {
		n := next()
		if n > uint64(len(b)) {
			return nil, errCutOff
		}
		*side = make([]uint32, n)
		last := uint64(0)
		for i := range *side {
			if last += next(); last >= 1<<bucketBits {
				return nil, errCutOff
			}
			(*side)[i] = uint32(last)
		}
	}
	return b, err
}

// A contrastReader compares words of one chunk.
type contrastReader struct {
	chosen, rejected dataset.Messages
	a, b             []uint64 // room
	result           contrast
}

// read returns what tells the responses of a row apart. It is good until the next.
func (r *contrastReader) read(row int) *contrast {
	r.a, r.b = wordsOf(r.a, r.chosen, row), wordsOf(r.b, r.rejected, row)
	r.result.chosen = without(r.result.chosen[:0], r.a, r.b)
	r.result.rejected = without(r.result.rejected[:0], r.b, r.a)
	return &r.result
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
