package agreement_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/prefab-build/prefab/executor/methods/agreement"
	"github.com/prefab-build/prefab/executor/methods/stream"
)

// coders reads one line per rater, one word per unit: a category counted from first, or * for none.
func coders(t *testing.T, b *agreement.Builder, first int, lines ...string) *agreement.Table {
	t.Helper()
	var ratings [][]int
	for r, line := range lines {
		for u, word := range strings.Fields(line) {
			if r == 0 {
				ratings = append(ratings, nil)
			}
			c := -1
			if word != "*" {
				c = int(word[0]-'0') - first
			}
			ratings[u] = append(ratings[u], c)
		}
	}
	for _, r := range ratings {
		b.AddRatings(r...)
	}
	return b.Table()
}

func counts(rows ...[]int) *agreement.Table {
	b := agreement.Nominal(len(rows[0]))
	for _, r := range rows {
		b.Add(r...)
	}
	return b.Table()
}

func wikipedia(t *testing.T) *agreement.Table {
	return coders(t, agreement.NewBuilder(1, 2, 3, 4), 1,
		"* * * * * 3 4 1 2 1 1 3 3 * 3", "1 * 2 1 3 3 4 3 * * * * * * *", "* * 2 1 3 4 4 * 2 1 1 3 3 * 4")
}

func krippendorff2011(t *testing.T) *agreement.Table {
	return coders(t, agreement.NewBuilder(1, 2, 3, 4, 5), 1,
		"1 2 3 3 2 1 4 1 2 * * *", "1 2 3 3 2 2 4 1 2 5 * 3", "* 3 3 3 2 3 4 2 2 5 1 *", "1 2 3 3 2 4 4 1 2 5 1 *")
}

func gwet4(t *testing.T) *agreement.Table {
	return coders(t, agreement.NewBuilder(1, 2, 3, 4, 5), 1,
		"1 2 3 3 2 1 4 1 2 * * *", "1 2 3 3 2 2 4 1 2 5 * *", "* 3 3 3 2 3 4 2 2 5 1 3", "1 2 3 3 2 4 4 1 2 5 1 *")
}

func gwet5(t *testing.T) *agreement.Table {
	return coders(t, agreement.NewBuilder(0, 1, 2, 3), 0,
		"1 1 2 * 0 0 1 1 2 2 * 0 1 3 1", "1 1 3 0 0 0 0 * 2 1 1 0 2 3 1", "2 0 3 0 0 0 2 2 2 1 0 0 2 2 1",
		"* 1 3 * * * * 0 * 1 0 0 2 2 *", "2 * * 0 0 0 1 * 2 * * * * 3 1")
}

func fleiss1971() *agreement.Table {
	b := agreement.Nominal(5)
	for _, item := range strings.Fields(`444444 222555 233335 555555 222444 113333 333355 113334 114444 555555 144444 124444 222333
		144444 224445 333335 111455 111112 224444 133555 555555 244444 224555 114444 144445 222224 111155 224444 133333 555555`) {
		r := make([]int, 0, 6)
		for _, c := range item {
			r = append(r, int(c-'1'))
		}
		b.AddRatings(r...)
	}
	return b.Table()
}

func check(t *testing.T, what string, got agreement.Coefficient, want, tolerance float64) {
	t.Helper()
	if !got.OK() || !(math.Abs(got.Value-want) <= tolerance) {
		t.Errorf("%s = %.12f (%s), want %.12f", what, got.Value, got.Undefined, want)
	}
}

