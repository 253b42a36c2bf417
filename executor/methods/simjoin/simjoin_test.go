package simjoin_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/stream"
)

// brute finds the pairs the obvious way.
func brute(sets [][]uint64, tau simjoin.Ratio, split int) []simjoin.Edge {
	var out []simjoin.Edge
	for a := range sets {
		for b := a + 1; b < len(sets); b++ {
			if split >= 0 && (a >= split || b < split) {
				continue
			}
			in := map[uint64]int{}
			for _, t := range sets[a] {
				in[t] |= 1
			}
			for _, t := range sets[b] {
				in[t] |= 2
			}
			overlap := 0
			for _, v := range in {
				if v == 3 {
					overlap++
				}
			}
			if len(in) == 0 || int64(overlap)*tau.Den >= int64(len(in))*tau.Num {
				out = append(out, simjoin.Edge{A: a, B: b, Overlap: overlap, Union: len(in)})
			}
		}
	}
	return out
}

// components labels rows by the smallest row that edges lead to, by repeated relaxation.
func components(n int, edges []simjoin.Edge) []int {
	labels := make([]int, n)
	for i := range labels {
		labels[i] = i
	}
	for changed := true; changed; {
		changed = false
		for _, e := range edges {
			low := min(labels[e.A], labels[e.B])
			if labels[e.A] != low || labels[e.B] != low {
				labels[e.A], labels[e.B], changed = low, low, true
			}
		}
	}
	return labels
}

// drawSets makes sets that are near each other, so that pairs fall on both sides of every threshold, many of them close to
// it: small ones token by token, which shrink well, or many from one seed, which lead further.
func drawSets(t *rapid.T) [][]uint64 {
	if rapid.Bool().Draw(t, "dealt") {
		return dealSets(t, 40)
	}
	vocabulary := rapid.IntRange(1, 200).Draw(t, "vocabulary")
	token := rapid.Uint64Range(1, uint64(vocabulary))
	bases := rapid.SliceOfN(rapid.SliceOfN(token, 0, 40), 1, 4).Draw(t, "bases")
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []uint64 {
		set := slices.Clone(bases[rapid.IntRange(0, len(bases)-1).Draw(t, "base")])
		for range rapid.IntRange(0, 8).Draw(t, "changes") {
			if len(set) > 0 && rapid.Bool().Draw(t, "drop") {
				set = slices.Delete(set, 0, 1)
			} else {
				set = append(set, token.Draw(t, "token"))
			}
		}
		return set
	}), 0, 40).Draw(t, "sets")
}

// dealSets makes up to most sets from a few templates with a random number of other tokens each.
func dealSets(t *rapid.T, most int) [][]uint64 {
	templates := rapid.IntRange(1, 3).Draw(t, "templates")
	length := rapid.IntRange(1, 30).Draw(t, "length")
	s := stream.New(rapid.Uint64().Draw(t, "seed"))
	sets := make([][]uint64, rapid.IntRange(most/2, most).Draw(t, "sets"))
	for i := range sets {
		base := 1000 * uint64(s.IntN(templates))
		for k := range length {
			sets[i] = append(sets[i], base+uint64(k))
		}
		for range s.IntN(length/2 + 2) {
			sets[i] = append(sets[i], 5000+s.Uint64N(60))
		}
	}
	return sets
}

