package splitting_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/prefab-build/prefab/executor/methods/splitting"
)

type strategy struct {
	name  string
	split func([]splitting.Row, splitting.Options) (*splitting.Assignment, error)
}

var strategies = []strategy{{"balanced", splitting.Balanced}, {"stable", splitting.Stable}}

// drawRows makes rows with ids, groups of mixed sizes and strata without gaps.
func drawRows(t *rapid.T) []splitting.Row {
	n := rapid.IntRange(12, 120).Draw(t, "rows")
	groups := rapid.IntRange(6, n).Draw(t, "groups")
	strata := rapid.IntRange(1, 4).Draw(t, "strata")
	rows := make([]splitting.Row, n)
	for i := range rows {
		rows[i] = splitting.Row{
			ID:      fmt.Sprintf("row-%03d", i),
			Group:   rapid.IntRange(0, groups-1).Draw(t, "group"),
			Stratum: rapid.IntRange(0, strata-1).Draw(t, "stratum"),
		}
		if i < strata {
			rows[i].Stratum = i
		}
		if i < 6 {
			rows[i].Group = i
		}
	}
	return rows
}

func drawOptions(t *rapid.T) splitting.Options {
	shares := rapid.SampledFrom([][]int64{{80, 20}, {8, 1, 1}, {1, 1}, {70, 20, 10}, {2, 1}}).Draw(t, "shares")
	names := []string{"train", "validation", "test"}
	o := splitting.Options{Salt: rapid.StringN(0, 5, -1).Draw(t, "salt")}
	for i, w := range shares {
		o.Parts = append(o.Parts, splitting.Part{Name: names[i], Weight: w})
	}
	return o
}

// splitOrSkip splits, leaving draws aside for which a part would be empty.
func splitOrSkip(t *rapid.T, s strategy, rows []splitting.Row, o splitting.Options) *splitting.Assignment {
	a, err := s.split(rows, o)
	if err != nil {
		t.Skip(err)
	}
	return a
}

func eachStrategy(t *testing.T, check func(*rapid.T, strategy)) {
	for _, s := range strategies {
		t.Run(s.name, rapid.MakeCheck(func(t *rapid.T) { check(t, s) }))
	}
}

// Guarantees 1 and 2: every row is in exactly one part, and rows of a group in the same.
func TestPartitionAndGroupIntegrity(t *testing.T) {
	eachStrategy(t, func(t *rapid.T, s strategy) {
		rows, o := drawRows(t), drawOptions(t)
		a := splitOrSkip(t, s, rows, o)
		if len(a.Part) != len(rows) || len(a.Evictions) != 0 {
			t.Fatalf("%d rows, %d assigned, %d evicted", len(rows), len(a.Part), len(a.Evictions))
		}
		of := map[int]int{}
		counts := make([][]int, len(o.Parts))
		for p := range counts {
			counts[p] = make([]int, len(a.Counts[p]))
		}
		for i, r := range rows {
			if p, met := of[r.Group]; met && p != a.Part[i] {
				t.Fatalf("group %d is in parts %d and %d", r.Group, p, a.Part[i])
			}
			of[r.Group] = a.Part[i]
			counts[a.Part[i]][r.Stratum]++
		}
		if fmt.Sprint(counts) != fmt.Sprint(a.Counts) {
			t.Fatalf("Counts are %v, counted %v", a.Counts, counts)
		}
	})
}

// Guarantee 3: neither the order of rows nor the numbering of groups shows.
func TestPermutationInvariance(t *testing.T) {
	eachStrategy(t, func(t *rapid.T, s strategy) {
		rows, o := drawRows(t), drawOptions(t)
		a := splitOrSkip(t, s, rows, o)
		by := map[string]int{}
		for i, r := range rows {
			by[r.ID] = a.Part[i]
		}
		shuffled := rapid.Permutation(rows).Draw(t, "order")
		renumber := rapid.Permutation(slices.Collect(func(yield func(int) bool) {
			for i := range rows {
				if !yield(i) {
					return
				}
			}
		})).Draw(t, "numbers")
		for i := range shuffled {
			shuffled[i].Group = renumber[shuffled[i].Group]
		}
		b, err := s.split(shuffled, o)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range shuffled {
			if by[r.ID] != b.Part[i] {
				t.Fatalf("row %s is in part %d, after a shuffle in %d", r.ID, by[r.ID], b.Part[i])
			}
		}
	})
}