func TestKrippendorff(t *testing.T) {
	for _, v := range []struct {
		name                              string
		table                             *agreement.Table
		nominal, ordinal, interval, ratio float64
	}{
		{"Wikipedia", wikipedia(t), 0.691358024691, 0.806721419941, 0.810844892812, 0.808943670784},
		{"Krippendorff 2011", krippendorff2011(t), 0.743421052632, 0.815387503755, 0.849107142857, 0.797402774712},
	} {
		check(t, v.name+" nominal", v.table.Krippendorff(agreement.DistanceNominal), v.nominal, 1e-12)
		check(t, v.name+" ordinal", v.table.Krippendorff(agreement.DistanceOrdinal), v.ordinal, 1e-12)
		check(t, v.name+" interval", v.table.Krippendorff(agreement.DistanceInterval), v.interval, 1e-12)
		check(t, v.name+" ratio", v.table.Krippendorff(agreement.DistanceRatio), v.ratio, 1e-12)
	}
	check(t, "Fleiss 1971", fleiss1971().Krippendorff(agreement.DistanceNominal), 0.433409828282, 1e-12)
	check(t, "five observers", gwet5(t).Krippendorff(agreement.DistanceNominal), 0.481, 5e-4)
	check(t, "two workers, three items", counts([]int{2, 0}, []int{0, 2}, []int{1, 1}).Krippendorff(agreement.DistanceNominal), 4.0/9, 1e-15)
	check(t, "the same answers", counts([]int{2, 0}, []int{0, 2}).Krippendorff(agreement.DistanceNominal), 1, 0)
	if w := wikipedia(t); w.Items() != 13 || w.Pairable() != 12 || w.Ratings() != 27 {
		t.Errorf("Wikipedia: %d items, %d pairable, %d ratings", w.Items(), w.Pairable(), w.Ratings())
	}
}

func TestChanceCorrected(t *testing.T) {
	four := gwet4(t)
	check(t, "P_a", four.Percent(), 0.818181818182, 1e-12)
	check(t, "Fleiss", four.Fleiss(four.Identity()), 0.761169275422, 1e-12)
	check(t, "AC1", four.AC(four.Identity()), 0.775444068127, 1e-12)
	check(t, "BP", four.BrennanPrediger(four.Identity()), 0.772727272727, 1e-12)
	for _, v := range []struct {
		name           string
		weights        agreement.Weights
		ac, fleiss, bp float64
	}{
		{"linear", four.Linear(), 0.859, 0.818, 0.848},
		{"quadratic", four.Quadratic(), 0.914, 0.865, 0.902},
	} {
		check(t, v.name+" AC2", four.AC(v.weights), v.ac, 5e-4)
		check(t, v.name+" Fleiss", four.Fleiss(v.weights), v.fleiss, 5e-4)
		check(t, v.name+" BP", four.BrennanPrediger(v.weights), v.bp, 5e-4)
	}
	five := gwet5(t)
	check(t, "five observers AC1", five.AC(five.Identity()), 0.497, 5e-4)
	check(t, "five observers Fleiss", five.Fleiss(five.Identity()), 0.458, 5e-4)
	check(t, "five observers BP", five.BrennanPrediger(five.Identity()), 0.487, 5e-4)

	patients := fleiss1971()
	check(t, "Fleiss 1971 kappa", patients.Fleiss(patients.Identity()), 0.430244520060, 1e-12)
	check(t, "Fleiss 1971 P_a", patients.Percent(), 0.555556, 5e-7)
	check(t, "Fleiss 1971 AC1", patients.AC(patients.Identity()), 0.447884515845, 1e-12)

	wiki := counts([]int{0, 0, 0, 0, 14}, []int{0, 2, 6, 4, 2}, []int{0, 0, 3, 5, 6}, []int{0, 3, 9, 2, 0}, []int{2, 2, 8, 1, 1},
		[]int{7, 7, 0, 0, 0}, []int{3, 2, 6, 3, 0}, []int{2, 5, 3, 2, 2}, []int{6, 5, 2, 1, 0}, []int{0, 2, 2, 3, 7})
	check(t, "Wikipedia Fleiss", wiki.Fleiss(wiki.Identity()), 0.209930704422, 1e-12)
	for _, v := range []struct {
		table            *agreement.Table
		fleiss, randolph float64
	}{
		{counts([]int{7, 1}, []int{3, 5}), 0.161905, 0.214286},
		{counts([]int{6, 1, 0}, []int{0, 7, 0}), 0.708333, 0.785714},
	} {
		check(t, "Fleiss", v.table.Fleiss(v.table.Identity()), v.fleiss, 5e-7)
		check(t, "Randolph", v.table.BrennanPrediger(v.table.Identity()), v.randolph, 5e-7)
	}
}

