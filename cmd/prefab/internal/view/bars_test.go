package view

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/lipgloss"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/spec"
)

// Every line of a frame has its columns where the others have theirs, and none is wider than the terminal.
func TestBarsHaveOneEdge(t *testing.T) {
	var out bytes.Buffer
	s := &Progress{v: New(&out, &out, Options{NoColor: true}), width: 20}
	now := time.Unix(100, 0)
	at := func(done, total int64, unit string) *row {
		return &row{since: now.Add(-time.Minute), phase: now.Add(-time.Second), last: executor.Event{Time: now, Done: done, Total: total, Unit: unit}}
	}
	for _, c := range []struct {
		name string
		r    *row
		want string
	}{
		{"dataset.raw", &row{since: now.Add(-3 * time.Second)}, "  dataset.raw           [-------------]  at work for 3.0s"},
		{"dataset.raw", at(12, 100, "rows"), "  dataset.raw           [>------------]  12 of 100 rows, 12/s, 7.3s left"},
		{"dataset.raw", at(100, 100, "rows"), "  dataset.raw           [=============]  100 of 100 rows, 100/s"},
		{"dataset.raw", at(7, 0, "steps"), "  dataset.raw           [-------------]  7 steps, 7/s"},
		{
			"a_kind.with_a_very_long_name", at(10_000_000, 24_000_000, "prompts compared"),
			"  a_kind.with_a_very_…  [====>--------]  10,000,000 of 24,000,000 prompts compa…",
		},
		{"dataset.raw", &row{since: now, waits: 1_200_000_000}, "  dataset.raw           [-------------]  waits for 1.20 GB of memory"},
		{"dataset.raw", &row{ended: true, line: "  dataset.raw  ran"}, "  dataset.raw  ran"},
		{"dataset.raw", &row{ended: true}, ""},
	} {
		got := s.barLine(c.name, c.r, now, 80)
		if got != c.want {
			t.Errorf("%q\nwant\n%q", got, c.want)
		}
		if w := lipgloss.Width(s.barLine(c.name, c.r, now, 50)); w > 50 {
			t.Errorf("%s is %d wide in a terminal of 50", strings.TrimSpace(got), w)
		}
	}
}

// Who waits for memory says so, where there are no bars and for machines too, and has not worked meanwhile.
func TestWaitingIsTold(t *testing.T) {
	var out bytes.Buffer
	s := &Progress{v: New(&out, &out, Options{JSON: true}), work: map[spec.Addr]*working{}}
	a := spec.Addr{Kind: "reward_model", Name: "rm"}
	now := time.Unix(100, 0)
	s.Event(executor.Event{Type: "start", Addr: a, Time: now})
	s.Event(executor.Event{Type: "waiting", Addr: a, Time: now, Bytes: 2_500_000_000})
	if got := s.work[a].text(now.Add(time.Minute), 40); got != "waits for 2.50 GB of memory" {
		t.Error(got)
	}
	s.Event(executor.Event{Type: "admitted", Addr: a, Time: now.Add(time.Minute)})
	if got := s.work[a].text(now.Add(63*time.Second), 40); got != "at work for 3.0s" {
		t.Error(got)
	}
	if !strings.Contains(out.String(), `"bytes":2500000000,"time"`) || !strings.Contains(out.String(), `"type":"admitted"`) {
		t.Error(out.String())
	}
}
