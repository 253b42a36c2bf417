package linear

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/backends/reward"
)

// synthetic makes pairs of random English-like words. The chosen side of four
// in five holds a good word, the rejected one a bad word; the rest is noise.
func synthetic(n, words int, seed uint64) []reward.Example {
	r := rand.New(rand.NewPCG(seed, 1))
	zipf := rand.NewZipf(r, 1.1, 4, 20000)
	text := func(n int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = "w" + fmt.Sprint(zipf.Uint64())
			if r.IntN(9) == 0 {
				out[i] += "."
			}
		}
		return out
	}
	out := make([]reward.Example, n)
	for i := range out {
		good, bad := text(words/2+r.IntN(words)), text(words/2+r.IntN(words))
		if r.IntN(5) > 0 {
			good[r.IntN(len(good))] = fmt.Sprintf("good%d", r.IntN(3))
			bad[r.IntN(len(bad))] = fmt.Sprintf("bad%d", r.IntN(3))
		}
		out[i] = reward.Example{
			Key: sha256.Sum256(fmt.Append(nil, seed, i)), Group: i / 2, Weight: 1,
			Prompt: strings.Join(text(8), " ") + "?", Chosen: strings.Join(good, " "), Rejected: strings.Join(bad, " "),
		}
	}
	return out
}

// groupFolds deals groups to k folds in turn.
func groupFolds(examples []reward.Example, k int) []int {
	folds := make([]int, len(examples))
	for i, e := range examples {
		folds[i] = e.Group % k
	}
	return folds
}

func quick() Config {
	c := Defaults()
	c.Penalties = []float64{1e-3, 1e-2, 1e-1}
	c.CharNgrams = []int{4}
	return c
}

func train(t testing.TB, examples []reward.Example, cfg Config) (*Model, Report) {
	t.Helper()
	m, r, err := Train(context.Background(), examples, groupFolds(examples, 5), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m, r
}

func TestTrainLearns(t *testing.T) {
	examples := synthetic(600, 20, 1)
	m, r := train(t, examples, quick())
	if math.Abs(r.InitialLoss-math.Ln2) > 1e-15 {
		t.Errorf("initial loss %.17g, want ln 2", r.InitialLoss)
	}
	if r.CrossFit.Accuracy < 0.8 || r.CrossFit.Accuracy > 0.95 {
		t.Errorf("held-out accuracy %.3f: four in five pairs can be told apart, the rest is a coin", r.CrossFit.Accuracy)
	}
	if !r.Fit.Converged || r.Fit.Loss >= math.Ln2 {
		t.Errorf("fit %+v", r.Fit)
	}
	positive, negative := m.Top(3)
	for i := range 3 {
		if !strings.Contains(positive[i].Text, "good") || !strings.Contains(negative[i].Text, "bad") {
			t.Errorf("the strongest features are %+v and %+v", positive, negative)
			break
		}
	}
	if r.CrossFit.Calibration.Capped || r.CrossFit.Calibration.After > r.CrossFit.Calibration.Before {
		t.Errorf("calibration %+v", r.CrossFit.Calibration)
	}
	for i, d := range r.CrossFit.Margins {
		if r.CrossFit.Calibrated[i] != d/r.CrossFit.Calibration.Temperature {
			t.Fatal("calibrated margins are not margins over the temperature")
		}
	}
}

func TestBytesDoNotDependOnOrderOrProcessors(t *testing.T) {
	examples := synthetic(2500, 12, 2)
	folds := groupFolds(examples, 5)
	cfg := quick()
	run := func(examples []reward.Example, folds []int, procs int) (reward.Files, Report) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		m, r, err := Train(context.Background(), examples, folds, cfg, nil)
		if err != nil {
			t.Fatal(err)
		}
		files, err := m.Files()
		if err != nil {
			t.Fatal(err)
		}
		return files, r
	}
	want, report := run(examples, folds, 1)

	order := rand.New(rand.NewPCG(3, 3)).Perm(len(examples))
	shuffled, dealt := make([]reward.Example, len(order)), make([]int, len(order))
	for to, from := range order {
		shuffled[to], dealt[to] = examples[from], folds[from]
		shuffled[to].Group = 7 * examples[from].Group // numbers of groups do not matter
	}
	got, other := run(shuffled, dealt, 4)
	for name := range want {
		if !bytes.Equal(got[name], want[name]) {
			t.Errorf("%s differs with the order of the rows or the number of processors", name)
		}
	}
	for to, from := range order {
		if other.CrossFit.Margins[to] != report.CrossFit.Margins[from] || other.Resubstitution[to] != report.Resubstitution[from] {
			t.Fatalf("the margins of row %d moved", from)
		}
	}
	if !reflect.DeepEqual(other.Curve, report.Curve) {
		t.Error("the curve of penalties moved")
	}
}

