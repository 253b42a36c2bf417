package grouping

import (
	"reflect"
	"testing"
)

func TestGroups(t *testing.T) {
	rows := []struct{ prompt, group string }{
		{"What is the capital of Freedonia, please?", ""},
		{"How do I bake a sourdough loaf at home?", "a"},
		{"what is the CAPITAL of Freedonia please", ""},
		{"Name a few moons of Saturn.", "a"},
		{"Who wrote the oldest known novel?", ""},
	}
	for _, test := range []struct {
		name       string
		b          *Builder
		similarity float64
		want       []int
	}{
		{"similar prompts and named groups", New(Shingle), Similarity, []int{0, 1, 0, 1, 2}},
		{"equal prompts", NewExact(), 1, []int{0, 1, 0, 1, 2}},
		{"named groups alone", New(Shingle), 0, []int{0, 1, 2, 1, 3}},
	} {
		for _, r := range rows {
			test.b.Add(r.prompt, r.group)
		}
		got, err := test.b.Rows().Groups(t.Context(), test.similarity)
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: groups are %v (%v), want %v", test.name, got, err, test.want)
		}
	}
}
