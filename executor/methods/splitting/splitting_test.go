package splitting_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/executor/methods/splitting"
)

// rowsOf makes rows from parallel lists of groups and classes, both numbered anyhow.
func rowsOf(groups, classes []int) []splitting.Row {
	rows := make([]splitting.Row, len(groups))
	for i := range rows {
		rows[i] = splitting.Row{ID: fmt.Sprintf("%03d", i), Group: groups[i], Stratum: classes[i]}
	}
	return rows
}

// The vectors are those of scikit-learn's tests for StratifiedGroupKFold: shares of class 0 and 1 in each test fold. It
// breaks ties by the order of groups, we by a hash; in the second vector some orders lead to an even division, which is
// better.
func TestFoldsEqualStratifiedGroupKFold(t *testing.T) {
	for _, v := range []struct {
		name   string
		ones   int // classes are zeros, then this many ones, unless first
		first  bool
		groups []int
		shares [][2]float64
	}{
		{"balanced groups", 6, true, []int{1, 2, 3, 4, 5, 6, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6}, [][2]float64{{4. / 6, 2. / 6}, {4. / 6, 2. / 6}, {4. / 6, 2. / 6}}},
		{"mixed groups", 6, true, []int{1, 2, 3, 3, 4, 4, 1, 1, 2, 2, 3, 4, 5, 5, 5, 6, 6, 6}, [][2]float64{{5. / 6, 1. / 6}, {4. / 6, 2. / 6}, {3. / 6, 3. / 6}}},
		{"pure groups", 3, false, []int{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 5, 6}, [][2]float64{{0.75, 0.25}, {0.75, 0.25}, {0.75, 0.25}}},
	} {
		even := 0
		for salt := range 20 {
			classes := make([]int, len(v.groups))
			for i := range classes {
				if (v.first && i < v.ones) || (!v.first && i >= len(classes)-v.ones) {
					classes[i] = 1
				}
			}
			folds, err := splitting.Folds(rowsOf(v.groups, classes), 3, fmt.Sprint(salt))
			if err != nil {
				t.Fatal(err)
			}
			var got [3][2]float64
			for i, f := range folds {
				got[f][classes[i]]++
			}
			for f := range got {
				n := got[f][0] + got[f][1]
				if n != float64(len(v.groups))/3 {
					t.Errorf("%s, salt %d: fold %d has %v rows", v.name, salt, f, n)
				}
				got[f][0], got[f][1] = got[f][0]/n, got[f][1]/n
			}
			slices.SortFunc(got[:], func(a, b [2]float64) int { return int(math.Copysign(1, b[0]-a[0])) })
			if v.name == "mixed groups" && got[0] == got[2] {
				even++
				continue
			}
			for f := range got {
				if math.Abs(got[f][0]-v.shares[f][0]) > 1e-12 || math.Abs(got[f][1]-v.shares[f][1]) > 1e-12 {
					t.Errorf("%s, salt %d: shares %v, want %v", v.name, salt, got, v.shares)
				}
			}
		}
		if even > 10 {
			t.Errorf("%s: even shares for %d of 20 salts, so the published shares are not the usual outcome", v.name, even)
		}
	}
}

// With a group for each row the sizes are exact, however many strata round the same way.
func TestBalancedSizesAreExact(t *testing.T) {
	rows := make([]splitting.Row, 1000)
	for i := range rows {
		rows[i] = splitting.Row{ID: fmt.Sprintf("row %d", i), Group: i, Stratum: i % 30}
	}
	for _, v := range []struct {
		weights, want []int
	}{{[]int{80, 20}, []int{800, 200}}, {[]int{8, 1, 1}, []int{800, 100, 100}}, {[]int{1, 1, 1}, []int{334, 333, 333}}} {
		var parts []splitting.Part
		for _, w := range v.weights {
			parts = append(parts, splitting.Part{Name: "part", Weight: int64(w)})
		}
		a, err := splitting.Balanced(rows, splitting.Options{Parts: parts})
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Sizes(); !slices.Equal(got, v.want) {
			t.Errorf("weights %v: sizes %v, want %v", v.weights, got, v.want)
		}
		if _, df, p := a.Balance(); df != (len(parts)-1)*29 || p < 0.99 {
			t.Errorf("weights %v: balance has df %d, p %v", v.weights, df, p)
		}
	}
}

// The standard deviation of a share of .2 over 1,000 groups is 1.26 points; 4 of those contain nearly every draw.
func TestStableSharesHoldInExpectation(t *testing.T) {
	rows := make([]splitting.Row, 1000)
	for i := range rows {
		rows[i] = splitting.Row{ID: fmt.Sprintf("row %d", i), Group: i}
	}
	sum, squares := 0.0, 0.0
	const salts = 200
	for salt := range salts {
		a, err := splitting.Stable(rows, splitting.Options{Parts: []splitting.Part{{"train", 8}, {"validation", 2}}, Salt: fmt.Sprint(salt)})
		if err != nil {
			t.Fatal(err)
		}
		share := float64(a.Sizes()[1]) / 1000
		sum += share
		squares += (share - 0.2) * (share - 0.2)
	}
	if mean, sd := sum/salts, math.Sqrt(squares/salts); math.Abs(mean-0.2) > 0.004 || sd < 0.0100 || sd > 0.0155 {
		t.Errorf("mean share %.4f, standard deviation %.4f, want 0.2 and 0.0126", mean, sd)
	}
}

