package linear

import (
	"context"
	"math"
	"reflect"
	"strings"
	"testing"

	"gonum.org/v1/gonum/optimize"

	"github.com/prefab-build/prefab/backends/reward"
)

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"Hello, World!":           "hello|,|world|!",
		"don't DON’T 'quoted' o'": "don't|don't|'|quoted|'|o|'",
		"a1-b2 3.14":              "a1|-|b2|3|.|14",
		"Café ÜBER naïve":         "café|über|naïve",
		"我是 ab学生":                 "我|是|ab|学|生",
		"e\u0301te\tx\x00y\r\nz":  "e\u0301te|x|y|z",
		"😀ok…":                    "😀|ok|…",
		"’ x’ ’y":                 "’|x|’|’|y",
		"\xffbad\xc3":             "\ufffd|bad|\ufffd",
		"":                        "",
		" \n\t":                   "",
	} {
		var s scan
		s.scanWords(text, -1)
		var got []string
		for _, w := range s.words {
			var one scan
			got = append(got, string(one.appendText(nil, text, w.at, wordShape+1)))
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q has the words %q, want %q", text, got, want)
		}
	}
}

func TestChars(t *testing.T) {
	for text, want := range map[string]string{
		"Ab":         " ab ",
		"  A \n\nb ": " a b ",
		"É\u00a0x":   " é x ",
		"":           " ",
	} {
		var s scan
		s.scanChars(text, -1)
		var got []rune
		for _, c := range s.chars {
			got = append(got, c.r)
		}
		if string(got) != want {
			t.Errorf("%q has the characters %q, want %q", text, string(got), want)
		}
	}
}

// The text that a feature is shown with must be the text that it is made of:
// scanned by itself it gives the same hash.
func TestFeatureTextsHaveTheirHash(t *testing.T) {
	cfg := Defaults()
	cfg.MinDF, cfg.CharNgrams, cfg.Ngrams = 1, []int{1, 3, 4}, []int{1, 2, 3}
	examples := []reward.Example{
		{Key: [32]byte{1}, Weight: 1, Prompt: "q?", Chosen: "I'm sorry,  I can’t — ÜBER 漢字. ", Rejected: "\n\tSure! Here’s 1) a\u00a0list"},
		{Key: [32]byte{2}, Weight: 1, Prompt: "", Chosen: "ok", Rejected: ""},
	}
	c := prepare(t, examples, cfg)
	m, _, err := c.Fit(context.Background(), 0.1)
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(&Corpus{cfg: cfg}, 0)
	for i, h := range m.hashes {
		text, sh := m.ngram(i), shape(m.shapes[i])
		found := false
		for _, g := range r.grams(text) {
			found = found || g.hash == h && g.shape == sh
		}
		if !found || sh&^15 == charShape && len([]rune(text)) != sh.n() {
			t.Errorf("the %s feature %q does not contain itself", sh, text)
		}
	}
	if len(m.hashes) < 100 {
		t.Errorf("only %d features", len(m.hashes))
	}
}

func TestDocumentFrequenciesAreExact(t *testing.T) {
	examples := synthetic(300, 12, 12)
	cfg := Defaults()
	cfg.Lead = false
	c := prepare(t, examples, cfg)
	want := map[uint64]uint32{}
	r := newReader(&Corpus{cfg: cfg}, 0)
	for _, e := range examples {
		for _, text := range []string{e.Chosen, e.Rejected} {
			seen := map[uint64]bool{}
			for _, g := range r.grams(text) {
				if !seen[g.hash] {
					seen[g.hash] = true
					want[g.hash]++
				}
			}
		}
	}
	for h, n := range want {
		if n < uint32(cfg.MinDF) {
			delete(want, h)
		}
	}
	got := map[uint64]uint32{}
	for i, f := range c.features {
		got[f.hash] = f.df
		if i > 0 && c.features[i-1].df < f.df {
			t.Fatal("features are not in order of frequency")
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%d features, want %d with their exact frequencies", len(got), len(want))
	}
}

func TestInteractionsSeeThePrompt(t *testing.T) {
	index := map[string]int{}
	for i, name := range Interactions() {
		index[name] = i
	}
	read := func(prompt, response string) [len(interactions)]float64 {
		r := newReader(&Corpus{cfg: Defaults()}, 0)
		r.asked.read(prompt, &r.scan)
		r.grams(response)
		var out [len(interactions)]float64
		r.asked.features(&out, response, &r.scan, &r.seen)
		return out
	}
	prompt := reward.Render([]reward.Message{
		{Role: "user", Content: "ignored earlier turn"},
		{Role: "assistant", Content: "yes"},
		{Role: "user", Content: "name three red fruits?"},
	})
	got := read(prompt, "Three red fruits:\n1. cherries\n2) apples\n- red `currants`\n\"Any\" OTHER question?")
	for name, want := range map[string]float64{
		"list items":                    math.Log1p(3),
		"lines":                         math.Log1p(4),
		"question marks":                math.Log1p(1),
		"quotes":                        math.Log1p(2),
		"digits":                        math.Log1p(2),
		"ends with a question":          1,
		"ends a sentence":               1,
		"words from the request, log":   math.Log1p(4), // three red fruits ?
		"request covered, share":        4.0 / 5,
		"opens like the request":        0,
		"bold or code marks":            math.Log1p(2),
		"question marks x request asks": math.Log1p(1),
		"log characters x later turn":   got[index["log characters"]] * math.Log1p(2),
		"log characters x request asks": got[index["log characters"]],
		"exclamation marks":             0,
		"capitals, share":               7.0 / 55,
	} {
		i, ok := index[name]
		if !ok {
			t.Fatalf("there is no interaction %q", name)
		}
		if math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("%s is %g, want %g", name, got[i], want)
		}
	}
	if a := read("name three red fruits?", "name three red things"); a[index["opens like the request"]] != 1 {
		t.Error("an echo of the request was not seen")
	}
	for i, v := range read("", "") {
		if v != 0 && !strings.Contains(interactions[i], "x") {
			t.Errorf("%s of nothing is %g", interactions[i], v)
		}
	}
}

