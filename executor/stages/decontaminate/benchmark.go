package decontaminate

import (
	"context"
	"strings"

	"github.com/prefab-build/prefab/executor/methods/ngram"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// state is what all chunks share: the index, and how its items are called.
type state struct {
	index *ngram.Index
	names [][]string // of the items, by benchmark
	allow allowed
	short []unscorable
}

// unscorable counts the items of a benchmark that cannot be scored, and names some of them.
type unscorable struct {
	Count int64    `json:"count"`
	Some  []string `json:"some,omitempty"`
}

// someNames is how many unscorable items a report lists for each benchmark.
const someNames = 20

// Prepare indexes the benchmarks. Items are numbered in the order of their ids, so that neither the numbers nor the choice
// among equal matches depends on the order of a benchmark's file.
func (mapper) Prepare(ctx context.Context, t *stage.Task) (stage.State, error) {
	var c config
	if err := t.Config(&c); err != nil {
		return nil, err
	}
	s := &state{allow: newAllowed(c.Allow)}
	var benchmarks []ngram.Benchmark
	for number, m := range t.Members("against") {
		var b ngram.Benchmark
		var names []string
		for rows, err := range m.Table.ByID(ctx) {
			if err != nil {
				return nil, err
			}
			question, passage, answer := rows.Strings("question"), rows.Strings("passage"), rows.Strings("answer")
			name, ids := rows.Strings("name"), rows.IDs()
			for r := range rows.Rows {
				// The strings outlive the chunk in the index's vocabulary only as far as it copies them.
				b.Items = append(b.Items, ngram.Item{Question: question.At(r), Passage: passage.At(r), Answer: answer.At(r)})
				id := ids.Digest(r)
				called := strings.Clone(name.At(r))
				if called == "" {
					called = id.Short()
				}
				s.allow.item(ngram.Ref{Benchmark: number, Item: len(names)}, called, id)
				names = append(names, called)
			}
		}
		benchmarks = append(benchmarks, b)
		s.names = append(s.names, names)
	}
	var err error
	if s.index, err = ngram.NewIndex(benchmarks, c.settings()); err != nil {
		return nil, err
	}
	for number, names := range s.names {
		list := s.index.UnscorableItems(number)
		u := unscorable{Count: int64(len(list))}
		for _, i := range list[:min(len(list), someNames)] {
			u.Some = append(u.Some, names[i])
		}
		s.short = append(s.short, u)
	}
	return s, nil
}

// allowed looks up the allowances.
type allowed struct {
	list  []allowance
	items map[itemKey]int // allowance by item
}

type itemKey struct{ benchmark, item int }

func newAllowed(list []allowance) allowed { return allowed{list: list, items: map[itemKey]int{}} }

// item notes which allowance, if any, lets an item pass.
func (a *allowed) item(ref ngram.Ref, name string, id spec.Digest) {
	for i, e := range a.list {
		if e.ID == name || isID(e.ID) && strings.HasPrefix(id.String(), e.ID) {
			a.items[itemKey{ref.Benchmark, ref.Item}] = i
			return
		}
	}
}

// match returns the allowance that lets a match pass: all of the items that hold the matched words must be allowed.
func (a *allowed) match(refs []ngram.Ref) (allowance int, ok bool) {
	if len(a.items) == 0 {
		return 0, false
	}
	allowance = -1
	for _, ref := range refs {
		i, ok := a.items[itemKey{ref.Benchmark, ref.Item}]
		if !ok {
			return 0, false
		}
		if allowance < 0 {
			allowance = i
		}
	}
	return allowance, allowance >= 0
}

// row returns the allowance that lets a row pass.
func (a *allowed) row(id []byte) (allowance int, ok bool) {
	if id == nil || len(a.list) == 0 {
		return 0, false
	}
	text := spec.Digest(id).String()
	for i, e := range a.list {
		if isID(e.ID) && strings.HasPrefix(text, e.ID) {
			return i, true
		}
	}
	return 0, false
}
