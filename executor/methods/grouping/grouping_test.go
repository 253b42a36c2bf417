package grouping_test

import (
	"reflect"
	"testing"

	"github.com/prefab-build/prefab/executor/methods/grouping"
)

func TestRows(t *testing.T) {
	var names grouping.Names
	for _, name := range []string{"", "a", "", "a", ""} {
		names.Add(name)
	}
	if got, want := names.Rows(), []int{-1, 0, -1, 0, -1}; !reflect.DeepEqual(got, want) {
		t.Errorf("the named groups are %v, want %v", got, want)
	}
	for _, test := range []struct {
		name  string
		alike []string
		want  []int
	}{
		{"similar prompts and named groups", []string{"x", "y", "x", "z", "w"}, []int{0, 1, 0, 1, 2}},
		{"chains through both", []string{"x", "x", "y", "y", "w"}, []int{0, 0, 0, 0, 1}},
		{"named groups alone", nil, []int{0, 1, 2, 1, 3}},
	} {
		if got := grouping.Rows(names.Rows(), test.alike); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: groups are %v, want %v", test.name, got, test.want)
		}
	}
}
