package ngram

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

func build(t testing.TB, s Settings, benchmarks ...Benchmark) *Index {
	t.Helper()
	x, err := NewIndex(benchmarks, s)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func questions(texts ...string) Benchmark {
	b := Benchmark{Name: "test"}
	for _, q := range texts {
		b.Items = append(b.Items, Item{Question: q})
	}
	return b
}

// words makes a text of n words that occur nowhere else.
func words(name string, n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s%d", name, i)
	}
	return strings.Join(out, " ")
}

func only(t *testing.T, x *Index, text string) Match {
	t.Helper()
	m := x.NewScanner().Scan(text)
	if len(m) != 1 {
		t.Fatalf("%q has %d matches %+v, want 1", text, len(m), m)
	}
	return m[0]
}

func clean(t *testing.T, x *Index, text string) {
	t.Helper()
	if m := x.NewScanner().Scan(text); len(m) != 0 {
		t.Errorf("%q matches %+v, want nothing", text, m)
	}
}

func TestCoverage(t *testing.T) {
	item := "a b c d e f g h i j"
	x := build(t, Defaults(), questions(item))
	m := only(t, x, "zz a b c d e f g h yy")
	if m.CovTest != 0.8 || m.Rule != CoverTest || m.LongestSpan != 8 || m.Matched != 8 || m.CovTrain != 0.8 {
		t.Errorf("a to h: %+v", m)
	}
	if m.Start != 3 || m.End != 18 {
		t.Errorf("a to h stand at %d to %d", m.Start, m.End)
	}
	clean(t, x, "zz a b c d e f g yy")
	// The blind spot of long n-grams: with n = 13 an item of ten tokens has none, and only equality finds it.
	long := Defaults()
	long.N, long.ShortMin = 13, 13
	clean(t, build(t, long, questions(item)), "zz "+item+" yy")
}

func TestCoverageIsPerText(t *testing.T) {
	item := words("w", 40)
	tokens := strings.Fields(item)
	x := build(t, Defaults(), questions(item))
	left, right := strings.Join(tokens[:12], " "), strings.Join(tokens[28:], " ")
	filler := words("f", 20)
	clean(t, x, left+" "+filler)
	clean(t, x, right+" "+filler)
	m := only(t, x, left+" "+filler+" "+right)
	if m.Rule != CoverTest || m.CovTest != 24.0/40 || m.LongestSpan != 12 {
		t.Errorf("two parts in one text: %+v", m)
	}
}

