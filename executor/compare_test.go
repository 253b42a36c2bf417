package executor_test

import (
	"encoding/json"
	"testing"

	"github.com/prefab-build/prefab/executor"
)

func TestCompare(t *testing.T) {
	entry := func(rows int, metric float64, file string) []byte {
		b, err := json.Marshal(map[string]any{
			"counts":  map[string]any{"in": 10, "out": map[string]int{"rows": rows}},
			"metrics": []map[string]any{{"name": "accuracy", "value": metric}},
			"ports":   map[string]any{"model": map[string]any{"artifact": "model", "files": []map[string]any{{"name": file}}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	was := entry(5, 0.75, "a")
	for name, test := range map[string]struct {
		is                          []byte
		bitwise, tolerance, sampled bool
		differences                 int
	}{
		"the same":        {entry(5, 0.75, "a"), true, true, true, 0},
		"another file":    {entry(5, 0.75, "b"), false, true, true, 1},
		"a close metric":  {entry(5, 0.75000001, "a"), false, true, true, 1},
		"another metric":  {entry(5, 0.76, "a"), false, false, true, 1},
		"rows and a file": {entry(6, 0.75, "b"), false, false, true, 2},
	} {
		for determinism, want := range map[string]bool{
			"bitwise": test.bitwise, "bitwise per numerics class": test.bitwise, "tolerance": test.tolerance, "sampled": test.sampled,
		} {
			c, err := executor.Compare(determinism, was, test.is)
			if err != nil || c.Equal != want || len(c.Differences) != test.differences {
				t.Errorf("%s, %s: got %+v, %v", name, determinism, c, err)
			}
		}
	}
}
