package compare

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestAgree(t *testing.T) {
	for _, c := range []struct {
		truth, found      string
		recall, precision float64
		gone              int
	}{
		{"0 0 2 3", "0 0 2 3", 1, 1, 1},
		{"0 0 0 3", "0 0 2 3", 1.0 / 3, 1, 1}, // of three pairs one is found
		{"0 0 2 3", "0 0 0 0", 1, 1.0 / 6, 3}, // six pairs, of which one is right
		{"0 1 2", "0 1 2", 1, 1, 0},
		{"0 0 1 1", "0 1 0 1", 0, 0, 2},
	} {
		a, err := agree(strings.Fields(c.truth), strings.Fields(c.found))
		if err != nil || a != (agreement{c.recall, c.precision, c.gone}) {
			t.Errorf("%s and %s: %+v, %v", c.truth, c.found, a, err)
		}
	}
	if _, err := agree([]string{"0"}, nil); err == nil {
		t.Error("groups of no rows agree with those of one")
	}
}

func TestSpread(t *testing.T) {
	var runs []Usage
	for _, d := range []time.Duration{4e9, 1e9, 3e9, 2e9} {
		runs = append(runs, Usage{CPU: d})
	}
	if s := SpreadOf(runs, cpu); s != (Spread{1, 2.5, 4}) || s.String() != "2.50 [1.00, 4.00]" {
		t.Errorf("%+v is %s", s, s)
	}
}

// TestTurns is of the order of runs, and of a job that fails: it is not run again, and the others are.
func TestTurns(t *testing.T) {
	var order []string
	note := func(name string) func() error {
		return func() error { order = append(order, name); return nil }
	}
	list := turns(t.Context(), 3, []job{
		{tool: "a", argv: []string{"go", "version"}, prepare: note("a")},
		{tool: "b", argv: []string{"go", "version"}, prepare: note("b"), most: 2},
		{tool: "c", argv: []string{"go", "version"}, prepare: note("c"), check: func(string) error { return errors.New("no") }},
	})
	if got := strings.Join(order, ""); got != "abcaba" {
		t.Errorf("the order is %s", got)
	}
	if len(list[0].runs) != 3 || len(list[1].runs) != 2 || len(list[2].runs) != 0 || list[2].err == nil || list[0].runs[0].CPU <= 0 {
		t.Errorf("%+v", list)
	}
}

func TestDigits(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 0.01234: "0.0123", 1.5: "1.50", 123.4: "123", 98765: "98765"} {
		if got := digits(x); got != want {
			t.Errorf("%v is %s, want %s", x, got, want)
		}
	}
}
