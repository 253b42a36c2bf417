package decontaminate

import (
	"testing"

	"github.com/prefab-build/prefab/executor/stage/stagetest"
	"github.com/prefab-build/prefab/spec"
)

func TestCases(t *testing.T) { stagetest.Run(t, Kind) }

func TestCheck(t *testing.T) {
	problems := func(config map[string]any) []string {
		var list []string
		for _, p := range Kind.Check(spec.Canonical(config)) {
			if p.Detail == "" {
				t.Errorf("the problem %q does not say what to do", p.Summary)
			}
			list = append(list, p.Path[0]+": "+p.Summary)
		}
		return list
	}
	for _, c := range []struct {
		name   string
		config map[string]any
		want   string
	}{
		{"no benchmark", map[string]any{"against": 0}, "against: No benchmark to decontaminate against"},
		{"absent", nil, "against: No benchmark to decontaminate against"},
		{"span below ngram", map[string]any{"against": 1, "ngram": 20}, "ngram: The settings do not fit together"},
		{"allowance without reason", map[string]any{"against": 1, "allow": []any{map[string]any{"id": "x"}}}, "allow: An allowance without an id or a reason"},
		{"good", map[string]any{"against": 2, "ngram": 13}, ""},
	} {
		got := problems(c.config)
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || got[0] != c.want) {
			t.Errorf("%s: problems are %q, want %q", c.name, got, c.want)
		}
	}
}
