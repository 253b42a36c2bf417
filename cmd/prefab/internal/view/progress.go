package view

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A Progress shows a run while it goes on: bars on a terminal, lines elsewhere, events for machines.
type Progress struct {
	v     *View
	width int
	bars  *mpb.Progress
	mu    sync.Mutex // guards what follows
	bar   map[spec.Addr]*mpb.Bar
	last  map[spec.Addr]time.Time // of the last line
	since map[spec.Addr]time.Time
	texts sync.Map // by address: what stands behind a bar; read by the goroutine that draws
}

// Progress begins to show a run.
func (v *View) Progress(p *planner.Plan) *Progress {
	s := &Progress{v: v, bar: map[spec.Addr]*mpb.Bar{}, last: map[spec.Addr]time.Time{}, since: map[spec.Addr]time.Time{}}
	for _, n := range p.Nodes {
		s.width = max(s.width, len(n.Addr.String()))
	}
	s.width = min(s.width, 34)
	if v.terminal {
		s.bars = mpb.New(mpb.WithOutput(v.err), mpb.WithWidth(24), mpb.WithRefreshRate(150*time.Millisecond))
	}
	return s
}

// Event takes in what happened.
func (s *Progress) Event(e executor.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.v.opts.JSON:
		s.v.printJSON(eventJSON(e))
	case s.bars != nil:
		s.draw(e)
	default:
		s.print(e)
	}
}

// Close ends the bars.
func (s *Progress) Close() {
	if s.bars == nil {
		return
	}
	for _, b := range s.bar {
		b.Abort(true)
	}
	s.bars.Wait()
}

// lineEvery is how often a stage that is at work writes a line where there is no terminal.
const lineEvery = 5 * time.Second

func (s *Progress) print(e executor.Event) {
	switch e.Type {
	case "start":
		s.since[e.Addr], s.last[e.Addr] = e.Time, e.Time
	case "progress":
		if e.Time.Sub(s.last[e.Addr]) < lineEvery {
			return
		}
		s.last[e.Addr] = e.Time
		fmt.Fprintf(s.v.err, "  %s  %s\n", pad(e.Addr.String(), s.width), progressText(e, s.since[e.Addr]))
	case "finish":
		if line := s.finished(e); line != "" {
			fmt.Fprintln(s.v.err, line)
		}
	}
}

func progressText(e executor.Event, since time.Time) string {
	text := thousands(e.Done) + " " + e.Unit
	if e.Total > 0 {
		text = fmt.Sprintf("%s of %s %s", thousands(e.Done), thousands(e.Total), e.Unit)
	}
	elapsed := e.Time.Sub(since).Seconds()
	if elapsed <= 0 || e.Done == 0 {
		return text
	}
	rate := float64(e.Done) / elapsed
	text += fmt.Sprintf(", %s/s", thousands(int64(rate)))
	if e.Total > e.Done {
		text += ", " + round(time.Duration(float64(e.Total-e.Done)/rate*float64(time.Second))) + " left"
	}
	return text
}

// finished is the line of a stage that came to its end; cached ones have none.
func (s *Progress) finished(e executor.Event) string {
	if e.State == executor.Cached || e.State == executor.Excluded || e.Addr.Kind == planner.UnionKind {
		return ""
	}
	line := fmt.Sprintf("  %s  %s", pad(clip(e.Addr.String(), s.width), s.width), pad(string(e.State), 7))
	if e.State == executor.Ran || e.State == executor.Same {
		line += "  " + pad(round(e.Elapsed), 6)
	}
	if e.Counts != nil {
		line += "  " + countsText(e.Counts)
	}
	if e.Reason != "" {
		line += "  " + e.Reason
	}
	return strings.TrimRight(clip(line, s.v.width), " ")
}

func countsText(c *executor.Counts) string {
	var out int64
	for _, n := range c.Out {
		out += n
	}
	var dropped int64
	for _, n := range c.Dropped {
		dropped += n
	}
	text := ""
	if len(c.Out) > 0 {
		text = thousands(out) + " rows"
	}
	if dropped > 0 {
		text += fmt.Sprintf(", %s dropped", thousands(dropped))
	}
	return text
}

// draw keeps one bar for each stage at work, and leaves a line above them when it ends.
func (s *Progress) draw(e executor.Event) {
	switch e.Type {
	case "start":
		s.since[e.Addr] = e.Time
		s.bar[e.Addr] = s.bars.AddBar(0,
			mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Name("  "+pad(clip(e.Addr.String(), s.width), s.width)+"  ")),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
				text, _ := s.texts.Load(e.Addr)
				line, _ := text.(string)
				return "  " + line
			})),
		)
	case "progress":
		if b := s.bar[e.Addr]; b != nil {
			s.texts.Store(e.Addr, progressText(e, s.since[e.Addr]))
			b.SetTotal(e.Total, false)
			b.SetCurrent(e.Done)
		}
	case "finish":
		if b := s.bar[e.Addr]; b != nil {
			b.Abort(true)
			delete(s.bar, e.Addr)
		}
		if line := s.finished(e); line != "" {
			fmt.Fprintln(s.bars, line)
		}
	}
}

// eventJSON is an event as machines read it.
func eventJSON(e executor.Event) map[string]any {
	m := map[string]any{"type": e.Type, "time": e.Time.UTC().Format(time.RFC3339Nano)}
	if !e.Addr.IsZero() {
		m["addr"] = e.Addr
	}
	switch e.Type {
	case "progress":
		m["done"], m["total"], m["unit"] = e.Done, e.Total, e.Unit
	case "finish":
		m["state"], m["elapsed_ms"] = e.State, e.Elapsed.Milliseconds()
		if e.Reason != "" {
			m["reason"] = e.Reason
		}
		if e.Counts != nil {
			m["counts"] = e.Counts
		}
		if len(e.Metrics) > 0 {
			m["metrics"] = e.Metrics
		}
	case "log", "placed", "warning":
		m["text"] = e.Text
	}
	return m
}