func TestRules(t *testing.T) {
	passage := words("p", 200)
	pt := strings.Fields(passage)
	item := "It's the well-known, often quoted opening of a rather long story about nothing."
	x := build(t, Defaults(), questions(passage, item, "who wrote moby dick", "too short"))
	for _, c := range []struct {
		name, text string
		want       Rule
	}{
		{"copy", "  " + strings.ToUpper(item), Exact},
		{"other word borders", strings.ReplaceAll(item, "'", ""), Skeleton},
		{"half of the item", words("f", 90) + " " + strings.Join(pt[20:130], " "), CoverTest},
		{"short excerpt", strings.Join(pt[50:63], " "), CoverTrain},
		{"excerpt among other words", words("f", 90) + " " + strings.Join(pt[50:63], " "), LongSpan},
		{"too short an excerpt", words("f", 90) + " " + strings.Join(pt[50:62], " "), 0},
		{"short item", "Please: who wrote Moby Dick?", Short},
		{"short item and as many other words", "now tell us please who wrote moby dick", Short},
		{"short item among more other words", "now tell us all please who wrote moby dick", 0},
		{"short item, equal", "Who wrote Moby-Dick?", Exact},
		{"unscorable", "too short", 0},
		{"empty", "", 0},
		{"nothing but separators", "?!", 0},
	} {
		var got Rule
		if m := x.NewScanner().Scan(c.text); len(m) > 0 {
			got = m[0].Rule
		}
		if got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if u := x.UnscorableItems(0); !slices.Equal(u, []int{3}) || len(x.Unscorable()) != 1 || x.Items(0) != 4 {
		t.Errorf("unscorable %v %v", u, x.Unscorable())
	}
}

func TestEvidence(t *testing.T) {
	a := Benchmark{Name: "a", Items: []Item{{Question: "unrelated question of some length here", Answer: "B"}}}
	b := Benchmark{Name: "b", Items: []Item{
		{Question: words("q", 9), Passage: words("p", 30), Answer: words("a", 10)},
		{Question: words("r", 9), Passage: words("p", 30)},
	}}
	x := build(t, Defaults(), a, b)
	text := "Réponse: «" + words("A", 10) + "» – and " + words("p", 30)
	ms := x.NewScanner().Scan(text)
	if len(ms) != 2 {
		t.Fatalf("matches %+v", ms)
	}
	if want := []Ref{{1, 0, Passage}, {1, 1, Passage}}; !slices.Equal(ms[0].Refs, want) {
		t.Errorf("passage belongs to %v, want %v", ms[0].Refs, want)
	}
	if want := []Ref{{1, 0, Answer}}; !slices.Equal(ms[1].Refs, want) {
		t.Errorf("answer belongs to %v, want %v", ms[1].Refs, want)
	}
	if got := text[ms[1].Start:ms[1].End]; got != words("A", 10) {
		t.Errorf("the answer stands at %q", got)
	}
	if got := text[ms[0].Start:ms[0].End]; got != words("p", 30) {
		t.Errorf("the passage stands at %q", got)
	}
	if u := x.Unscorable(); len(u) != 1 || u[0] != (Ref{0, 0, Answer}) || len(x.UnscorableItems(0)) != 0 {
		t.Errorf("unscorable %v", u)
	}
}

const boilerplate = "the following is a multiple choice question about " // eight tokens

func TestMask(t *testing.T) {
	var b Benchmark
	for i := range 11 {
		b.Items = append(b.Items, Item{Question: boilerplate + words(fmt.Sprint("q", i, "x"), 12)})
	}
	x := build(t, Defaults(), b)
	clean(t, x, "here "+boilerplate+words("other", 5))
	m := only(t, x, b.Items[4].Question)
	if m.Rule != Exact {
		t.Errorf("the item itself: %+v", m)
	}
	// With ten items the phrase is not masked, and eight of twenty tokens are under one half anyway; a shorter item is hit.
	b.Items = b.Items[:10]
	b.Items[0].Question = boilerplate + "history"
	if m := only(t, build(t, Defaults(), b), "here "+boilerplate+words("other", 5)); m.Refs[0].Item != 0 {
		t.Errorf("unmasked phrase: %+v", m)
	}
}

// TestMaskCountsTextsOnce: a passage of twenty questions must not mask itself, nor a benchmark that is listed twice.
func TestMaskCountsTextsOnce(t *testing.T) {
	var b Benchmark
	for i := range 20 {
		b.Items = append(b.Items, Item{Passage: words("p", 40), Question: words(fmt.Sprint("q", i, "x"), 12)})
	}
	x := build(t, Defaults(), b, b)
	m := only(t, x, "see: "+words("p", 40))
	if m.Rule != CoverTest || len(m.Refs) != 40 {
		t.Errorf("%v for %d items", m.Rule, len(m.Refs))
	}
}

// TestHidden: the n-grams of an item can all be masked; it is then found as a whole, and only so.
func TestHidden(t *testing.T) {
	var b Benchmark
	for i := range 12 { // eleven items contain all of the twelfth
		name := fmt.Sprint("q", i, "x")
		b.Items = append(b.Items, Item{Question: words(name, 40) + " " + words("h", 20) + " " + words(name+"y", 40)})
	}
	b.Items = append(b.Items, Item{Question: words("h", 20)}, Item{Question: words("h", 10)})
	x := build(t, Defaults(), b)
	m := only(t, x, "anything "+words("h", 20)+" "+words("f", 60))
	if m.Rule != Whole || m.Refs[0].Item != 12 || m.CovTest != 1 || m.LongestSpan != 20 {
		t.Errorf("hidden item: %+v", m)
	}
	clean(t, x, "anything "+words("h", 19)+" "+words("f", 60))
	if m := only(t, x, "ten "+words("h", 10)+" words"); m.Rule != Whole || m.Refs[0].Item != 13 {
		t.Errorf("hidden item of ten tokens: %+v", m)
	}
	clean(t, x, words("h", 10)+" "+words("f", 11))
}

// TestMostlyMasked: an item of common phrases with little of its own is found when it is copied whole.
func TestMostlyMasked(t *testing.T) {
	var b Benchmark
	phrase := words("common", 30)
	for i := range 15 {
		b.Items = append(b.Items, Item{Question: phrase + " " + fmt.Sprint("one", i, " two", i)})
	}
	x := build(t, Defaults(), b)
	m := only(t, x, "Task. "+b.Items[7].Question+" Answer: "+words("f", 100))
	if m.Rule != Whole || m.Refs[0].Item != 7 {
		t.Errorf("%+v", m)
	}
	clean(t, x, "Task. "+phrase+" Answer: "+words("f", 100))
}

var wrappers = []string{
	"%s", "Question: %s\nAnswer:", "### Instruction:\n%s\n\n### Response:\n", "USER: %s ASSISTANT: sure, let me think about it",
	"«%s»", "Solve this. It is from an exam that I have tomorrow and I am lost.\n\n%s\n\nExplain every step to me as to a child.",
	"<b>%s</b>", "%s %[1]s", "1. %s\n2. Something else entirely, which nobody asked.",
}

// TestWrappers: an item is found under every wrapper, however many other rows hold it; and what is left after removing
// all flagged rows scans clean.
func TestWrappers(t *testing.T) {
	b := corpus(200, 1)
	x := build(t, Defaults(), b)
	var rows []string
	for _, it := range b.Items {
		for _, w := range wrappers {
			rows = append(rows, fmt.Sprintf(w, it.Question))
		}
	}
	planted := len(rows)
	for _, it := range corpus(500, 2).Items {
		rows = append(rows, it.Question)
	}
	s := x.NewScanner()
	var kept []string
	for i, row := range rows {
		matches := s.Scan(row)
		if i < planted && !slices.ContainsFunc(matches, func(m Match) bool {
			return slices.ContainsFunc(m.Refs, func(r Ref) bool { return r.Item == i/len(wrappers) })
		}) {
			t.Errorf("item %d is not found in %q", i/len(wrappers), row)
		}
		if len(matches) == 0 {
			kept = append(kept, row)
		}
	}
	if len(kept) < 450 {
		t.Errorf("only %d of 500 rows that were not planted are clean", len(kept))
	}
	for _, row := range kept {
		if m := s.Scan(row); len(m) != 0 {
			t.Errorf("a second scan finds %+v in %q", m, row)
		}
	}
}

// corpus makes a benchmark of items of eight tokens and more in a small vocabulary, with phrases that recur.
func corpus(n int, seed uint64) Benchmark {
	r := rand.New(rand.NewPCG(seed, 0))
	phrases := make([]string, 30)
	shared := rand.New(rand.NewPCG(99, 0))
	for i := range phrases {
		phrases[i] = randomWords(shared, 3+shared.IntN(8))
	}
	b := Benchmark{Name: fmt.Sprint("corpus ", seed)}
	for range n {
		parts := []string{randomWords(r, 8)}
		for range r.IntN(5) {
			if r.IntN(3) == 0 {
				parts = append(parts, phrases[r.IntN(len(phrases))])
			}
			parts = append(parts, randomWords(r, 3+r.IntN(15)))
		}
		b.Items = append(b.Items, Item{Question: strings.Join(parts, ". ") + "?"})
	}
	return b
}

func randomWords(r *rand.Rand, n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint("W", int(r.ExpFloat64()*100))
	}
	return strings.Join(out, " ")
}

