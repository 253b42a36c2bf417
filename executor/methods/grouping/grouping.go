// Package grouping finds the rows that belong together: rows with similar prompts, chains included, and rows that the
// data says are of one group, such as the turns of a conversation. It is for whoever must not tear them apart (splits and
// folds) or not count them twice (intervals, counts of prompts). Which prompts are similar it is told.
package grouping

import (
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

// Names numbers the groups that the data gives. The zero Names is ready.
type Names struct {
	byName map[string]int
	rows   []int
}

// Add takes the group of the next row, empty for none.
func (n *Names) Add(group string) {
	at := -1
	if group != "" {
		var ok bool
		if at, ok = n.byName[group]; !ok {
			if n.byName == nil {
				n.byName = map[string]int{}
			}
			at = len(n.byName)
			n.byName[strings.Clone(group)] = at
		}
	}
	n.rows = append(n.rows, at)
}

// Rows returns the group of each row, numbered from 0 in the order in which they came; -1 for none.
func (n *Names) Rows() []int { return n.rows }

// Rows returns the group of each row, numbered from 0 in the order of their first rows: rows whose prompts are of one
// group, by alike, and rows of one named group are together. Without alike only names count.
func Rows[G comparable](named []int, alike []G) []int {
	forest := cluster.New(len(named))
	if alike != nil {
		join(forest, alike, func(G) bool { return true })
	}
	join(forest, named, func(g int) bool { return g >= 0 })
	return cluster.Dense(forest.Labels())
}

// join puts the rows of equal groups together.
func join[G comparable](forest *cluster.Forest, groups []G, counts func(G) bool) {
	first := map[G]int{}
	for row, g := range groups {
		if !counts(g) {
			continue
		}
		if at, ok := first[g]; ok {
			forest.Union(row, at)
		} else {
			first[g] = row
		}
	}
}
