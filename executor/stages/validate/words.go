package validate

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/prefab-build/prefab/executor/methods/interval"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stage/prompts"
	"github.com/prefab-build/prefab/spec"
)

// words measures what the words of the responses tell of the label.
func (f *finish) words(ctx context.Context, all *stage.Mapped, chunks []chunkResult) error {
	if n := len(f.records); n < fewestPairs {
		f.task.Metric(spec.Unavailable("word_separability", fmt.Sprintf("%d pairs are too few to tell: %d are needed", n, fewestPairs)))
		return nil
	}
	pairs, err := f.contrasts(ctx, all, chunks)
	if err != nil {
		return err
	}
	if len(pairs) < fewestPairs {
		f.task.Metric(spec.Unavailable("word_separability", "nearly all pairs are of one prompt, and have more words than are looked at"))
		return nil
	}
	keys, credits := make([]string, len(pairs)), make([]float64, len(pairs))
	l := newLexicon(pairs)
	for i := range pairs {
		keys[i], credits[i] = string(pairs[i].group[:]), l.credit(&pairs[i])
	}
	method := fmt.Sprintf("naive Bayes on words, cross-fitted over %d folds of prompt groups, ", folds)
	if len(pairs) < len(f.records) {
		method += fmt.Sprintf("on a sample of %d pairs, ", len(pairs))
	}
	f.task.Metric(metric("word_separability", method, interval.NewSample(keys, credits).Normal(interval.Confidence)))
	return nil
}

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
	// sampleWords bounds the words that are looked at, and with them time and memory (4 bytes each). With responses of a
	// hundred words they are 50,000 pairs, which tell the share to half a percent. A short pair counts as one of leastWords.
	sampleWords = 10e6
	leastWords  = 100
)

// A contrast is what tells the responses of a pair apart.
type contrast struct {
	group            prompts.Key
	chosen, rejected []uint32 // the buckets of the words that one has and the other lacks
}

func (c *contrast) fold() int { return int(binary.LittleEndian.Uint64(c.group[:]) % folds) }

// newLexicon fits a lexicon on pairs.
func newLexicon(pairs []contrast) *lexicon {
	var l lexicon
	for f := range folds {
		l.won[f], l.lost[f] = make([]int32, 1<<bucketBits), make([]int32, 1<<bucketBits)
		l.weight[f] = make([]float64, 1<<bucketBits)
	}
	for i := range pairs {
		won, lost := l.won[pairs[i].fold()], l.lost[pairs[i].fold()]
		for _, bucket := range pairs[i].chosen {
			won[bucket]++
		}
		for _, bucket := range pairs[i].rejected {
			lost[bucket]++
		}
	}
	l.fit()
	return &l
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

// credit is 1 where the words decide for the chosen response, 1/2 where they do not decide, and 0.
func (l *lexicon) credit(pair *contrast) float64 {
	weight, score := l.weight[pair.fold()], 0.0
	for _, bucket := range pair.chosen {
		score += weight[bucket]
	}
	for _, bucket := range pair.rejected {
		score -= weight[bucket]
	}
	switch {
	case score > 0:
		return 1
	case score < 0:
		return 0
	}
	return 0.5
}
