package evaluate

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/executor/stage/stagetest"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// judged is what a bare threshold comes to under both profiles: pass, warn or fail.
func judged(f *stagetest.Finished, metric string) string {
	var list []string
	for _, profile := range []string{"documented", "strict"} {
		v := stagetest.Judge(Kind, f, profile, metric)
		text := string(v.Outcome)
		if v.Outcome == planner.Fail && v.Severity == "warn" {
			text = "warn"
		}
		list = append(list, text)
	}
	return strings.Join(list, " ")
}

// Seven of ten are enough for the documented profile, if just; the strict one wants the lower end of the interval there,
// which of 200 pairs takes 153 right by Wilson's formula and about as many by the bootstrap.
func TestAccuracyVerdicts(t *testing.T) {
	for _, c := range []struct {
		right int
		want  string
	}{{139, "fail fail"}, {140, "pass fail"}, {150, "pass fail"}, {156, "pass pass"}} {
		f, _ := measured(t, map[string][]pair{"validation": rows("v", c.right, 200-c.right)}, nil)
		if got := judged(f, "validation.accuracy"); got != c.want {
			t.Errorf("%d of 200: %s, want %s", c.right, got, c.want)
		}
	}
}

// Raters who disagree leave a model less to reach: 75 % right fails the strict profile where nothing is known of them
// (above), and passes where it is most of the way to what they agree on. The model is wrong where they are split.
func TestAccuracyVerdictBelowACeiling(t *testing.T) {
	list := rows("v", 150, 50)
	for i := range list {
		agree, against := int64(3), int64(0)
		if i >= 100 {
			agree, against = 2, 1
		}
		list[i].Votes, list[i].Against = &agree, &against
	}
	f, m := measured(t, map[string][]pair{"validation": list}, nil)
	const a = (1 + 1.0/3) / 2
	want(t, m, map[string]float64{"validation.accuracy": 0.75, "validation.normalised": 0.25 / (math.Sqrt(2*a-1) / 2)})
	if got := judged(f, "validation.accuracy"); got != "pass pass" {
		t.Errorf("accuracy %s, normalised %s: %s", spec.Canonical(m["validation.accuracy"]), spec.Canonical(m["validation.normalised"]), got)
	}
}

// A gap of exactly a tenth is too large, and the strict profile wants the upper end of its interval under it.
func TestOverfitVerdicts(t *testing.T) {
	for _, c := range []struct {
		right, of int
		gap       float64
		want      string
	}{{180, 200, 0.1, "fail fail"}, {181, 200, 0.095, "pass fail"}, {190, 200, 0.05, "pass pass"}, {19, 20, 0.05, "pass fail"}} {
		f, m := measured(t, map[string][]pair{"train": rows("t", 200, 0), "validation": rows("v", c.right, c.of-c.right)}, nil)
		want(t, m, map[string]float64{"overfit": c.gap})
		if got := judged(f, "overfit"); got != c.want {
			t.Errorf("%d of %d: %s, want %s", c.right, c.of, got, c.want)
		}
		se := math.Sqrt(float64(c.right)*float64(c.of-c.right)/float64(c.of)) / float64(c.of)
		if half := *m["overfit"].High - c.gap; math.Abs(half-1.959963984540054*se) > 1e-9 {
			t.Errorf("%d of %d: the interval's half is %g, want %g", c.right, c.of, half, 1.959963984540054*se)
		}
	}
	f, _ := measured(t, map[string][]pair{"validation": rows("v", 10, 0)}, nil)
	if got := judged(f, "overfit"); got != "not_evaluated not_evaluated" {
		t.Errorf("without train: %s", got)
	}
}

// A model that longer answers alone would match improves nothing, however accurate it is.
func TestImprovementVerdicts(t *testing.T) {
	list := func(longer int) []pair {
		out := rows("v", 90, 10)
		for i := range out[:longer] {
			out[i].Chosen += " and"
		}
		return out
	}
	for _, c := range []struct {
		longer int
		want   string
	}{{90, "warn fail"}, {20, "pass pass"}} {
		f, m := measured(t, map[string][]pair{"validation": list(c.longer)}, nil)
		want(t, m, map[string]float64{"validation.accuracy": 0.9})
		if got := judged(f, "validation.improvement"); got != c.want {
			t.Errorf("%d longer: %s, want %s", c.longer, got, c.want)
		}
	}
}

// Where length says nothing the model must still be better than a coin.
func TestLengthMatchedVerdicts(t *testing.T) {
	for _, c := range []struct {
		right int
		want  string
	}{{20, "warn fail"}, {30, "pass pass"}} {
		list := rows("v", c.right, 40-c.right) // of equal lengths
		for i := range 60 {
			list = append(list, row(fmt.Sprint("long", i), "good and long", "evil"))
		}
		f, m := measured(t, map[string][]pair{"validation": list}, nil)
		want(t, m, map[string]float64{"validation.length_matched_accuracy": float64(c.right) / 40})
		if n := m["validation.length_matched_accuracy"].N; n != 40 {
			t.Errorf("%d pairs count as of equal length, want 40", n)
		}
		if got := judged(f, "validation.length_matched_accuracy"); got != c.want {
			t.Errorf("%d of 40: %s, want %s", c.right, got, c.want)
		}
	}
	f, _ := measured(t, map[string][]pair{"validation": rows("v", 10, 0)}, nil)
	if got := judged(f, "validation.length_matched_accuracy"); got != "not_evaluated not_evaluated" {
		t.Errorf("of ten pairs: %s", got)
	}
}

// Fitted lengths point the way that won, even where lengths have a long tail and separate the labels.
func TestFitLengths(t *testing.T) {
	for _, lengths := range [][][2]int{
		{{90, 30}, {80, 20}, {50, 60}, {70, 10}},
		{{1_000_000, 3}, {12, 10}, {9, 8}, {500, 2}},
		{{100_000, 1}, {10, 1000}, {20, 10}, {30_000, 5}},
	} {
		p := &part{lengths: lengths, ids: make([]spec.Digest, len(lengths))}
		w := fitLengths(p)
		if math.IsNaN(w[0]) || math.IsInf(w[0], 0) || lengthLoss(p, w) >= math.Ln2 {
			t.Errorf("%v: weights %v of loss %g", lengths, w, lengthLoss(p, w))
		}
		for k := range w { // no step along an axis does better
			for _, d := range []float64{-1e-3, 1e-3} {
				near := w
				near[k] += d
				if lengthLoss(p, near) < lengthLoss(p, w) {
					t.Errorf("%v: %v is better than %v", lengths, near, w)
				}
			}
		}
	}
}
