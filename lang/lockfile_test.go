package lang

import (
	"strings"
	"testing"
)

func TestLockRoundTrip(t *testing.T) {
	pins := []Pin{
		{Addr: "dataset.hh", Files: map[string]string{"b.jsonl": "sha256:02", "a.jsonl": "sha256:01"}, Records: 7},
		{Addr: `benchmark.b["gsm8k"]`, Files: map[string]string{"g.jsonl": "sha256:03"}, Records: 1},
	}
	src := FormatLock(pins)
	if again := FormatLock([]Pin{pins[1], pins[0]}); string(again) != string(src) {
		t.Errorf("the order of the pins shows:\n%s\n%s", src, again)
	}
	back, problems := ReadLock(LockName, src)
	if len(problems) > 0 || len(back) != 2 {
		t.Fatalf("read back: %v, %v\n%s", back, problems, src)
	}
	for _, p := range back {
		if !p.Equal(pins[0]) && !p.Equal(pins[1]) {
			t.Errorf("%v was not written", p)
		}
	}
}

func TestLockCorrupt(t *testing.T) {
	for _, src := range []string{"input \"a\" {", "input \"a\" { records = [] }", "<<<<<<< HEAD\n", "surprise = 1\n"} {
		_, problems := ReadLock(LockName, []byte(src))
		if !problems.HasErrors() || !strings.Contains(problems[0].Detail, "prefab lock") {
			t.Errorf("%q gives %v", src, problems)
		}
	}
}
