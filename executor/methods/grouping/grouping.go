// Package grouping finds the rows that belong together: rows with similar prompts, chains included, and rows that the
// data says are of one group, such as the turns of a conversation. It is for whoever must not tear them apart (splits and
// folds) or not count them twice (intervals, counts of prompts).
package grouping

import (
	"context"
	"strings"

	"github.com/prefab-build/prefab/executor/methods/cluster"
	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/text"
)

// Version names the behaviour of this package and of those that it stands on in cache keys.
const Version = "grouping/1 " + simjoin.Version + " " + text.Version

// Similarity and Shingle are what prompts are compared by unless a spec says otherwise: Jaccard index of the character
// shingles of the normal form.
const (
	Similarity = 0.7
	Shingle    = 5
)

// A Builder takes rows one after another. It keeps no text.
type Builder struct {
	exact    bool
	shingle  int
	sets     *simjoin.Builder
	groups   []int
	byName   map[string]int
	shingles []uint64
}

// New returns a builder that compares prompts by their character shingles of the given length.
func New(shingle int) *Builder {
	return &Builder{shingle: shingle, sets: simjoin.NewBuilder(), byName: map[string]int{}}
}

// NewExact returns a builder to which prompts are similar when their normal forms are equal.
func NewExact() *Builder {
	b := New(0)
	b.exact = true
	return b
}

// Watch has the comparison of the prompts told of: how many of the distinct ones are done. It comes from several
// goroutines.
func (b *Builder) Watch(progress func(done, total int)) { b.sets.Watch(progress) }

// Add takes the next row: its prompt, and its group, empty for none.
func (b *Builder) Add(prompt, group string) {
	b.shingles = b.Set(b.shingles, prompt)
	b.AddSet(b.shingles, group)
}

// Set overwrites dst with the set that prompts are compared by. Most of the time of adding rows goes into it, and it may
// be called from several goroutines, for AddSet.
func (b *Builder) Set(dst []uint64, prompt string) []uint64 {
	if b.exact {
		return append(dst[:0], text.HashToken(text.Normalize(prompt)))
	}
	return text.Form{}.AppendCharShingles(dst, prompt, b.shingle)
}

// AddSet is Add of a row whose prompt has that set.
func (b *Builder) AddSet(set []uint64, group string) {
	at := -1
	if group != "" {
		var ok bool
		if at, ok = b.byName[group]; !ok {
			at = len(b.byName)
			b.byName[strings.Clone(group)] = at
		}
	}
	b.groups = append(b.groups, at)
	b.sets.Add(set)
}

// Rows ends the adding and returns what was added. The builder is used up.
func (b *Builder) Rows() *Rows { return &Rows{Sets: b.sets.Collection(), Named: b.groups} }

// Rows are the rows of a Builder, in the order in which they came.
type Rows struct {
	Sets  *simjoin.Collection
	Named []int // the group that the data gave, numbered from 0; -1 for none
}

// Groups returns the group of each row, numbered from 0 in the order of their first rows. With a similarity of 0
// prompts do not count.
func (r *Rows) Groups(ctx context.Context, similarity float64) ([]int, error) {
	forest := cluster.New(len(r.Named))
	if similarity > 0 {
		tau, err := simjoin.Decimal(similarity)
		if err != nil {
			return nil, err
		}
		labels, err := r.Sets.Clusters(ctx, tau, 0)
		if err != nil {
			return nil, err
		}
		for row, first := range labels {
			forest.Union(row, first)
		}
	}
	first := map[int]int{}
	for row, g := range r.Named {
		if g < 0 {
			continue
		}
		if at, ok := first[g]; ok {
			forest.Union(row, at)
		} else {
			first[g] = row
		}
	}
	return cluster.Dense(forest.Labels()), nil
}