// cross makes the item table of two raters.
func cross(m [][]int) *agreement.Table {
	b := agreement.Nominal(len(m))
	for i, row := range m {
		for j, n := range row {
			for range n {
				b.AddRatings(i, j)
			}
		}
	}
	return b.Table()
}

func TestCohen(t *testing.T) {
	sas := [][]int{{0, 4, 1}, {0, 8, 0}, {0, 1, 5}}
	table := agreement.Nominal(3).Table()
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if !(math.Abs(got-want) <= tolerance) {
			t.Errorf("%s = %.6f, want %.6f", what, got, want)
		}
	}
	k := agreement.Cohen(sas, table.Identity())
	check(t, "SAS", k.Coefficient, 0.484162895928, 1e-12)
	near("ASE", k.SE, 0.1380, 5e-5)
	near("low", k.Value-1.959963985*k.SE, 0.2137, 5e-5)
	near("high", k.Value+1.959963985*k.SE, 0.7547, 5e-5)
	near("ASE0", k.SE0, 0.1484, 5e-5)
	near("z", k.Value/k.SE0, 3.2626, 5e-5)
	k = agreement.Cohen(sas, table.Linear())
	check(t, "SAS weighted", k.Coefficient, 0.4701, 5e-5)
	near("weighted ASE", k.SE, 0.1457, 5e-5)
	near("weighted ASE0", k.SE0, 0.1426, 5e-5)

	for _, v := range []struct {
		m         [][]int
		po, kappa float64
		ac1       float64
	}{
		{[][]int{{118, 5}, {2, 0}}, 0.944, -0.023391812865, 0.940776337609},
		{[][]int{{40, 9}, {6, 45}}, 0.85, 0.699519, 0.700748},
		{[][]int{{80, 10}, {5, 5}}, 0.85, 0.318182, 0.808},
	} {
		table := cross(v.m)
		k := agreement.Cohen(v.m, table.Identity())
		near("P_o", k.Observed, v.po, 1e-12)
		check(t, "kappa", k.Coefficient, v.kappa, 5e-7)
		check(t, "AC1", table.AC(table.Identity()), v.ac1, 5e-4)
	}
	// Raters 2 and 3 of irr's anxiety data with the figures of its kappa2, which takes the levels in use as evenly spaced.
	level := map[string]int{"1": 0, "2": 1, "3": 2, "4": 3, "6": 4}
	two := strings.Fields("3 6 4 6 2 4 2 4 3 3 2 3 3 3 2 2 1 3 3 4")
	three := strings.Fields("2 1 4 4 3 2 1 6 1 1 1 2 3 3 1 1 3 3 2 2")
	m := make([][]int, 5)
	for i := range m {
		m[i] = make([]int, 5)
	}
	for i := range two {
		m[level[two[i]]][level[three[i]]]++
	}
	levels := agreement.Nominal(5).Table()
	for _, v := range []struct {
		weights  agreement.Weights
		kappa, z float64
	}{
		{levels.Identity(), -0.006289308, -0.0604067},
		{levels.Linear(), 0.1459075, 1.282472},
		{levels.Quadratic(), 0.2520325, 1.437451},
	} {
		k := agreement.Cohen(m, v.weights)
		check(t, "anxiety kappa", k.Coefficient, v.kappa, 5e-8)
		near("anxiety z", k.Value/k.SE0, v.z, 5e-7)
	}
}