func drawRatio(t *rapid.T) simjoin.Ratio {
	den := rapid.Int64Range(1, 20).Draw(t, "den")
	r, err := simjoin.NewRatio(rapid.Int64Range(1, den).Draw(t, "num"), den)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// shaped lets a few sets be joined as if they were a million: in several blocks, with long lists and long texts.
func shaped(t *rapid.T, c *simjoin.Collection) *simjoin.Collection {
	limit := func(name string, of ...int) int { return rapid.SampledFrom(of).Draw(t, name) }
	return c.Shaped(limit("block", 1, 3, 7, 1<<16), limit("few", 0, 2, 64), limit("most", 5, 1<<16-1))
}

func TestJoinEqualsBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sets, tau := drawSets(t), drawRatio(t)
		c := shaped(t, simjoin.New(sets))
		pairs, err := c.Join(context.Background(), tau, rapid.IntRange(1, 3).Draw(t, "workers"))
		if err != nil {
			t.Fatal(err)
		}
		want := brute(sets, tau, -1)
		if got := slices.Collect(pairs.All()); !slices.Equal(got, want) {
			t.Fatalf("tau %v:\n got %v\nwant %v", tau, got, want)
		}
		if pairs.Count() != int64(len(want)) {
			t.Fatalf("Count() = %d, want %d", pairs.Count(), len(want))
		}
		labels := components(len(sets), want)
		if got := pairs.Labels(); !slices.Equal(got, labels) {
			t.Fatalf("Labels() = %v, want %v", got, labels)
		}
		got, err := c.Clusters(context.Background(), tau, 2)
		if err != nil || !slices.Equal(got, labels) {
			t.Fatalf("Clusters() = %v, %v, want %v", got, err, labels)
		}
		if got, err := c.GuessedClusters(context.Background(), tau, 2, rapid.IntRange(1, 4).Draw(t, "rounds")); err != nil || !slices.Equal(got, labels) {
			t.Fatalf("with guesses, Clusters() = %v, %v, want %v", got, err, labels)
		}
		for e := range pairs.Distinct() {
			if c.First(e.A) != e.A || c.First(e.B) != e.B || e.A >= e.B || !slices.Contains(want, e) {
				t.Fatalf("Distinct() yields %v", e)
			}
		}
	})
}

func TestBetweenEqualsBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sets, tau := drawSets(t), drawRatio(t)
		split := rapid.IntRange(0, len(sets)).Draw(t, "split")
		c := shaped(t, simjoin.New(sets))
		pairs, err := c.Between(context.Background(), tau, split, 2)
		if err != nil {
			t.Fatal(err)
		}
		want := brute(sets, tau, split)
		if got := slices.Collect(pairs.All()); !slices.Equal(got, want) {
			t.Fatalf("tau %v, split %d:\n got %v\nwant %v", tau, split, got, want)
		}
		if pairs.Count() != int64(len(want)) {
			t.Fatalf("Count() = %d, want %d", pairs.Count(), len(want))
		}
		var rows []int
		for _, e := range want {
			rows = append(rows, e.B)
		}
		slices.Sort(rows)
		rows = slices.Compact(rows)
		for _, touched := range []func(context.Context, simjoin.Ratio, func(int) bool, func(int) bool, int) ([]int, error){c.Touched, c.TouchedTrying} {
			if got, err := touched(context.Background(), tau, func(r int) bool { return r < split }, func(r int) bool { return r >= split }, 2); err != nil || !slices.Equal(got, rows) {
				t.Fatalf("tau %v, split %d: touched %v, %v, want %v", tau, split, got, err, rows)
			}
		}
	})
}

// TestExtendEqualsBruteForce joins some rows first and the others later.
func TestExtendEqualsBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sets, tau := drawSets(t), drawRatio(t)
		old := rapid.IntRange(0, len(sets)).Draw(t, "old")
		known := components(len(sets), brute(sets[:old], tau, -1))
		// Rows that were joined before may be called fresh, too.
		also := rapid.IntRange(0, len(sets)).Draw(t, "also")
		want := components(len(sets), brute(sets, tau, -1))
		c := shaped(t, simjoin.New(sets))
		for name, extend := range map[string]func(context.Context, simjoin.Ratio, []int, func(int) bool, int) ([]int, error){
			"Extend": c.Extend, "Extend with guesses": c.GuessedExtend,
		} {
			got, err := extend(context.Background(), tau, known, func(row int) bool { return row >= old || row == also }, 2)
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("%s: tau %v, %d of %d rows joined before: got %v, %v, want %v", name, tau, old, len(sets), got, err, want)
			}
		}
	})
}

func TestOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sets := drawSets(t)
		c := simjoin.New(sets)
		least, _ := simjoin.NewRatio(1, 1_000_000_000)
		for _, e := range brute(sets, least, -1) {
			if o, u := c.Overlap(e.A, e.B); o != e.Overlap || u != e.Union {
				t.Fatalf("Overlap(%d, %d) = %d, %d, want %d, %d", e.A, e.B, o, u, e.Overlap, e.Union)
			}
		}
	})
}

func TestVectors(t *testing.T) {
	c := simjoin.New([][]uint64{{}, {1}, {1, 2, 3, 4, 5}, {}, {5, 4, 3, 2, 1, 1}})
	for _, v := range []struct {
		a, b int
		want float64
	}{{0, 3, 1}, {0, 1, 0}, {1, 2, 0.2}, {2, 4, 1}} {
		if got := c.Jaccard(v.a, v.b); got != v.want {
			t.Errorf("J(%d, %d) = %v, want %v", v.a, v.b, got, v.want)
		}
	}
	if c.Classes() != 3 {
		t.Errorf("Classes() = %d, want 3", c.Classes())
	}
	// Exactly on the threshold: 7 of 10, at 0.7, which no float64 is.
	x, y := []uint64{1, 2, 3, 4, 5, 6, 7, 8}, []uint64{1, 2, 3, 4, 5, 6, 7, 9, 10}
	for _, v := range []struct {
		tau  float64
		want int64
	}{{0.7, 1}, {0.700000001, 0}} {
		tau, err := simjoin.Decimal(v.tau)
		if err != nil {
			t.Fatal(err)
		}
		pairs, err := simjoin.New([][]uint64{x, y}).Join(context.Background(), tau, 1)
		if err != nil || pairs.Count() != v.want {
			t.Errorf("at %v: %d pairs, %v, want %d", v.tau, pairs.Count(), err, v.want)
		}
	}
}

func TestThresholds(t *testing.T) {
	if r, err := simjoin.Decimal(0.7); err != nil || r != (simjoin.Ratio{Num: 7, Den: 10}) {
		t.Errorf("Decimal(0.7) = %v, %v", r, err)
	}
	for _, f := range []float64{0, -0.5, 1.1, 0.1234567891} {
		if r, err := simjoin.Decimal(f); err == nil {
			t.Errorf("Decimal(%v) = %v, want an error", f, r)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a join at the zero Ratio does not panic")
		}
	}()
	_, _ = simjoin.New(nil).Join(context.Background(), simjoin.Ratio{}, 1)
}

func TestTooManyPairs(t *testing.T) {
	var sets [][]uint64
	for i := range uint64(20) {
		sets = append(sets, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 100 + i})
	}
	c := simjoin.New(sets)
	if p, err := c.JoinUpTo(context.Background(), tau, 2, 190); err != nil || p.Count() != 190 {
		t.Errorf("190 pairs, at most 190: %v", err)
	}
	if _, err := c.JoinUpTo(context.Background(), tau, 2, 189); !errors.Is(err, simjoin.ErrTooMany) {
		t.Errorf("190 pairs, at most 189: %v", err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := simjoin.New([][]uint64{{1}, {1, 2}})
	if _, err := c.Join(ctx, simjoin.Ratio{Num: 1, Den: 2}, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Join: %v", err)
	}
	if _, err := c.Clusters(ctx, simjoin.Ratio{Num: 1, Den: 2}, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Clusters: %v", err)
	}
}

// TestGuessesMissNothing is on long templates: many sets whose similarity is near the threshold, so that components are
// found in pieces, and lists divided by piece have to be scanned where the pieces meet.
func TestGuessesMissNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sets := dealSets(t, 100)
		want := components(len(sets), brute(sets, tau, -1))
		got, err := shaped(t, simjoin.New(sets)).GuessedClusters(context.Background(), tau, 2, 1)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("got %v, %v, want %v", got, err, want)
		}
	})
}