// grow adds rows, some of them to groups that are there, and merges some groups.
func grow(t *rapid.T, rows []splitting.Row) []splitting.Row {
	out := slices.Clone(rows)
	for range rapid.IntRange(0, 4).Draw(t, "merges") {
		from, to := rapid.SampledFrom(out).Draw(t, "from").Group, rapid.SampledFrom(out).Draw(t, "to").Group
		for i := range out {
			if out[i].Group == from {
				out[i].Group = to
			}
		}
	}
	added := rapid.IntRange(0, 30).Draw(t, "added")
	for i := range added {
		id := fmt.Sprintf("%s-%03d", rapid.SampledFrom([]string{"a", "row", "z"}).Draw(t, "prefix"), 500+i)
		out = append(out, splitting.Row{ID: id, Group: rapid.IntRange(0, len(rows)-1).Draw(t, "group"), Stratum: rows[rapid.IntRange(0, len(rows)-1).Draw(t, "like")].Stratum})
	}
	return out
}

// Guarantee 4, with an earlier split: no row changes sides; those that cannot stay are evicted and listed; and once
// evicted, a row does not slip into a part that is protected from it.
func TestGrowthWithPrevious(t *testing.T) {
	eachStrategy(t, func(t *rapid.T, s strategy) {
		rows, o := drawRows(t), drawOptions(t)
		a := splitOrSkip(t, s, rows, o)
		for range 2 {
			o.Previous = map[string]int{}
			for i, r := range rows {
				o.Previous[r.ID] = a.Part[i]
			}
			grown := grow(t, rows)
			b := splitOrSkip(t, s, grown, o)
			listed := map[int]bool{}
			for _, e := range b.Evictions {
				listed[e.Row] = true
				if b.Part[e.Row] != splitting.Evicted || e.From >= e.To {
					t.Fatalf("eviction %+v of a row in part %d", e, b.Part[e.Row])
				}
			}
			if !slices.IsSortedFunc(b.Evictions, func(x, y splitting.Eviction) int {
				return compare(grown[x.Row].ID, grown[y.Row].ID)
			}) {
				t.Fatalf("evictions are not in the order of ids: %v", b.Evictions)
			}
			of := map[int]int{}
			for i, r := range grown {
				before, known := o.Previous[r.ID]
				switch {
				case b.Part[i] == splitting.Evicted:
					if !known || !listed[i] {
						t.Fatalf("row %s (known %v) is evicted without being listed", r.ID, known)
					}
				case known && before == splitting.Evicted && b.Part[i] != 0:
					t.Fatalf("row %s was evicted and is now in part %d", r.ID, b.Part[i])
				case known && before >= 0 && before != b.Part[i]:
					t.Fatalf("row %s went from part %d to %d", r.ID, before, b.Part[i])
				default:
					if p, met := of[r.Group]; met && p != b.Part[i] {
						t.Fatalf("group %d is in parts %d and %d", r.Group, p, b.Part[i])
					}
					of[r.Group] = b.Part[i]
				}
			}
			rows, a = grown, b
		}
	})
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Guarantee 4, without one: the stable strategy moves no group whose smallest id is the same.
func TestStableAppendInvariance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, o := drawRows(t), drawOptions(t)
		a := splitOrSkip(t, strategies[1], rows, o)
		grown := grow(t, rows)
		b := splitOrSkip(t, strategies[1], grown, o)
		smallest := func(rows []splitting.Row) map[int]string {
			m := map[int]string{}
			for _, r := range rows {
				if k, ok := m[r.Group]; !ok || r.ID < k {
					m[r.Group] = r.ID
				}
			}
			return m
		}
		before, after := smallest(rows), smallest(grown)
		for i, r := range rows {
			if before[r.Group] == after[grown[i].Group] && a.Part[i] != b.Part[i] {
				t.Fatalf("row %s went from part %d to %d, its group's key is %s still", r.ID, a.Part[i], b.Part[i], before[r.Group])
			}
		}
	})
}

// Guarantee 5: a salt decides the split; the figures are the same on every machine.
func TestSalt(t *testing.T) {
	rows := make([]splitting.Row, 400)
	for i := range rows {
		rows[i] = splitting.Row{ID: fmt.Sprintf("r%d", i), Group: i, Stratum: i % 3}
	}
	for _, s := range strategies {
		o := splitting.Options{Parts: []splitting.Part{{"train", 4}, {"validation", 1}}, Salt: "one"}
		a, err := s.split(rows, o)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := s.split(rows, o)
		if !slices.Equal(a.Part, again.Part) {
			t.Errorf("%s: the same salt gives two splits", s.name)
		}
		o.Salt = "two"
		if b, _ := s.split(rows, o); slices.Equal(a.Part, b.Part) {
			t.Errorf("%s: two salts give the same split", s.name)
		}
	}
	// SHA-256 of "one", 0x00 and r0 to r5 begins with 0e8e, 9080, 3d36, 20ee, 70a7, 78b2; a fifth of 2^16 is 3333.
	a, _ := splitting.Stable(rows, splitting.Options{Parts: []splitting.Part{{"train", 4}, {"validation", 1}}, Salt: "one"})
	if got := fmt.Sprint(a.Part[:16]); got != wantStable {
		t.Errorf("stable split of r0..r15 = %v, want %v", got, wantStable)
	}
}