func TestReloadScoresEqual(t *testing.T) {
	examples := synthetic(300, 15, 4)
	m, r := train(t, examples, quick())
	files, err := m.Files()
	if err != nil {
		t.Fatal(err)
	}
	scorer, err := reward.Openers{Architecture: func(f reward.Files) (reward.Scorer, error) { return Open(f) }}.Open(files)
	if err != nil {
		t.Fatal(err)
	}
	again := scorer.(*Model)
	margins, err := again.Margins(context.Background(), examples)
	if err != nil || !reflect.DeepEqual(margins, r.Resubstitution) {
		t.Errorf("the reloaded model gives other margins (%v)", err)
	}
	for _, text := range []string{"", "?", "good1 w1 w2. good1", "höhe 漢字 \xff\x00", strings.Repeat("w3 good2 ", 500)} {
		a, _ := m.Score("w1?", text)
		b, _ := again.Score("w1?", text)
		if a != b || math.IsNaN(a) {
			t.Errorf("%.10q scores %v and, reloaded, %v", text, a, b)
		}
	}
	twice, err := again.Files()
	if err != nil || !reflect.DeepEqual(twice, files) {
		t.Errorf("the reloaded model writes other bytes (%v)", err)
	}
	if again.Temperature() != r.CrossFit.Calibration.Temperature || again.Penalty() != r.Penalty {
		t.Error("temperature or penalty were lost")
	}
}

func TestSwappedSidesNegateTheMargin(t *testing.T) {
	examples := synthetic(200, 15, 5)
	m, r := train(t, examples, quick())
	swapped := append([]reward.Example(nil), examples...)
	for i, e := range examples {
		swapped[i].Chosen, swapped[i].Rejected = e.Rejected, e.Chosen
	}
	margins, err := m.Margins(context.Background(), swapped)
	if err != nil {
		t.Fatal(err)
	}
	for i := range margins {
		if margins[i] != -r.Resubstitution[i] {
			t.Fatalf("row %d: %g and, swapped, %g", i, r.Resubstitution[i], margins[i])
		}
	}
}

func TestConfigCheckNamesEveryFault(t *testing.T) {
	if p := Defaults().Check(); len(p) != 0 {
		t.Errorf("the defaults have problems: %v", p)
	}
	bad := Config{
		Ngrams: []int{0, 2, 2}, CharNgrams: []int{9}, Penalties: []float64{0, math.NaN()}, Tolerance: 2,
	}
	got := map[string]int{}
	for _, p := range bad.Check() {
		got[p.Attribute]++
	}
	want := map[string]int{
		"ngrams": 2, "char_ngrams": 1, "min_df": 1, "penalties": 2, "penalty_pairs": 1, "tolerance": 1, "max_iterations": 1,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("problems %v, want %v", got, want)
	}
}