func TestErrors(t *testing.T) {
	two := []splitting.Part{{"train", 8}, {"validation", 2}}
	for _, v := range []struct {
		name string
		rows []splitting.Row
		o    splitting.Options
		want string
	}{
		{"no rows", nil, splitting.Options{Parts: two}, "groups of rows that belong together: 0, too few for 2 parts"},
		{"one group", rowsOf([]int{0, 0, 0}, []int{0, 0, 0}), splitting.Options{Parts: two}, "together: 1, too few for 2 parts"},
		{"more parts than groups", rowsOf([]int{0, 1}, []int{0, 0}), splitting.Options{Parts: append(two, splitting.Part{"test", 1})}, "together: 2, too few for 3 parts"},
		{"empty stratum", rowsOf([]int{0, 1, 2}, []int{0, 2, 2}), splitting.Options{Parts: two}, "stratum 1 of 3 has no row"},
		{"negative stratum", rowsOf([]int{0, 1, 2}, []int{0, -2, 2}), splitting.Options{Parts: two}, `row "001" has stratum -2`},
		{"one part", rowsOf([]int{0, 1}, []int{0, 0}), splitting.Options{Parts: two[:1]}, "two parts or more, not 1"},
		{"no weight", rowsOf([]int{0, 1}, []int{0, 0}), splitting.Options{Parts: []splitting.Part{{"train", 1}, {"test", 0}}}, `part "test" has a weight of 0`},
		{"unknown earlier part", rowsOf([]int{0, 1}, []int{0, 0}), splitting.Options{Parts: two, Previous: map[string]int{"001": 2}}, `row "001" was in part 2`},
		{"nothing left", rowsOf([]int{0, 1}, []int{0, 0}), splitting.Options{Parts: two, Previous: map[string]int{"000": 0, "001": 0}}, `part "validation" gets none of the 2 groups`},
	} {
		for _, s := range strategies {
			if _, err := s.split(v.rows, v.o); err == nil || !strings.Contains(err.Error(), v.want) {
				t.Errorf("%s, %s: %v, want %q", v.name, s.name, err, v.want)
			}
		}
	}
	if _, err := splitting.Folds(rowsOf([]int{0, 1, 2}, []int{0, 0, 0}), 5, ""); err == nil {
		t.Error("5 folds of 3 groups are no error")
	}
	if _, err := splitting.Folds(rowsOf([]int{0, 1, 2}, []int{0, 0, 0}), 1, ""); err == nil {
		t.Error("1 fold is no error")
	}
}

// A row that joins a train group with a validation group throws the train rows out; taking it away again lets them back.
func TestMergeEvicts(t *testing.T) {
	rows := rowsOf([]int{0, 0, 1, 1, 2, 3}, []int{0, 0, 0, 0, 0, 0})
	o := splitting.Options{
		Parts:    []splitting.Part{{"train", 8}, {"validation", 2}},
		Previous: map[string]int{"000": 0, "001": 0, "002": 1, "003": 1, "004": 0},
	}
	merged := slices.Clone(rows)
	for i := range 4 {
		merged[i].Group = 0
	}
	for _, s := range strategies {
		a, err := s.split(merged, o)
		if err != nil {
			t.Fatal(err)
		}
		if want := []int{-1, -1, 1, 1, 0}; !slices.Equal(a.Part[:5], want) {
			t.Errorf("%s: parts %v, want %v", s.name, a.Part[:5], want)
		}
		if want := []splitting.Eviction{{0, 0, 1}, {1, 0, 1}}; !slices.Equal(a.Evictions, want) {
			t.Errorf("%s: evictions %v, want %v", s.name, a.Evictions, want)
		}
		later := o
		later.Previous = map[string]int{}
		for i, r := range merged {
			later.Previous[r.ID] = a.Part[i]
		}
		if b, err := s.split(rows, later); err != nil || b.Part[0] != 0 || b.Part[1] != 0 || b.Part[2] != 1 || len(b.Evictions) != 0 {
			t.Errorf("%s: after the merge is undone: %+v, %v", s.name, b, err)
		}
	}
}

func TestWeights(t *testing.T) {
	for _, v := range []struct {
		shares []float64
		want   []int64
	}{{[]float64{0.8, 0.2}, []int64{4, 1}}, {[]float64{0.8, 0.1, 0.1}, []int64{8, 1, 1}}, {[]float64{0.7, 0.2, 0.1}, []int64{7, 2, 1}}, {[]float64{0.125, 0.875}, []int64{1, 7}}} {
		if got, err := splitting.Weights(v.shares...); err != nil || !slices.Equal(got, v.want) {
			t.Errorf("Weights(%v) = %v, %v, want %v", v.shares, got, err, v.want)
		}
	}
	if _, err := splitting.Weights(0.8, 0.3); err == nil || err.Error() != "shares sum to 1.1, not to 1" {
		t.Errorf("Weights(0.8, 0.3): %v", err)
	}
	if _, err := splitting.Weights(1, 0); err == nil || err.Error() != "share 0: want a number above 0" {
		t.Errorf("Weights(1, 0): %v", err)
	}
}

func TestStrata(t *testing.T) {
	names := []string{"b", "a", "rare", "b", "a", "other", "scarce"}
	numbers, kept := splitting.Strata(names, 2)
	if want := []string{"a", "b", "other"}; !slices.Equal(kept, want) {
		t.Errorf("kept %v, want %v", kept, want)
	}
	if want := []int{1, 0, 2, 1, 0, 2, 2}; !slices.Equal(numbers, want) {
		t.Errorf("numbers %v, want %v", numbers, want)
	}
}