func TestUndefined(t *testing.T) {
	none := counts([]int{1, 0}, []int{0, 1})
	one := counts([]int{3, 0}, []int{2, 0})
	for _, v := range []struct {
		name string
		got  agreement.Coefficient
		want string
	}{
		{"percent without pairs", none.Percent(), agreement.NoPairs},
		{"alpha without pairs", none.Krippendorff(agreement.DistanceNominal), agreement.NoPairs},
		{"AC1 without pairs", none.AC(none.Identity()), agreement.NoPairs},
		{"alpha of nothing", agreement.Nominal(2).Table().Krippendorff(agreement.DistanceOrdinal), agreement.NoPairs},
		{"alpha in one category", one.Krippendorff(agreement.DistanceNominal), agreement.OneCategory},
		{"Fleiss in one category", one.Fleiss(one.Identity()), agreement.OneCategory},
		{"Cohen in one category", agreement.Cohen([][]int{{5, 0}, {0, 0}}, one.Identity()).Coefficient, agreement.OneCategory},
		{"Cohen of nothing", agreement.Cohen([][]int{{0, 0}, {0, 0}}, one.Identity()).Coefficient, agreement.NoPairs},
		{"ratio of zero", counts([]int{1, 1}).Krippendorff(agreement.DistanceRatio), agreement.NotPositive},
	} {
		if v.got.OK() || v.got.Undefined != v.want || v.got.Value != 0 {
			t.Errorf("%s: %+v, want %q", v.name, v.got, v.want)
		}
	}
	check(t, "AC1 in one category", one.AC(one.Identity()), 1, 0)
	// A declared tie that nobody used changes what counts declared categories and nothing else.
	two, three := counts([]int{2, 1}, []int{0, 3}), counts([]int{2, 0, 1}, []int{0, 0, 3})
	if a, b := two.Fleiss(two.Identity()), three.Fleiss(three.Identity()); a != b {
		t.Errorf("Fleiss %v with two categories, %v with a third unused", a, b)
	}
	if a, b := two.BrennanPrediger(two.Identity()), three.BrennanPrediger(three.Identity()); a.Value >= b.Value {
		t.Errorf("Brennan-Prediger %v with two categories, %v with a third unused", a, b)
	}
}

func ac1(t *agreement.Table) agreement.Coefficient { return t.AC(t.Identity()) }

func alpha(t *agreement.Table) agreement.Coefficient {
	return t.Krippendorff(agreement.DistanceNominal)
}

func TestIntervals(t *testing.T) {
	// Gwet's analytic standard error is 0.143; a jackknife of twelve items estimates the same thing.
	j := gwet4(t).Jackknife(ac1, 0.95)
	if !j.OK() || math.Abs(j.SE-0.143) > 0.02 || j.High != 1 || math.Abs(j.Low-0.461) > 0.05 {
		t.Errorf("jackknife of AC1: %+v", j)
	}
	table := fleiss1971()
	s := stream.New(1, "alpha")
	boot := table.Bootstrap(alpha, 2000, 0.95, &s)
	jack := table.Jackknife(alpha, 0.95)
	if !boot.OK() || math.Abs(boot.SE-jack.SE) > 0.1*jack.SE || boot.Low > 0.4334 || boot.High < 0.4334 {
		t.Errorf("bootstrap %+v, jackknife %+v", boot, jack)
	}
	if i := counts([]int{2, 0}).Jackknife(ac1, 0.95); i.Undefined != agreement.TooFew {
		t.Errorf("jackknife of one item: %+v", i)
	}
	if i := counts([]int{1, 1}, []int{1, 0}).Jackknife(alpha, 0.95); i.OK() {
		t.Errorf("jackknife whose leave-one-out is undefined: %+v", i)
	}
	s = stream.New(1, "alpha")
	few := counts([]int{2, 0}, []int{2, 0}, []int{0, 2}).Bootstrap(alpha, 200, 0.9, &s)
	if !few.OK() || few.Skipped < 20 || few.Skipped > 120 {
		t.Errorf("bootstrap of three items, about a third of whose resamples are undefined: %+v", few)
	}
	if i := counts([]int{2, 0}, []int{2, 0}).Bootstrap(alpha, 10, 0.9, &s); i.Undefined != agreement.OneCategory {
		t.Errorf("bootstrap of an undefined alpha: %+v", i)
	}
}

