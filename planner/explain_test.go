package planner

import (
	"strings"
	"testing"
)

// TestDescribe words changes so that the two sides can be told apart.
func TestDescribe(t *testing.T) {
	call := func(name string) string {
		return `{"args":[{"name":"topic","op":"row"}],"name":"` + name + `","op":"call"}`
	}
	long := strings.Repeat("word ", 20)
	for _, c := range []struct{ name, was, is, want string }{
		{"map.category", call("lower"), call("upper"), "map.category lower(row.topic) -> upper(row.topic)"},
		{"map.category", "", call("upper"), "map.category = upper(row.topic) added"},
		{"env.X", `{"a":1}`, `{"a":2}`, `env.X {"a":1} -> {"a":2}`},
		{"text", long + "one", long + "two", "text …word word one -> …word word two"},
		{"ratios.train", "0.8", "0.85", "ratios.train 0.8 -> 0.85"},
	} {
		if got := describe(c.name, c.was, c.is); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}