const wantStable = "[1 0 0 1 0 0 0 0 1 0 0 0 0 0 0 0]"

// Guarantee 6: a stratum's rows in a part differ from its share by one largest group at most, and so do the parts' sizes.
func TestSharesWithinOneGroup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, o := drawRows(t), drawOptions(t)
		a := splitOrSkip(t, strategies[0], rows, o)
		size := map[int]int{}
		largest := 0
		strata := make([]int, len(a.Counts[0]))
		for _, r := range rows {
			size[r.Group]++
			largest = max(largest, size[r.Group])
			strata[r.Stratum]++
		}
		sum := 0.0
		for _, p := range o.Parts {
			sum += float64(p.Weight)
		}
		sizes := a.Sizes()
		for p, part := range o.Parts {
			share := float64(part.Weight) / sum
			if off := math.Abs(float64(sizes[p]) - share*float64(len(rows))); off > float64(largest) {
				t.Errorf("part %s has %d of %d rows, %.2f off; the largest group has %d", part.Name, sizes[p], len(rows), off, largest)
			}
			for s, n := range a.Counts[p] {
				if off := math.Abs(float64(n) - share*float64(strata[s])); off > float64(largest) {
					t.Errorf("part %s has %d of %d rows of stratum %d, %.2f off; the largest group has %d", part.Name, n, strata[s], s, off, largest)
				}
			}
		}
	})
}

// What an edit moves: a row comes, goes or gets another id, among ten thousand in strata, and in groups of their own, of a few
// sizes, or of many.
func TestBalancedMovesFewRows(t *testing.T) {
	const n = 10_000
	r := rand.New(rand.NewPCG(1, 1))
	for shape, group := range map[string]func(i int) int{
		"single rows": func(i int) int { return i },
		"two sizes":   func(i int) int { return i - i%10/8*(i%10) }, // three rows are one group
		"many sizes":  func(int) int { return r.IntN(n / 3) },
	} {
		for _, strata := range []int{1, 6} {
			for _, mixed := range []bool{false, true} { // whether a group has rows of several strata
				rows := make([]splitting.Row, n)
				for i := range rows {
					g := group(i)
					rows[i] = splitting.Row{ID: fmt.Sprintf("%08x", uint32(i)*2654435761), Group: g, Stratum: g % strata}
					if mixed {
						rows[i].Stratum = i % strata
					}
				}
				most := n / 200
				if shape == "many sizes" && strata > 1 && mixed {
					most = n / 8 // hardly two groups are alike
				}
				movesFew(t, fmt.Sprintf("%s, %d strata, mixed: %v", shape, strata, mixed), rows, most)
			}
		}
	}
}

func movesFew(t *testing.T, shape string, rows []splitting.Row, most int) {
	t.Helper()
	n := len(rows)
	o := splitting.Options{Parts: []splitting.Part{{Name: "train", Weight: 8}, {Name: "validation", Weight: 1}, {Name: "test", Weight: 1}}}
	before, err := splitting.Balanced(rows, o)
	if err != nil {
		t.Fatal(err)
	}
	for name, edited := range map[string][]splitting.Row{
		"another id": slices.Concat([]splitting.Row{{ID: "0", Group: rows[0].Group, Stratum: rows[0].Stratum}}, rows[1:]),
		"one more":   slices.Concat(rows, []splitting.Row{{ID: "5a5a", Group: n, Stratum: 0}}),
		"one less":   rows[:n-1],
		"one joins":  slices.Concat(rows, []splitting.Row{{ID: "5a5a", Group: rows[17].Group, Stratum: 0}}),
	} {
		after, err := splitting.Balanced(edited, o)
		if err != nil {
			t.Fatal(err)
		}
		moved := 0
		for i := range min(n, len(edited)) {
			if after.Part[i] != before.Part[i] {
				moved++
			}
		}
		if moved > most {
			t.Errorf("%s, %s: %d rows of %d change sides, more than %d", shape, name, moved, n, most)
		}
	}
}
