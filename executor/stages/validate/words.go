package validate

import (
	"context"
	"encoding/binary"
	"math"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stage/prompts"
)

// A lexicon tells chosen from rejected responses by their words alone: naive Bayes on the words that one response of a pair
// has and the other lacks. It never sees a prompt, so what it decides rightly could be decided without reading one.
//
// It is fitted on four fifths of the prompt groups and asked about the last fifth, five times over, and made of counts, so
// that the order of rows and threads does not show.
type lexicon struct {
	won, lost [folds][]int32 // by fold and bucket: pairs whose chosen, or whose rejected, response alone has the word
	weight    [folds][]float64
}

const (
	folds = 5
	// bucketBits: a quarter of a million buckets hold the words of real data with few collisions, in 20 MB.
	bucketBits = 18
	// fewestPairs is the number of pairs under which the answer would be noise.
	fewestPairs = 50
)

// wordCredits returns for each record 1 where the words decide rightly, 1/2 where they do not decide, and 0.
func wordCredits(ctx context.Context, t *stage.Task, all *stage.Mapped, byChunk [][]record, groups *prompts.Groups) ([][]float64, error) {
	var l lexicon
	for f := range folds {
		l.won[f], l.lost[f] = make([]int32, 1<<bucketBits), make([]int32, 1<<bucketBits)
		l.weight[f] = make([]float64, 1<<bucketBits)
	}
	fold := func(r *record) int {
		group := groups.Of(prompts.Key(r.prompt))
		return int(binary.LittleEndian.Uint64(group[:]) % folds)
	}
	err := eachPair(ctx, t, all, byChunk, "rows fitted", func(chunk, k int, chosen, rejected []uint64) {
		f := fold(&byChunk[chunk][k])
		for _, h := range chosen {
			atomic.AddInt32(&l.won[f][h>>(64-bucketBits)], 1)
		}
		for _, h := range rejected {
			atomic.AddInt32(&l.lost[f][h>>(64-bucketBits)], 1)
		}
	})
	if err != nil {
		return nil, err
	}
	l.fit()
	credits := make([][]float64, len(byChunk))
	for i, list := range byChunk {
		credits[i] = make([]float64, len(list))
	}
	err = eachPair(ctx, t, all, byChunk, "rows tried", func(chunk, k int, chosen, rejected []uint64) {
		credits[chunk][k] = credit(l.score(fold(&byChunk[chunk][k]), chosen, rejected))
	})
	return credits, err
}

// fit makes the weights for each fold from the counts of the others: log-odds, smoothed by one pair each way.
func (l *lexicon) fit() {
	for bucket := range l.weight[0] {
		var won, lost int32
		for f := range folds {
			won += l.won[f][bucket]
			lost += l.lost[f][bucket]
		}
		for f := range folds {
			w, n := won-l.won[f][bucket], lost-l.lost[f][bucket]
			if w != n {
				l.weight[f][bucket] = math.Log(float64(w+1) / float64(n+1))
			}
		}
	}
}

func (l *lexicon) score(fold int, chosen, rejected []uint64) (x float64) {
	for _, h := range chosen {
		x += l.weight[fold][h>>(64-bucketBits)]
	}
	for _, h := range rejected {
		x -= l.weight[fold][h>>(64-bucketBits)]
	}
	return x
}

func credit(score float64) float64 {
	switch {
	case score > 0:
		return 1
	case score < 0:
		return 0
	}
	return 0.5
}

// eachPair reads the responses that go out, chunks in parallel and in any order, and calls do with the words of either
// response that the other lacks.
func eachPair(ctx context.Context, t *stage.Task, all *stage.Mapped, byChunk [][]record, unit string, do func(chunk, k int, chosen, rejected []uint64)) error {
	table := t.Table("pairs")
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range byChunk {
		if len(byChunk[i]) == 0 {
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
			chosen, rejected := c.Messages("chosen"), c.Messages("rejected")
			var a, b, onlyA, onlyB []uint64
			for k, row := range all.Deltas[i].Out["pairs"].Keep.Rows() {
				a, b = wordsOf(a, chosen, int(row)), wordsOf(b, rejected, int(row))
				onlyA, onlyB = without(onlyA[:0], a, b), without(onlyB[:0], b, a)
				do(i, k, onlyA, onlyB)
			}
			t.Progress(done.Add(int64(c.Rows)), table.Rows, unit)
			return nil
		})
	}
	return group.Wait()
}

// wordsOf returns the distinct words of a text as sorted hashes.
func wordsOf(into []uint64, m dataset.Messages, row int) []uint64 {
	into = text.AppendHashes(into[:0], m.Text(row))
	slices.Sort(into)
	return slices.Compact(into)
}

// without appends what a has and b lacks, both sorted.
func without(into, a, b []uint64) []uint64 {
	for _, h := range a {
		for len(b) > 0 && b[0] < h {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != h {
			into = append(into, h)
		}
	}
	return into
}