func TestOrderOfItemsDoesNotShow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 4), 3, 3), 2, 30).Draw(t, "items")
		table := func(items [][]int) *agreement.Table {
			b := agreement.NewBuilder(-1, 0, 1)
			for _, c := range items {
				b.Add(c...)
			}
			return b.Table()
		}
		a, b := table(items), table(rapid.Permutation(items).Draw(t, "order"))
		for _, measure := range []agreement.Measure{
			ac1, alpha,
			func(t *agreement.Table) agreement.Coefficient { return t.Fleiss(t.Quadratic()) },
			func(t *agreement.Table) agreement.Coefficient { return t.Krippendorff(agreement.DistanceOrdinal) },
		} {
			if x, y := measure(a), measure(b); x != y {
				t.Fatalf("%+v in one order, %+v in another", x, y)
			}
			s1, s2 := stream.New(7), stream.New(7)
			if x, y := a.Bootstrap(measure, 20, 0.9, &s1), b.Bootstrap(measure, 20, 0.9, &s2); x != y {
				t.Fatalf("bootstrap %+v in one order, %+v in another", x, y)
			}
			if c := measure(a); c.OK() && (math.IsNaN(c.Value) || c.Value > 1+1e-12) {
				t.Fatalf("a coefficient of %v", c.Value)
			}
		}
	})
}

func TestMajorityOf(t *testing.T) {
	for _, v := range []struct {
		counts []int
		want   agreement.Majority
		ok     bool
	}{
		{[]int{2, 0, 1}, agreement.Majority{Category: 0, Votes: 2, Share: 2.0 / 3}, true},
		{[]int{1, 2, 2}, agreement.Majority{Category: 2, Votes: 2, Share: 0.4}, true},
		{[]int{1, 3, 1}, agreement.Majority{Category: 0, Votes: 1, Share: 0.2, Even: true}, true},
		{[]int{0, 4, 0}, agreement.Majority{}, false},
		{[]int{0, 0, 0}, agreement.Majority{}, false},
	} {
		if m, ok := agreement.MajorityOf(v.counts, 1); m != v.want || ok != v.ok {
			t.Errorf("MajorityOf(%v) = %+v, %v", v.counts, m, ok)
		}
	}
}

// dataFile opens a gzipped file of the real test data, or skips the test.
func dataFile(t *testing.T, name string) *bufio.Scanner {
	t.Helper()
	root := os.Getenv("PREFAB_TEST_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(root, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the test data %s is absent; PREFAB_TEST_DATA names its folder", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(z)
	s.Buffer(nil, 1<<20)
	return s
}

// On UKPConvArg1 alpha is .273 when arguments are compared as they were shown, and .074 when votes are first renamed to
// "for the winner" and "against it": the mistake that the package comment warns of.
func TestLabelsMustBeFixedBeforeTheVote(t *testing.T) {
	items := map[string]*[3]int{}
	lines := dataFile(t, "multi_annotator/ukpconvarg1_annotations.jsonl.gz")
	for lines.Scan() {
		var vote struct {
			Pair  string `json:"pair_id"`
			Label string `json:"label"`
		}
		if err := json.Unmarshal(lines.Bytes(), &vote); err != nil {
			t.Fatal(err)
		}
		if items[vote.Pair] == nil {
			items[vote.Pair] = &[3]int{}
		}
		items[vote.Pair][map[string]int{"a1": 0, "equal": 1, "a2": 2}[vote.Label]]++
	}
	shown, derived := agreement.NewBuilder(-1, 0, 1), agreement.NewBuilder(-1, 0, 1)
	for _, c := range items {
		shown.Add(c[0], c[1], c[2])
		derived.Add(max(c[0], c[2]), c[1], min(c[0], c[2]))
	}
	right, wrong := shown.Table(), derived.Table()
	check(t, "alpha of what was shown", right.Krippendorff(agreement.DistanceNominal), 0.273, 5e-4)
	check(t, "alpha of winners", wrong.Krippendorff(agreement.DistanceNominal), 0.074, 5e-4)
}
