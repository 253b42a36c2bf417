package prompts

import (
	"context"

	"github.com/prefab-build/prefab/executor/methods/cluster"
	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
)

// A join finds the groups of its prompts.
type join struct {
	Groups
	task    *stage.Task
	tau     simjoin.Ratio
	shingle int
	src     Source

	forest *cluster.Forest // of the prompts
	fresh  []bool          // of which nothing is known; nil: of all
	left   int             // how many those are

	sets    *simjoin.Builder
	members []uint32 // the prompts of the sets
	known   []int    // for each set, one that is known to be in its group
}

// from groups the prompts, where old, if not nil, holds groups of similar ones.
//
// Whether two prompts are similar depends on nothing else. So of an old group that is still whole nothing has to be found
// again; one that has lost a prompt may have lost what held it together, and its rest counts as new. What is left to find
// is which prompts are similar to a new one.
func (j *join) from(ctx context.Context, old *Groups) error {
	j.forest = cluster.New(len(j.keys))
	j.sets = simjoin.NewBuilder()
	j.sets.Watch(func(done, total int) { j.task.Progress(int64(done), int64(total), "prompts compared") })
	if old != nil {
		j.inherit(old)
	}
	var err error
	switch {
	case j.fresh == nil:
		err = j.all(ctx)
	case j.left > 0:
		err = j.some(ctx)
	}
	if err != nil {
		return err
	}
	j.lowest = make([]uint32, len(j.keys))
	for i := range j.lowest {
		j.lowest[i] = uint32(j.forest.Find(i))
	}
	j.forest, j.fresh, j.sets, j.members, j.known = nil, nil, nil, nil, nil
	return nil
}

// inherit takes over the old groups that are whole, unless that would be less than half of the work.
func (j *join) inherit(old *Groups) {
	place := make([]int, len(old.keys)) // among the new keys, or -1
	broken := make([]bool, len(old.keys))
	for i, at := range places(old.keys, j.keys) {
		if place[i] = at; at < 0 {
			broken[old.lowest[i]] = true
		}
	}
	fresh, left := make([]bool, len(j.keys)), len(j.keys)
	for i := range fresh {
		fresh[i] = true
	}
	for i, at := range place {
		if !broken[old.lowest[i]] {
			fresh[at] = false
			left--
		}
	}
	if 2*left > len(j.keys) {
		return
	}
	for i, at := range place {
		if !broken[old.lowest[i]] {
			j.forest.Union(at, place[old.lowest[i]])
		}
	}
	j.fresh, j.left = fresh, left
}

// places returns where each of some ascending keys is among others, -1 where it is not.
func places(keys, among []Key) []int {
	at := make([]int, len(keys))
	for i, n := 0, 0; i < len(keys); i++ {
		for n < len(among) && string(among[n][:]) < string(keys[i][:]) {
			n++
		}
		if at[i] = -1; n < len(among) && among[n] == keys[i] {
			at[i] = n
		}
	}
	return at
}

// all compares every prompt with every other.
func (j *join) all(ctx context.Context) error {
	if err := j.read(ctx, func(int) bool { return true }, j.add); err != nil {
		return err
	}
	labels, err := j.sets.Collection().Clusters(ctx, j.tau, 0)
	j.unite(labels)
	return err
}

// some compares the new prompts with all. A prompt can be similar to a new one only if the share tau of its own shingles
// occurs in new ones, so few others need to be compared.
func (j *join) some(ctx context.Context) error {
	seen := simjoin.NewFilter(j.left)
	err := j.read(ctx, func(prompt int) bool { return j.fresh[prompt] }, func(prompt int, set []uint64) {
		seen.Add(set)
		j.add(prompt, set)
	})
	if err != nil {
		return err
	}
	err = j.read(ctx, func(prompt int) bool { return !j.fresh[prompt] }, func(prompt int, set []uint64) {
		if j.tau.Reached(seen.Count(set), len(set)) {
			j.add(prompt, set)
		}
	})
	if err != nil {
		return err
	}
	first := make(map[int]int, len(j.members)) // group -> set
	for set, prompt := range j.members {
		group := j.forest.Find(int(prompt))
		if _, ok := first[group]; !ok {
			first[group] = set
		}
		j.known = append(j.known, first[group])
	}
	labels, err := j.sets.Collection().Extend(ctx, j.tau, j.known, func(set int) bool { return j.fresh[j.members[set]] }, 0)
	j.unite(labels)
	return err
}

func (j *join) add(prompt int, set []uint64) {
	j.sets.Add(set)
	j.members = append(j.members, uint32(prompt))
}

// unite joins the prompts whose sets have a common label.
func (j *join) unite(labels []int) {
	for set, label := range labels {
		j.forest.Union(int(j.members[set]), int(j.members[label]))
	}
}

// read calls do with the set of every prompt that is wanted, once each.
func (j *join) read(ctx context.Context, wanted func(prompt int) bool, do func(prompt int, set []uint64)) error {
	type read struct {
		prompts []int
		sets    simjoin.Sets
	}
	taken := make([]bool, len(j.keys))
	done, chunk := 0, 0
	for r, err := range stage.Ahead(ctx, len(j.src.Keys), func(i int) (*read, error) {
		var r read
		var texts func(k int) string
		for k, key := range j.src.Keys[i] {
			prompt := j.index(key)
			if !wanted(prompt) {
				continue
			}
			if texts == nil {
				var err error
				if texts, err = j.src.Load(i); err != nil {
					return nil, err
				}
			}
			r.prompts = append(r.prompts, prompt)
			r.sets.Append(func(dst []uint64) []uint64 { return text.N1.AppendCharShingles(dst, texts(k), j.shingle) })
		}
		return &r, nil
	}) {
		if err != nil {
			return err
		}
		for i, prompt := range r.prompts {
			if !taken[prompt] {
				taken[prompt] = true
				do(prompt, r.sets.At(i))
			}
		}
		done += len(j.src.Keys[chunk])
		chunk++
		j.task.Progress(int64(done), int64(rows(j.src.Keys)), "prompts read")
	}
	return nil
}

func rows(chunks [][]Key) (n int) {
	for _, list := range chunks {
		n += len(list)
	}
	return n
}
