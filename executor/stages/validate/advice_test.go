package validate

import (
	"strings"
	"testing"
)

func TestFewPromptsAreNotCalledAlike(t *testing.T) {
	for _, c := range []struct {
		unique, groups float64
		want           string
	}{
		{295, 295, ""}, // the advice for few
		{300, 280, ""},
		{1200, 400, "Many prompts are alike: 1200 different ones make 400 groups."},
	} {
		got := advisePrompts(func(name string) (float64, bool) {
			return map[string]float64{"unique_prompts": c.unique, "prompt_groups": c.groups}[name], true
		})
		if !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%v prompts in %v groups: %q", c.unique, c.groups, got)
		}
	}
	if got := advisePrompts(func(string) (float64, bool) { return 0, false }); got != "" {
		t.Errorf("nothing measured: %q", got)
	}
}