func TestTrainRefuses(t *testing.T) {
	examples := synthetic(20, 10, 6)
	folds := groupFolds(examples, 4)
	split := append([]int(nil), folds...)
	split[1] = (split[0] + 1) % 4
	gap := make([]int, 20)
	for i := range gap {
		gap[i] = 2 * (examples[i].Group % 2)
	}
	for want, f := range map[string][]int{
		"is in folds":               split,
		"0 folds are given":         nil,
		"needs two folds":           make([]int, 20),
		"fold 1 of 3 has no pair":   gap,
		"folds are numbered from 0": append([]int{-1}, folds[1:]...),
	} {
		if _, _, err := Train(context.Background(), examples, f, quick(), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Train(ctx, examples, folds, quick(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled run gave %v", err)
	}
}

// The features and scores of fixed pairs. Whoever changes them on purpose raises
// Version, TokensVersion or both. Scores may differ in the last digits between
// machines, the rest may not.
func TestGolden(t *testing.T) {
	m, r := train(t, synthetic(400, 12, 15), quick())
	sum := sha256.New()
	for i, h := range m.hashes {
		fmt.Fprintf(sum, "%x %d %d %s\n", h, m.df[i], m.shapes[i], m.ngram(i))
	}
	got := fmt.Sprintf("%s %s %d features %x", Version, TokensVersion, len(m.hashes), sum.Sum(nil)[:8])
	if want := "linear/2 linear-tokens/1 2749 features f734324905de6bad"; got != want {
		t.Errorf("features %s, want %s", got, want)
	}
	a, _ := m.Score("w1 w2 w3?", "w5 good1 w9. w3 w12 w0")
	got = fmt.Sprintf("penalty %g score %.4f loss %.5f held out %.5f", r.Penalty, a, r.Fit.Loss, r.CrossFit.LogLoss)
	if want := "penalty 0.001 score 1.3375 loss 0.16148 held out 0.20151"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// FuzzOpen claims that no files make the reader or the model it returns panic.
func FuzzOpen(f *testing.F) {
	examples := synthetic(20, 5, 16)
	for _, interactions := range []bool{true, false} {
		cfg := quick()
		cfg.Interactions, cfg.MinDF, cfg.CharNgrams = interactions, 6, nil
		m, _ := train(f, examples, cfg)
		files, err := m.Files()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(files[reward.ConfigFile], files[reward.ModelFile])
	}
	f.Add([]byte(`{"architecture":"linear"}`), []byte{})
	f.Fuzz(func(t *testing.T, config, numbers []byte) {
		m, err := Open(reward.Files{reward.ConfigFile: config, reward.ModelFile: numbers})
		if err != nil {
			return
		}
		for _, text := range []string{"", "w1 good2. w3", "\xff"} {
			if _, err := m.Score("w1?", text); err != nil {
				t.Fatal(err)
			}
		}
		m.Top(3)
		if _, err := m.Files(); err != nil {
			t.Fatalf("read, but cannot be written: %v", err)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	m, _ := train(t, synthetic(60, 8, 17), quick())
	good, err := m.Files()
	if err != nil {
		t.Fatal(err)
	}
	edit := func(old, new string) reward.Files {
		text := strings.Replace(string(good[reward.ConfigFile]), old, new, 1)
		if text == string(good[reward.ConfigFile]) {
			t.Fatalf("the configuration has no %s", old)
		}
		return reward.Files{reward.ConfigFile: []byte(text), reward.ModelFile: good[reward.ModelFile]}
	}
	for want, files := range map[string]reward.Files{
		`architecture "bag"`:            edit(`"linear"`, `"bag"`),
		"version 2":                     edit(`"version": 1`, `"version": 2`),
		"unknown field":                 edit(`"version"`, `"x": 0, "version"`),
		"min_df: 0":                     edit(`"min_df": 3`, `"min_df": 0`),
		"not those of this version":     edit(`"log characters"`, `"log letters"`),
		"contradicts its configuration": edit(`"interactions": true`, `"interactions": false`),
		"are fewer than":                edit(`"features": `, `"features": -`),
		"has shape":                     edit(`"features": `, `"features": 1`),
		"no model.safetensors":          {reward.ConfigFile: good[reward.ConfigFile]},
		"the file is damaged":           {reward.ConfigFile: good[reward.ConfigFile], reward.ModelFile: good[reward.ModelFile][:len(good[reward.ModelFile])/20]},
		"occurs in":                     edit(`"documents": 120`, `"documents": 1`),
	} {
		if _, err := Open(files); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// Where there is next to nothing to learn, the fit must still take its step: a
// model of zeros would call every pair a tie.
func TestWeakSignalIsNoTie(t *testing.T) {
	examples := synthetic(400, 12, 18)
	for i := range examples {
		if i%2 == 1 {
			examples[i].Chosen, examples[i].Rejected = examples[i].Rejected, examples[i].Chosen
		}
	}
	cfg := quick()
	cfg.Penalties = []float64{1e4}
	_, r := train(t, examples, cfg)
	if !r.Fit.Converged || r.Fit.Iterations == 0 {
		t.Errorf("fit %+v", r.Fit)
	}
	for i, d := range r.Resubstitution {
		if d == 0 {
			t.Fatalf("row %d is a tie", i)
		}
	}
}
