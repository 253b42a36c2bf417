package ngram

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/executor/methods/text"
)

// plainly decides by the definitions alone, without hashes or an index: the rule by which each item's question matches.
func plainly(b Benchmark, s Settings, t string) map[int]Match {
	var docs [][]string
	for _, it := range b.Items {
		docs = append(docs, strings.Fields(text.Normalize(it.Question)))
	}
	key := func(tokens []string) string { return strings.Join(tokens, " ") }
	grams := func(tokens []string) []string {
		var out []string
		for i := 0; i+s.N <= len(tokens); i++ {
			out = append(out, key(tokens[i:i+s.N]))
		}
		return out
	}
	holders := map[string]map[string]bool{}
	for _, d := range docs {
		for _, g := range grams(d) {
			if holders[g] == nil {
				holders[g] = map[string]bool{}
			}
			holders[g][key(d)] = true
		}
	}
	masked := func(g string) bool { return len(holders[g]) > s.MaskAbove }
	train := strings.Fields(text.Normalize(t))
	tg := grams(train)
	out := map[int]Match{}
	for i, d := range docs {
		if len(d) < s.ShortMin {
			continue
		}
		dg := grams(d)
		inDoc, inText := make([]bool, len(d)), make([]bool, len(train))
		longest, own, lost := 0, 0, 0
		for q, g := range dg {
			if masked(g) {
				lost++
				continue
			}
			own++
			for p := range tg {
				run := 0
				for p+run < len(tg) && q+run < len(dg) && tg[p+run] == dg[q+run] && !masked(tg[p+run]) {
					run++
				}
				if run == 0 {
					continue
				}
				longest = max(longest, run+s.N-1)
				for k := range s.N {
					inDoc[q+k], inText[p+k] = true, true
				}
			}
		}
		count := func(marks []bool) (n int) {
			for _, m := range marks {
				if m {
					n++
				}
			}
			return n
		}
		whole := false
		for p := 0; p+len(d) <= len(train); p++ {
			whole = whole || slices.Equal(d, train[p:p+len(d)])
		}
		m := Match{
			CovTest: float64(count(inDoc)) / float64(len(d)), CovTrain: float64(count(inText)) / float64(len(train)),
			Matched: count(inText), LongestSpan: longest,
		}
		enough := float64(len(d)) >= s.ShortShare*float64(len(train))
		skeleton := text.Skeleton(b.Items[i].Question)
		switch {
		case slices.Equal(d, train):
			m.Rule = Exact
		case len([]rune(skeleton)) >= s.SkeletonChars && skeleton == text.Skeleton(t):
			m.Rule = Skeleton
		case m.CovTest >= s.CovTest:
			m.Rule = CoverTest
		case m.CovTrain >= s.CovTrain && m.Matched >= s.Span:
			m.Rule = CoverTrain
		case longest >= s.Span:
			m.Rule = LongSpan
		case whole && lost > 0 && (own > 0 || len(d) >= s.Span || enough):
			m.Rule = Whole
		case whole && len(d) < s.N && enough:
			m.Rule = Short
		}
		if m.Rule != 0 {
			out[i] = m
		}
	}
	return out
}

// TestAgainstDefinition plants mutated, cut and joined items in random texts of a tiny vocabulary, where n-grams recur, are
// masked and overlap themselves, and compares with the definitions; and once more with hashes that nearly all collide.
func TestAgainstDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	rules := map[Rule]int{}
	for trial := range 900 {
		s := Settings{
			N: 2 + r.IntN(3), MaskAbove: 1 + r.IntN(4), CovTest: 0.5, CovTrain: 0.8, Span: 5 + r.IntN(3), ShortMin: 2,
			ShortShare: 0.5, SkeletonChars: 8, collidingHash: trial%2 == 1,
		}
		vocabulary := 2 + r.IntN(40)
		random := func(n int) string {
			out := make([]string, n)
			for i := range out {
				out[i] = string(rune('a'+r.IntN(vocabulary)%26)) + strings.Repeat("z", r.IntN(vocabulary)/26)
			}
			return strings.Join(out, " ")
		}
		phrase := random(6)
		var b Benchmark
		for range 1 + r.IntN(25) {
			q := random(r.IntN(14))
			if r.IntN(2) == 0 {
				q = phrase + " " + random(r.IntN(6))
			}
			b.Items = append(b.Items, Item{Question: q})
		}
		scan := build(t, s, b).NewScanner()
		for range 30 {
			row := random(r.IntN(8))
			for range r.IntN(3) {
				part := strings.Fields(b.Items[r.IntN(len(b.Items))].Question)
				from := 0
				if len(part) > 0 && r.IntN(2) == 0 {
					from = r.IntN(len(part))
				}
				row = strings.Join(part[from:], " ") + " " + row
			}
			if r.IntN(4) == 0 {
				row = b.Items[r.IntN(len(b.Items))].Question
			}
			if r.IntN(8) == 0 {
				row = strings.ReplaceAll(row, " ", "")
			}
			compare(t, b, s, row, scan.Scan(row), rules)
		}
	}
	for rule := Exact; rule <= Short; rule++ {
		if rules[rule] < 20 {
			t.Errorf("rule %v was tried only %d times", rule, rules[rule])
		}
	}
}

func compare(t *testing.T, b Benchmark, s Settings, row string, matches []Match, rules map[Rule]int) {
	t.Helper()
	want := plainly(b, s, row)
	got := map[int]bool{}
	for _, m := range matches {
		rules[m.Rule]++
		for _, ref := range m.Refs {
			got[ref.Item] = true
			w, ok := want[ref.Item]
			if !ok || w.Rule != m.Rule {
				t.Fatalf("%+v\n%q in %q is %v, want %v\n%+v", s, b.Items[ref.Item].Question, row, m.Rule, w.Rule, m)
			}
			if m.Rule != Exact && m.Rule != Whole && m.Rule != Short && fmt.Sprint(m.CovTest, m.CovTrain, m.Matched, m.LongestSpan) !=
				fmt.Sprint(w.CovTest, w.CovTrain, w.Matched, w.LongestSpan) {
				t.Fatalf("%+v\n%q in %q is\n%+v, want\n%+v", s, b.Items[ref.Item].Question, row, m, w)
			}
		}
	}
	for i, w := range want {
		if !got[i] {
			t.Fatalf("%+v\n%q in %q is not found, want %+v", s, b.Items[i].Question, row, w)
		}
	}
}
