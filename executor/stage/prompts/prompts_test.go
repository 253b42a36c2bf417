package prompts

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/synthetic/bulk"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// A host keeps results in memory and has nothing else.
type host struct {
	stage.Host
	kept map[string]kept
}

func (h *host) Progress(int64, int64, string) {}

func (h *host) Shared(work ...string) stage.Shared {
	name := fmt.Sprint(work)
	if h.kept[name] == nil {
		h.kept[name] = kept{}
	}
	return h.kept[name]
}

type kept map[spec.Digest][2][]byte

func (m kept) Inputs() (list []spec.Digest) {
	for d := range m {
		list = append(list, d)
	}
	return list
}

func (m kept) Head(in spec.Digest) ([]byte, bool) { e, ok := m[in]; return e[0], ok }

func (m kept) Get(_ context.Context, in spec.Digest) ([]byte, bool) { e, ok := m[in]; return e[1], ok }

func (m kept) Put(_ context.Context, in spec.Digest, head, result []byte) error {
	if have, ok := m[in]; ok && !slices.Equal(have[1], result) {
		return fmt.Errorf("two results for one set of prompts")
	}
	m[in] = [2][]byte{head, result}
	return nil
}

func (m kept) Lock(context.Context, spec.Digest) (func(), error) { return func() {}, nil }

func newTask() *stage.Task { return stage.NewTask(&host{kept: map[string]kept{}}, spec.Ports{}) }

// source divides prompts into chunks and counts the chunks that are loaded.
func source(list []string, size int, loads *atomic.Int64) Source {
	var src Source
	chunks := slices.Collect(slices.Chunk(list, size))
	for _, c := range chunks {
		var keys []Key
		for _, p := range c {
			keys = append(keys, KeyOf(p))
		}
		src.Keys = append(src.Keys, keys)
	}
	src.Load = func(i int) (func(int) string, error) {
		if loads != nil {
			loads.Add(1)
		}
		return func(k int) string { return chunks[i][k] }, nil
	}
	return src
}

// brute names the group of each prompt by comparing all pairs.
func brute(list []string, m Method) []Key {
	tau, err := simjoin.Decimal(m.Similarity)
	if err != nil {
		panic(err)
	}
	names := make([]Key, len(list))
	sets := make([][]uint64, len(list))
	for i, p := range list {
		names[i], sets[i] = KeyOf(p), text.CharShingles(p, m.Shingle)
	}
	for changed := true; changed; {
		changed = false
		for a := range list {
			for b := range list {
				overlap := 0
				for _, h := range sets[a] {
					if slices.Contains(sets[b], h) {
						overlap++
					}
				}
				if tau.Reached(overlap, len(sets[a])+len(sets[b])-overlap) && string(names[b][:]) < string(names[a][:]) {
					names[a], changed = names[b], true
				}
			}
		}
	}
	return names
}

func drawPrompts(t *rapid.T, label string) []string {
	word := rapid.SampledFrom([]string{"alpha", "beta", "gamma", "delta", "epsilon", "zeta"})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		s := ""
		for _, w := range rapid.SliceOfN(word, 0, 6).Draw(t, "words") {
			s += w + " "
		}
		return s
	}), 0, 12).Draw(t, label)
}

// Whatever was grouped before, the groups are those of comparing all pairs, in any order of rows and chunks.
func TestGroupEqualsBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		task, m := newTask(), Method{rapid.SampledFrom([]float64{0.5, 0.7, 0.9, 1}).Draw(t, "similarity"), 3}
		list := drawPrompts(t, "prompts")
		for range rapid.IntRange(1, 4).Draw(t, "edits") {
			g, err := group(context.Background(), task, m, source(list, rapid.IntRange(1, 5).Draw(t, "chunk"), nil), 0)
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range brute(list, m) {
				if got := g.Of(KeyOf(list[i])); got != want {
					t.Fatalf("%q is in the group %x, want %x, of %q", list[i], got, want, list)
				}
			}
			// The next table lacks some rows and has others.
			list = append(slices.Clone(list[rapid.IntRange(0, len(list)).Draw(t, "dropped"):]), drawPrompts(t, "added")...)
			if rapid.Bool().Draw(t, "reverse") {
				slices.Reverse(list)
			}
		}
	})
}

// The same prompts, and a part of them that tears no group, are grouped without reading a text; an edit reads each text
// once and compares few.
func TestGroupKnown(t *testing.T) {
	corpus, task, m := bulk.New(1, 2000, 0), newTask(), Method{0.7, 5}
	const rows, size = 3000, 100
	list := make([]string, rows)
	for n := range list {
		list[n] = corpus.Prompt(n)
	}
	var loads atomic.Int64
	whole, err := Group(context.Background(), task, m, source(list, size, &loads))
	if err != nil || loads.Load() != rows/size {
		t.Fatalf("%d loads, %v", loads.Load(), err)
	}
	slices.Reverse(list)
	loads.Store(0)
	again, err := Group(context.Background(), task, m, source(list, 77, &loads))
	if err != nil || loads.Load() > 0 || !slices.Equal(again.lowest, whole.lowest) {
		t.Errorf("the same prompts: %d loads, %v", loads.Load(), err)
	}
	part := slices.DeleteFunc(slices.Clone(list), func(p string) bool { k := whole.Of(KeyOf(p)); return k[0]%5 == 0 })
	if _, err = Group(context.Background(), task, m, source(part, size, &loads)); err != nil || loads.Load() > 0 {
		t.Errorf("a part of whole groups: %d loads, %v", loads.Load(), err)
	}
	list[0] = corpus.Prompt(rows)
	edited, err := Group(context.Background(), task, m, source(list, size, &loads))
	if err != nil || loads.Load() > 2*rows/size {
		t.Errorf("an edited prompt: %d loads, %v", loads.Load(), err)
	}
	anew, err := Group(context.Background(), newTask(), m, source(list, size, nil))
	if err != nil || !slices.Equal(anew.lowest, edited.lowest) || !slices.Equal(anew.Sizes(), edited.Sizes()) {
		t.Errorf("an edited prompt gives other groups than a fresh start (%v)", err)
	}
}

func TestStored(t *testing.T) {
	g := &Groups{keys: []Key{{1}, {2}, {3}}, lowest: []uint32{0, 1, 0}}
	if back, ok := decode(g.encode()); !ok || !slices.Equal(back.keys, g.keys) || !slices.Equal(back.lowest, g.lowest) {
		t.Errorf("read back as %v", back)
	}
	for name, b := range map[string][]byte{
		"cut off":   g.encode()[:59],
		"unordered": (&Groups{keys: []Key{{2}, {1}}, lowest: []uint32{0, 1}}).encode(),
		"forward":   (&Groups{keys: []Key{{1}, {2}}, lowest: []uint32{1, 1}}).encode(),
		"chained":   (&Groups{keys: []Key{{1}, {2}, {3}}, lowest: []uint32{0, 0, 1}}).encode(),
	} {
		if _, ok := decode(b); ok {
			t.Errorf("groups that are %s are read", name)
		}
	}
}

func TestFind(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.Custom(func(t *rapid.T) Key {
			return Key{rapid.Byte().Draw(t, "first"), rapid.SampledFrom([]byte{0, 255}).Draw(t, "second")}
		})
		keys := distinct([][]Key{rapid.SliceOfN(key, 0, 40).Draw(t, "keys")})
		k := key.Draw(t, "key")
		at, ok := find(keys, k)
		if ok != slices.Contains(keys, k) || ok && keys[at] != k {
			t.Fatalf("find(%v, %v) = %d, %t", keys, k, at, ok)
		}
	})
}