func TestSettings(t *testing.T) {
	if err := Defaults().Check(); err != nil {
		t.Fatal(err)
	}
	other := Defaults()
	other.CovTest = 0.6
	if other.Digest() == Defaults().Digest() {
		t.Error("the digest ignores a setting")
	}
	for name, change := range map[string]func(*Settings){
		"n": func(s *Settings) { s.N = 1 }, "short": func(s *Settings) { s.ShortMin = 9 }, "span": func(s *Settings) { s.Span = 7 },
		"mask": func(s *Settings) { s.MaskAbove = 0 }, "coverage": func(s *Settings) { s.CovTest = 0 },
		"nan": func(s *Settings) { s.CovTrain = math.NaN() }, "skeleton": func(s *Settings) { s.SkeletonChars = 0 },
	} {
		s := Defaults()
		change(&s)
		if _, err := NewIndex(nil, s); err == nil {
			t.Errorf("bad %s was accepted", name)
		}
	}
	clean(t, build(t, Defaults()), words("w", 50))
}

// TestJanitor: the case of lm-evaluation-harness's test, a 6-gram in other letters.
func TestJanitor(t *testing.T) {
	s := Defaults()
	s.N = 6
	x := build(t, s, questions("filth lots of dirty filthy filth"))
	m := only(t, x, strings.Repeat("clean text around it. ", 20)+"FILTH. lots of dirty filtHy FIlTh"+words(" more", 30))
	if m.Rule != CoverTest || m.LongestSpan != 6 {
		t.Errorf("%+v", m)
	}
}

func TestCleanTextsCostNoAllocation(t *testing.T) {
	s := build(t, Defaults(), corpus(100, 3)).NewScanner()
	rows := []string{words("f", 12), words("f", 300), "Déjà vu, как дела, 中文", "short one", ""}
	for _, row := range rows {
		s.Scan(row)
	}
	if n := testing.AllocsPerRun(20, func() {
		for _, row := range rows {
			if len(s.Scan(row)) > 0 {
				t.Fatalf("%q is not clean", row)
			}
		}
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func TestConcurrentScanners(t *testing.T) {
	b := corpus(100, 3)
	x := build(t, Defaults(), b)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			s := x.NewScanner()
			for i, it := range b.Items {
				if m := s.Scan(it.Question); len(m) == 0 || !slices.ContainsFunc(m, func(m Match) bool { return m.Rule == Exact }) {
					t.Errorf("item %d: %+v", i, m)
				}
			}
		})
	}
	wait.Wait()
}
