package rewardmodel

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/executor/stage/stagetest"
	"github.com/prefab-build/prefab/spec"
)

// pairs makes rows whose better answers have words of their own, some prompts more than once.
func pairs(n int) []string {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	var list []string
	for i := range n {
		topic := pick("gravity", "jazz", "bread", "chess", "glaciers", "taxes", "poetry", "rivers")
		list = append(list, string(spec.Canonical(map[string]any{
			"prompt":   fmt.Sprintf("%s %s. What should one know? Case %d", strings.Repeat(topic+" ", 8), pick("today", "now"), i),
			"chosen":   strings.Join([]string{"Well,", pick("because", "evidence", "that"), pick("of the", "it is"), pick("measured", "shown", "so")}, " "),
			"rejected": strings.Join([]string{"Well,", pick("dunno", "whatever", "that"), pick("of the", "it is"), pick("stuff", "shown", "so")}, " "),
		})))
	}
	return list
}

// In any order of the rows the model has the same bytes, and the scores and metrics are the same.
func TestOrderOfRows(t *testing.T) {
	for _, c := range []struct{ name, config string }{
		{"linear", `{"cross_fit": 3, "permutation_null": 3, "learning_curve": true,
			"architecture": [{"label": "linear", "ngrams": [1, 2], "min_df": 1, "penalties": [0.001, 0.01, 0.1]}]}`},
		{"bag", `{"cross_fit": 0, "architecture": [{"label": "bag", "buckets": 256, "width": 4, "hidden": 4, "epochs": 2, "batch_size": 16}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, held := pairs(60), pairs(80)[60:]
			run := func() *stagetest.Finished {
				return stagetest.Case(t, Kind, `{"config": `+c.config+`, "inputs": {"train": "train.jsonl", "validation": "validation.jsonl"}}`,
					map[string]string{"train.jsonl": strings.Join(list, "\n"), "validation.jsonl": strings.Join(held, "\n")})
			}
			first := run()
			r := rand.New(rand.NewPCG(3, 4))
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			r.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
			second := run()
			for port, out := range first.Result.Outputs {
				if a, b := spec.Canonical(out), spec.Canonical(second.Result.Outputs[port]); string(a) != string(b) {
					t.Errorf("in another order %s is %s and not %s", port, b, a)
				}
			}
			if a, b := spec.Canonical(first.Result.Metrics), spec.Canonical(second.Result.Metrics); string(a) != string(b) {
				t.Errorf("in another order the metrics are\n%s\nand not\n%s", b, a)
			}
		})
	}
}

// A penalty at the edge of its grid is said to be there, and one within is not.
func TestPenaltyAtTheEdge(t *testing.T) {
	edge := func(rows []string, penalties string) string {
		f := stagetest.Case(t, Kind, `{"config": {"cross_fit": 3, "architecture": [{"label": "linear", "min_df": 1, "penalties": `+penalties+`}]},
			"inputs": {"train": "train.jsonl"}}`, map[string]string{"train.jsonl": strings.Join(rows, "\n")})
		for _, m := range f.Result.Metrics {
			if m.Name == "penalty" {
				return string(spec.Canonical(m.Table))
			}
		}
		t.Fatal("no penalty was measured")
		return ""
	}
	noise := pairs(60)
	for i := range noise {
		if i%2 == 0 {
			noise[i] = strings.NewReplacer(`"chosen"`, `"rejected"`, `"rejected"`, `"chosen"`).Replace(noise[i])
		}
	}
	if s := edge(pairs(60), "[100, 1000]"); !strings.Contains(s, `"edge":"smallest"`) {
		t.Errorf("penalties too large for clear words: %s", s)
	}
	if s := edge(noise, "[0.0001, 0.01]"); !strings.Contains(s, `"edge":"largest"`) {
		t.Errorf("penalties too small for noise: %s", s)
	}
	if s := edge(pairs(60), "[0.01]"); strings.Contains(s, "edge") {
		t.Errorf("a fixed penalty has no grid: %s", s)
	}
}
