package split

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage/stagetest"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

type pair struct {
	ID       string `json:"id"`
	Prompt   string `json:"prompt"`
	Chosen   string `json:"chosen"`
	Rejected string `json:"rejected"`
	Group    string `json:"group,omitempty"`
	Category string `json:"category,omitempty"`
}

func lines(list []pair) string {
	var b strings.Builder
	for _, p := range list {
		b.Write(spec.Canonical(p))
		b.WriteByte('\n')
	}
	return b.String()
}

// drawPrompts draws texts of few words over a small vocabulary, so that many are near-duplicates, some are equal and some
// are shorter than a shingle; and some that are like nothing else, so that there is a group for each part.
func drawPrompts(r *rapid.T, alone int) []pair {
	word := rapid.SampledFrom([]string{"gravity", "jazz", "Jazz!", "why", "a", "explain", "the rivers of", "taxes", "7"})
	var list []pair
	for i := range rapid.IntRange(2, 24).Draw(r, "rows") {
		list = append(list, pair{
			ID:       spec.HashBytes(fmt.Append(nil, i)).String(),
			Prompt:   strings.Join(rapid.SliceOfN(word, 1, 6).Draw(r, "words"), " "),
			Chosen:   "yes",
			Rejected: "no",
			Group:    rapid.SampledFrom([]string{"", "", "", "g1", "g2"}).Draw(r, "group"),
			Category: rapid.SampledFrom([]string{"", "x", "y"}).Draw(r, "category"),
		})
	}
	for i := range alone {
		h := spec.HashBytes(fmt.Append(nil, "alone", i)).String()
		list = append(list, pair{ID: h, Prompt: h, Chosen: "yes", Rejected: "no"})
	}
	return list
}

// partOf runs a split and returns the part of each row by id, and what was measured.
func partOf(t *testing.T, config string, list []pair) (map[string]string, map[string]spec.Metric) {
	t.Helper()
	f := stagetest.Case(t, Kind, `{"config": `+config+`, "inputs": {"pairs": "pairs.jsonl"}}`, map[string]string{"pairs.jsonl": lines(list)})
	parts := map[string]string{}
	for name, out := range f.Result.Outputs {
		for i := range out.Table.Chunks() {
			c, err := out.Table.Load(t.Context(), i, []string{spec.ID})
			if err != nil {
				t.Fatal(err)
			}
			eachID(c, func(id string) {
				if other, twice := parts[id]; twice {
					t.Fatalf("row %s is in %s and %s", id, other, name)
				}
				parts[id] = name
			})
		}
	}
	metrics := map[string]spec.Metric{}
	for _, m := range f.Result.Metrics {
		metrics[m.Name] = m
	}
	return parts, metrics
}

func eachID(c dataset.Chunk, do func(id string)) {
	ids := c.IDs()
	for r := range c.Rows {
		do(hex.EncodeToString(ids.At(r)))
	}
}

// Whatever the rows are: each is in one part, no two with similar prompts or of one group are divided, the stage says
// that nothing leaked, and the order of the rows changes nothing.
func TestGuarantees(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		strategy, alone := "balanced", 3
		if rapid.Bool().Draw(r, "stable") {
			strategy, alone = "stable", 100 // a part is empty once in 10^10 draws
		}
		list := drawPrompts(r, alone)
		config := fmt.Sprintf(`{"ratios": {"train": 0.6, "validation": 0.2, "test": 0.2}, "strategy": %q, "stratify": ["category"]}`, strategy)
		parts, metrics := partOf(t, config, list)
		if len(parts) != len(list) {
			r.Fatalf("of %d rows %d are in a part", len(list), len(parts))
		}
		if x := *metrics["leaked"].Value; x != 0 {
			r.Fatalf("%g rows leaked", x)
		}
		if x := *metrics["shared_groups"].Value; x != 0 {
			r.Fatalf("%g groups are divided", x)
		}
		sets := make([][]uint64, len(list))
		for i, p := range list {
			sets[i] = text.Form{}.AppendCharShingles(nil, p.Prompt, 5)
		}
		c := simjoin.New(sets)
		for i, a := range list {
			for j, b := range list[:i] {
				together := c.Jaccard(i, j) >= 0.7 || a.Group != "" && a.Group == b.Group
				if together && parts[a.ID] != parts[b.ID] {
					r.Fatalf("%q and %q belong together and are in %s and %s", a, b, parts[a.ID], parts[b.ID])
				}
			}
		}
		shuffled := rapid.Permutation(list).Draw(r, "order")
		again, measured := partOf(t, config, shuffled)
		if !maps.Equal(parts, again) {
			r.Fatalf("in another order the rows are divided otherwise")
		}
		for name, m := range metrics {
			if a, b := spec.Canonical(m), spec.Canonical(measured[name]); string(a) != string(b) {
				r.Fatalf("in another order %s is %s and not %s", name, b, a)
			}
		}
	})
}

// What leaks is counted by rows of the held-out part, equal and similar prompts apart, whichever part below has them.
func TestLeakedRows(t *testing.T) {
	var list []pair
	for i := range 40 {
		list = append(list, pair{
			ID: spec.HashBytes(fmt.Append(nil, i)).String(), Prompt: "What is the capital of the country of Freedonia?", Chosen: "a", Rejected: "b",
		})
		if i%2 == 1 {
			list[i].Prompt += " Please?"
		}
	}
	_, metrics := partOf(t, `{"ratios": {"train": 0.5, "validation": 0.25, "test": 0.25}, "group_by": "none"}`, list)
	m := metrics["leaked"]
	if *m.Value != 20 {
		t.Errorf("%g rows leaked, want the 20 of validation and test", *m.Value)
	}
	var table leakTable
	if err := json.Unmarshal(spec.Canonical(m.Table), &table); err != nil {
		t.Fatal(err)
	}
	if table.Equal != 20 || table.Similar != 0 || table.Parts["validation"] != 10 || table.Parts["test"] != 10 {
		t.Errorf("the table says %+v", table)
	}
	if len(table.Rows) != 5 || !slices.IsSorted(table.Rows) {
		t.Errorf("the table names the rows %v", table.Rows)
	}
}

// The documented sizes are enough, and a few rows less are not.
func TestSizes(t *testing.T) {
	for _, c := range []struct {
		rows int
		want planner.Outcome
	}{{1000, planner.Pass}, {996, planner.Fail}} {
		var list []pair
		for i := range c.rows {
			h := spec.HashBytes(fmt.Append(nil, i)).String()
			list = append(list, pair{ID: h, Prompt: h, Chosen: "a", Rejected: "b"})
		}
		f := stagetest.Case(t, Kind, `{"config": {"ratios": {"train": 0.8, "validation": 0.2}}, "inputs": {"pairs": "pairs.jsonl"}}`,
			map[string]string{"pairs.jsonl": lines(list)})
		for _, profile := range []string{"documented", "strict"} {
			for _, metric := range []string{"train_rows", "validation_rows"} {
				if v := stagetest.Judge(Kind, f, profile, metric); v.Outcome != c.want {
					t.Errorf("%d rows, %s: %s comes to %s on %s", c.rows, profile, metric, v.Outcome, spec.Canonical(v.Metrics))
				}
			}
			if v := stagetest.Judge(Kind, f, profile, "leaked"); v.Outcome != planner.Pass {
				t.Errorf("%s: leaked comes to %s", profile, v.Outcome)
			}
		}
	}
}
