package synthetic

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/prefab-build/prefab/executor/methods/ngram"
	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/text"
)

func generate(t *testing.T, c Config) []byte {
	t.Helper()
	if wrong := c.Check(); wrong != nil {
		t.Fatal(wrong)
	}
	var out []byte
	for _, p := range c.Parts() {
		raw, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Generate(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Count(b, []byte("\n")); got != p.Rows {
			t.Fatalf("the part from %d on says it has %d records and has %d", p.First, p.Rows, got)
		}
		out = append(out, b...)
	}
	return out
}

// pairsOf returns the records that can be read and are no malformed ones.
func pairsOf(t *testing.T, c Config) (list []record) {
	for line := range bytes.Lines(generate(t, c)) {
		var r record
		if json.Unmarshal(line, &r) == nil && r.Planted != malformed {
			list = append(list, r)
		}
	}
	return list
}

// TestGolden pins the bytes: a change here changes every example's results and needs another Version.
func TestGolden(t *testing.T) {
	c := Defaults()
	c.Rows = 700
	for table, want := range map[string]string{
		Pairs:   "352cf3bf5c6b6fe2",
		Prompts: "6000660ce38197b9",
		Votes:   "c5169c38c6fd7ebd",
		Items:   "9577d066420d98d5",
	} {
		c.Table = table
		sum := sha256.Sum256(generate(t, c))
		if got := hex.EncodeToString(sum[:8]); got != want {
			t.Errorf("%s have the digest %s, want %s", table, got, want)
		}
	}
}

func TestPlanted(t *testing.T) {
	for _, rows := range []int{1, 40, 499, 1700, 2400} {
		c := Defaults()
		c.Rows, c.Seed = rows, int64(rows)
		found := map[string]int{}
		broken := 0
		texts := map[string]record{}
		var list []record
		for line := range bytes.Lines(generate(t, c)) {
			var r record
			if json.Unmarshal(line, &r) != nil || r.Planted == malformed {
				broken++ // encoding/json mends a lone surrogate and takes duplicate names
				continue
			}
			found[r.Planted]++
			texts[r.UID] = r
			list = append(list, r)
		}
		for _, want := range Planted(c) {
			if slices.Contains(malformations, want.Defect) {
				broken -= want.Rows
			} else if found[want.Defect] != want.Rows {
				t.Errorf("%d rows: %d have %q, and Planted says %d", rows, found[want.Defect], want.Defect, want.Rows)
			}
		}
		if broken != 0 {
			t.Errorf("%d rows: %d more are broken than Planted says", rows, broken)
		}
		for _, r := range list {
			of := texts[r.PlantedFrom]
			switch r.Planted {
			case exactDuplicate:
				if r.Prompt != of.Prompt || r.Chosen != of.Chosen || *r.Rejected != *of.Rejected {
					t.Errorf("%s does not repeat %s", r.UID, of.UID)
				}
			case relabelled:
				if r.Prompt != of.Prompt || r.Chosen != *of.Rejected || *r.Rejected != of.Chosen || *r.ChosenScore != *of.RejectedScore {
					t.Errorf("%s does not turn %s round", r.UID, of.UID)
				}
			case nearDuplicate:
				a, b := text.CharShingles(r.Prompt, 5), text.CharShingles(of.Prompt, 5)
				if !near(a, b, 0.9) || r.Prompt == of.Prompt {
					t.Errorf("%s is not like %s", r.UID, of.UID)
				}
			case wrongLabel:
				if *r.ChosenScore > *r.RejectedScore {
					t.Errorf("%s has the label of its ratings", r.UID)
				}
			}
		}
	}
}

// near reports whether two sorted sets have that Jaccard index.
func near(a, b []uint64, tau float64) bool {
	both := 0
	for _, x := range a {
		if _, ok := slices.BinarySearch(b, x); ok {
			both++
		}
	}
	return float64(both) >= tau*float64(len(a)+len(b)-both)
}

// TestQuestions looks for near-duplicates among the questions of three seeds: there are those that were planted.
func TestQuestions(t *testing.T) {
	var list []record
	b := simjoin.NewBuilder()
	for seed := range int64(3) {
		c := Defaults()
		c.Seed = seed
		for _, r := range pairsOf(t, c) {
			list = append(list, r)
			b.Add(text.CharShingles(r.Prompt, 5))
		}
	}
	pairs, err := b.Collection().Join(context.Background(), simjoin.Ratio{Num: 7, Den: 10}, 2)
	if err != nil {
		t.Fatal(err)
	}
	plain := func(r record) bool { return r.Planted == "" || r.Planted == wrongLabel }
	for e := range pairs.All() {
		if plain(list[e.A]) && plain(list[e.B]) {
			t.Errorf("nobody planted that these are alike:\n%s\n%s", list[e.A].Prompt, list[e.B].Prompt)
		}
	}
	if pairs.Count() < 3*120 {
		t.Errorf("%d pairs of questions are alike, which are fewer than the copies", pairs.Count())
	}
}

func TestSlots(t *testing.T) {
	lists := map[string][]string{"persons": persons(), "places": places(), "times": times(), "worries": worries(), "wishes": wishes()}
	for _, tp := range topics {
		lists[tp.name+" things"], lists[tp.name+" tasks"] = tp.things(), tp.tasks()
	}
	for name, l := range lists {
		l = slices.Sorted(slices.Values(l))
		if len(slices.Compact(l)) != slotSize {
			t.Errorf("%s has %d different entries, want %d", name, len(l), slotSize)
		}
	}
	for a := range codes {
		b := (a*7 + 11) % codes
		x, y := code(a), code(b)
		same := 0
		for i := range x {
			if x[i] == y[i] {
				same++
			}
		}
		if a != b && same > 2 {
			t.Fatalf("the words %v and %v agree in %d places", x, y, same)
		}
	}
	if MaxRows > codes*len(topics)*len(forms) {
		t.Error("there are fewer questions than rows")
	}
}

// TestLeaks finds the copied items, and nothing else, as the kind decontaminate does.
func TestLeaks(t *testing.T) {
	c := Defaults()
	items := c
	items.Table, items.Rows = Items, c.BenchmarkItems
	var bench ngram.Benchmark
	for line := range bytes.Lines(generate(t, items)) {
		var it item
		if err := json.Unmarshal(line, &it); err != nil {
			t.Fatal(err)
		}
		bench.Items = append(bench.Items, ngram.Item{Question: it.Question, Passage: it.Passage, Answer: it.Answer})
	}
	x, err := ngram.NewIndex([]ngram.Benchmark{bench}, ngram.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	s := x.NewScanner()
	for _, r := range pairsOf(t, c) {
		hit := len(s.Scan(r.Prompt))+len(s.Scan(r.Chosen))+len(s.Scan(*r.Rejected)) > 0
		if planted := r.Planted == copiedItem || r.Planted == wrappedItem; hit != planted {
			t.Errorf("%s: found %t, planted %t: %s", r.UID, hit, planted, r.Prompt)
		}
	}
}

// TestSignal checks what the data are to teach: length says nothing unless it is made to decide, and ratings and votes
// agree with most labels.
func TestSignal(t *testing.T) {
	for _, test := range []struct{ shortcut, longer, slack float64 }{{0, 0.5, 0.03}, {0.5, 0.705, 0.03}, {1, 0.91, 0.02}} {
		c := Defaults()
		c.Shortcut, c.Seed = test.shortcut, 11
		var longer, alike, alikeLonger, gap, votes float64
		list := pairsOf(t, c)
		for _, r := range list {
			win := 0.5
			switch a, b := len(r.Chosen), len(*r.Rejected); {
			case a > b:
				win = 1
			case a < b:
				win = 0
			}
			longer += win
			if a, b := len(r.Chosen), len(*r.Rejected); 10*max(a-b, b-a) <= max(a, b) {
				alike++
				alikeLonger += win
			}
			gap += (*r.ChosenScore - *r.RejectedScore) / 9
			votes += float64(*r.VotesChosen-*r.VotesRejected) / float64(*r.VotesChosen+*r.VotesRejected+*r.VotesTie)
		}
		n := float64(len(list))
		if math.Abs(longer/n-test.longer) > test.slack {
			t.Errorf("shortcut %v: the longer answer wins %.3f of the pairs", test.shortcut, longer/n)
		}
		if alike < 100 || math.Abs(alikeLonger/alike-0.5) > 0.12 {
			t.Errorf("shortcut %v: of %v pairs of like length the longer answer wins %v", test.shortcut, alike, alikeLonger)
		}
		if gap/n < 0.3 || gap/n > 0.5 || votes/n < 0.3 {
			t.Errorf("shortcut %v: the mean gap is %.3f by ratings and %.3f by votes", test.shortcut, gap/n, votes/n)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		change func(*Config)
		wrong  string
	}{
		{func(c *Config) { c.Rows = 0 }, "rows"},
		{func(c *Config) { c.Rows = MaxRows + 1 }, "rows"},
		{func(c *Config) { c.Noise = 0.6 }, "noise"},
		{func(c *Config) { c.Shortcut = math.NaN() }, "shortcut"},
		{func(c *Config) { c.BenchmarkItems = 0 }, "benchmark_items"},
		{func(c *Config) { c.Table = "scores" }, "table"},
	} {
		c := Defaults()
		test.change(&c)
		if _, ok := c.Check()[test.wrong]; !ok {
			t.Errorf("%+v: %v", c, c.Check())
		}
	}
	if _, err := Generate([]byte(`{"rows": 5}`)); err == nil {
		t.Error("a part without settings was made")
	}
}