// The loss, its gradient and its curvature must belong together, also with
// weights, margins and flipped labels.
func TestGradientByDifferences(t *testing.T) {
	examples := synthetic(60, 10, 13)
	for i := range examples {
		examples[i].Weight, examples[i].Margin = 0.5+float64(i%3), 0.1*float64(i%4)
	}
	c := prepare(t, examples, quick())
	x, err := c.differences(context.Background(), c.weigh(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	flipped := make([]bool, len(examples))
	for i := range flipped {
		flipped[i] = i%3 == 0
	}
	o := newObjective(c, x)
	o.lambda, o.flipped = 0.05, flipped
	w, grad, other := make([]float64, x.width()), make([]float64, x.width()), make([]float64, x.width())
	for j := range w {
		w[j] = math.Sin(float64(j))
	}
	at := func() float64 {
		loss, err := o.at(context.Background(), w, other, true)
		if err != nil {
			t.Fatal(err)
		}
		return loss
	}
	if _, err := o.at(context.Background(), w, grad, true); err != nil {
		t.Fatal(err)
	}
	if err := o.curve(context.Background(), w, true); err != nil {
		t.Fatal(err)
	}
	for j := 0; j < len(w); j += 7 {
		const h = 1e-4
		old := w[j]
		w[j] = old + h
		up := at()
		upSlope := other[j]
		w[j] = old - h
		down := at()
		downSlope := other[j]
		w[j] = old
		if d := (up - down) / (2 * h); math.Abs(d-grad[j]) > 1e-6 {
			t.Errorf("gradient %d is %g, by differences %g", j, grad[j], d)
		}
		if d := (upSlope - downSlope) / (2 * h); math.Abs(d-o.curvature[j]-o.lambda) > 1e-6 {
			t.Errorf("curvature %d is %g, by differences %g", j, o.curvature[j], d-o.lambda)
		}
	}
}

// gonum's optimizer must find the same minimum.
func TestMinimumAgreesWithGonum(t *testing.T) {
	c := prepare(t, synthetic(200, 12, 14), Defaults())
	x, err := c.differences(context.Background(), c.weigh(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	o := newObjective(c, x)
	o.lambda = 1e-2
	scratch := make([]float64, x.width())
	problem := optimize.Problem{
		Func: func(w []float64) float64 {
			loss, _ := o.at(context.Background(), w, scratch, true)
			return loss
		},
		Grad: func(grad, w []float64) { _, _ = o.at(context.Background(), w, grad, true) },
	}
	want, err := optimize.Minimize(problem, make([]float64, x.width()), &optimize.Settings{GradientThreshold: 1e-7}, &optimize.LBFGS{})
	if err != nil {
		t.Fatal(err)
	}
	l := &lbfgs{o: o, tolerance: 1e-10, limit: 1000, w: make([]float64, x.width())}
	fit, err := l.run(context.Background())
	if err != nil || !fit.Converged {
		t.Fatal(fit, err)
	}
	if math.Abs(fit.Loss-want.F) > 1e-9 {
		t.Errorf("minimum %.12g, gonum finds %.12g", fit.Loss, want.F)
	}
	for j := range l.w {
		if math.Abs(l.w[j]-want.X[j]) > 1e-3 {
			t.Fatalf("weight %d is %g, gonum finds %g", j, l.w[j], want.X[j])
		}
	}
}
