package deduplicate

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage/stagetest"
	"github.com/prefab-build/prefab/spec"
)

// A pair is a row of a made case.
type pair struct {
	ID       string `json:"id"`
	Prompt   string `json:"prompt"`
	Chosen   string `json:"chosen"`
	Rejected string `json:"rejected"`
}

// made returns n pairs from a small vocabulary, many of them changed copies of others.
func made(r *rand.Rand, n int) []pair {
	list := make([]pair, n)
	for i := range list {
		p := pair{Prompt: words(r, 6), Chosen: words(r, 12), Rejected: words(r, 12)}
		if i > 0 && r.IntN(2) == 0 {
			p = list[r.IntN(i)]
			switch r.IntN(4) {
			case 0:
				p.Chosen += " " + words(r, 1)
			case 1:
				p.Prompt = strings.ToUpper(p.Prompt) + "!"
			case 2:
				p.Chosen, p.Rejected = p.Rejected, p.Chosen
			}
		}
		p.ID = spec.HashBytes(fmt.Append(nil, r.Uint64())).String()
		list[i] = p
	}
	return list
}

func words(r *rand.Rand, n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = string(rune('a'+r.IntN(26))) + string(rune('a'+r.IntN(4)))
	}
	return strings.Join(parts, " ")
}

// naive is the definition: rows in the order of their ids, each kept unless it equals or is alike to one that is kept.
func naive(list []pair, near bool, threshold float64, shingles func(string) []uint64) (kept []string, exact, alike int) {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b pair) int { return strings.Compare(a.ID, b.ID) })
	seen := map[string]bool{}
	var first []pair
	for _, p := range list {
		key := text.Normalize(p.Prompt) + "|" + text.Normalize(p.Chosen) + "|" + text.Normalize(p.Rejected)
		if seen[key] {
			exact++
			continue
		}
		seen[key] = true
		first = append(first, p)
	}
	var stay []map[string]bool
next:
	for _, p := range first {
		set := map[string]bool{}
		for i, s := range []string{p.Prompt, p.Chosen, p.Rejected} {
			for _, h := range shingles(s) {
				set[fmt.Sprint(i, h)] = true
			}
		}
		if near {
			for _, other := range stay {
				both := 0
				for h := range set {
					if other[h] {
						both++
					}
				}
				// The thresholds of the test have one decimal, so this comparison is exact.
				if 10*both >= int(10*threshold+0.5)*(len(set)+len(other)-both) {
					alike++
					continue next
				}
			}
		}
		stay = append(stay, set)
		kept = append(kept, p.ID)
	}
	return kept, exact, alike
}

func run(t *testing.T, config string, list []pair) *stagetest.Finished {
	t.Helper()
	var b strings.Builder
	for _, p := range list {
		line, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	return stagetest.Case(t, Kind, `{"config": `+config+`, "inputs": {"pairs": "pairs.jsonl"}}`, map[string]string{"pairs.jsonl": b.String()})
}

// ids returns the ids of the rows that go out, sorted.
func ids(t *testing.T, f *stagetest.Finished) []string {
	t.Helper()
	var out []string
	table := f.Result.Outputs["pairs"].Table
	for i := range table.Chunks() {
		c, err := table.Load(t.Context(), i, []string{spec.ID})
		if err != nil {
			t.Fatal(err)
		}
		for r := range c.Rows {
			out = append(out, c.IDs().Digest(r).String())
		}
	}
	slices.Sort(out)
	return out
}

// The rows that go out are those of the definition, whatever the order of the rows.
func TestDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 12 {
		size, threshold, shingle := 1+r.IntN(3), []float64{0.5, 0.7, 0.9, 1}[r.IntN(4)], shingleWord
		shingles := func(s string) []uint64 { return text.WordShingles(s, size) }
		if round%2 == 0 {
			shingle, shingles = shingleChar, func(s string) []uint64 { return text.CharShingles(s, size) }
		}
		config := fmt.Sprintf(`{"shingle": %q, "size": %d, "threshold": %v}`, shingle, size, threshold)
		list := made(r, 40)
		kept, exact, alike := naive(list, true, threshold, shingles)
		for range 2 {
			f := run(t, config, list)
			if got := ids(t, f); !slices.Equal(got, kept) {
				t.Fatalf("%s: %d rows stay, want %d:\n%v\n%v", config, len(got), len(kept), got, kept)
			}
			for _, m := range f.Result.Metrics {
				switch {
				case m.Name == "exact_duplicates" && *m.Value != float64(exact), m.Name == "near_duplicates" && *m.Value != float64(alike):
					t.Errorf("%s: %s is %v, want %d and %d", config, m.Name, *m.Value, exact, alike)
				}
			}
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
	}
}

// What goes out has nothing left to take away.
func TestIdempotent(t *testing.T) {
	list := made(rand.New(rand.NewPCG(3, 4)), 60)
	const config = `{"threshold": 0.6, "size": 2, "relabelled": "drop"}`
	kept := ids(t, run(t, config, list))
	var rest []pair
	for _, p := range list {
		if slices.Contains(kept, p.ID) {
			rest = append(rest, p)
		}
	}
	f := run(t, config, rest)
	if got := ids(t, f); !slices.Equal(got, kept) || len(f.Ledger) > 0 {
		t.Errorf("a second run takes away %d rows more", len(kept)-len(got))
	}
}

func TestFilter(t *testing.T) {
	f := newFilter(1000)
	r := rand.New(rand.NewPCG(5, 6))
	once, twice := make([]uint64, 500), make([]uint64, 500)
	for i := range once {
		once[i], twice[i] = r.Uint64(), r.Uint64()
	}
	f.add(once)
	f.add(twice)
	f.add(twice)
	if n := f.count(twice); n != len(twice) {
		t.Errorf("%d of %d hashes that were added twice are known", n, len(twice))
	}
	if n := f.count(once); n > len(once)/8 {
		t.Errorf("%d of %d hashes that were added once are taken for repeated ones", n, len(once))
	}
}

func TestRecords(t *testing.T) {
	want := record{id: spec.Digest{1}, prompt: half{2}, chosen: half{3}, rejected: half{4}, size: 0x01020304, chunk: 5}
	b := append([]byte(nil), want.id[:]...)
	b = append(append(append(b, want.prompt[:]...), want.chosen[:]...), want.rejected[:]...)
	b = append(b, 4, 3, 2, 1)
	got, err := appendRecords(nil, 5, append(b, b...))
	if err != nil || len(got) != 2 || got[0] != want || got[1].row != 1 {
		t.Errorf("the records are %v (%v), want two of %v", got, err, want)
	}
	if _, err := appendRecords(nil, 0, b[:len(b)-1]); err == nil {
		t.Error("a record that is cut off is read")
	}
}
