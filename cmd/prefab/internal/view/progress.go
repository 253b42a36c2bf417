package view

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/vbauerster/mpb/v8"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/dataset/read"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A Progress shows a run while it goes on: bars on a terminal, lines elsewhere, events for machines. It is silent for a
// second at most, whatever the stages say of themselves.
type Progress struct {
	v     *View
	width int
	bars  *mpb.Progress
	stop  chan struct{}
	mu    sync.Mutex // guards what follows, and what is written
	bar   map[spec.Addr]*mpb.Bar
	work  map[spec.Addr]*working
	wrote time.Time // the last line
	rows  sync.Map  // by address: *row, what is drawn of a stage; read by the goroutine that draws
	ended sync.WaitGroup
}

// working is a stage at work.
type working struct {
	since time.Time
	phase time.Time      // since when it counts what it counts
	last  executor.Event // of its progress
	told  time.Time      // when a line or an event last spoke of it
	waits int64          // for so many bytes of memory
}

// silence is how long a run may go on without a sign of life, and rate how often a machine is told of one stage.
const (
	silence = time.Second
	rate    = 200 * time.Millisecond
)

// Progress begins to show a run.
func (v *View) Progress(p *planner.Plan) *Progress {
	s := &Progress{v: v, bar: map[spec.Addr]*mpb.Bar{}, work: map[spec.Addr]*working{}, stop: make(chan struct{}), wrote: time.Now()}
	for _, n := range p.Nodes {
		s.width = max(s.width, len(n.Addr.String()))
	}
	s.width = min(s.width, 34)
	if v.terminal {
		s.bars = mpb.New(mpb.WithOutput(v.live), mpb.WithRefreshRate(frameTime))
	} else {
		go s.alive()
	}
	return s
}

// Event takes in what happened.
func (s *Progress) Event(e executor.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e.Type {
	case "start":
		s.work[e.Addr] = &working{since: e.Time, phase: e.Time, told: e.Time}
	case "progress":
		w := s.work[e.Addr]
		if w == nil {
			return // it ended
		}
		if e.Unit != w.last.Unit && w.last.Unit != "" {
			w.phase = e.Time
		}
		w.last = e
		if s.bars == nil && (!s.v.opts.JSON || (e.Time.Sub(w.told) < rate && e.Done != e.Total)) {
			return // alive tells of it
		}
		w.told = e.Time
	case "waiting", "admitted":
		if w := s.work[e.Addr]; w != nil {
			w.waits, w.since, w.phase = e.Bytes, e.Time, e.Time
		}
	case "finish":
		delete(s.work, e.Addr)
	}
	s.show(e)
}

func (s *Progress) show(e executor.Event) {
	switch {
	case s.v.opts.JSON:
		s.v.printJSON(eventJSON(e))
		s.wrote = time.Now()
	case s.bars != nil:
		s.draw(e)
	default:
		s.print(e)
	}
}

// alive tells of a stage at work when nothing was told for a while.
func (s *Progress) alive() {
	tick := time.NewTicker(silence / 4)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case now := <-tick.C:
			s.mu.Lock()
			if now.Sub(s.wrote) > silence*3/4 {
				s.sign(now)
			}
			s.mu.Unlock()
		}
	}
}

// sign tells of the stage that nothing was told of for the longest time.
func (s *Progress) sign(now time.Time) {
	var at spec.Addr
	var longest *working
	for a, w := range s.work {
		if longest == nil || w.told.Before(longest.told) || (w.told.Equal(longest.told) && a.String() < at.String()) {
			at, longest = a, w
		}
	}
	if longest == nil {
		return
	}
	longest.told, s.wrote = now, now
	if s.v.opts.JSON {
		e := longest.last
		e.Type, e.Addr, e.Time = "progress", at, now
		s.v.printJSON(eventJSON(e))
		return
	}
	fmt.Fprintln(s.v.live, clip(fmt.Sprintf("  %s  %s", pad(clip(at.String(), s.width), s.width), longest.text(now, s.v.width-s.width-4)), s.v.width))
}

// text says how far a stage is.
func (w *working) text(now time.Time, room int) string {
	switch {
	case w.waits > 0:
		return waiting(w.waits)
	case w.last.Done == 0:
		return "at work for " + round(now.Sub(w.since))
	}
	return progressText(w.last, w.phase, room)
}

func waiting(bytes int64) string { return "waits for " + bytesText(bytes) + " of memory" }

// Close ends the bars.
func (s *Progress) Close() {
	close(s.stop)
	if s.bars == nil {
		return
	}
	for _, b := range s.bar {
		b.Abort(true)
	}
	s.ended.Wait()
	s.bars.Wait()
}

func (s *Progress) print(e executor.Event) {
	line := ""
	switch e.Type {
	case "finish":
		line = s.finished(e)
	case "log":
		line = fmt.Sprintf("  %s  %s", pad(clip(e.Addr.String(), s.width), s.width), s.v.wrap(e.Text, s.width+4))
	case "warning":
		s.v.Warning(e.Text)
	case "stopping":
		line = stopping
	}
	if line != "" {
		fmt.Fprintln(s.v.err, line)
		s.wrote = time.Now()
	}
}

// stopping is what a person is told after the first Ctrl-C.
const stopping = "Stopping when the chunks at work are done; Ctrl-C again stops at once."

// progressText says how far a stage is, with as much of its pace as there is room for.
func progressText(e executor.Event, since time.Time, room int) string {
	text := thousands(e.Done) + " " + e.Unit
	if e.Total > 0 {
		text = fmt.Sprintf("%s of %s %s", thousands(e.Done), thousands(e.Total), e.Unit)
	}
	elapsed := e.Time.Sub(since).Seconds()
	if elapsed <= 0 || e.Done == 0 {
		return text
	}
	pace := float64(e.Done) / elapsed
	fast, left := fmt.Sprintf(", %s/s", thousands(int64(pace))), ""
	if e.Total > e.Done {
		left = ", " + round(time.Duration(float64(e.Total-e.Done)/pace*float64(time.Second))) + " left"
	}
	for _, more := range []string{fast + left, left} {
		if lipgloss.Width(text+more) <= room {
			return text + more
		}
	}
	return text
}

// finished is the line of a stage that came to its end; cached ones have none.
func (s *Progress) finished(e executor.Event) string {
	if e.State == executor.Cached || e.State == executor.Excluded || e.Addr.Kind == planner.UnionKind {
		return ""
	}
	if e.State == executor.Blocked || e.State == executor.Skipped || e.Lost {
		return "" // the outcome lists them, with all reasons; what was lost is made again first
	}
	line := fmt.Sprintf("  %s  %s", pad(clip(e.Addr.String(), s.width), s.width), pad(string(e.State), 7))
	if e.State == executor.Ran || e.State == executor.Same {
		line += "  " + pad(round(e.Elapsed), 6)
	}
	if e.Counts != nil {
		line += "  " + countsText(e.Counts)
	}
	if e.Reason != "" && e.State != executor.Failed { // the outcome says why
		line += "  " + e.Reason
	}
	if s.bars != nil { // a line that a terminal breaks would upset the bars
		line = clip(line, s.v.width)
	}
	return strings.TrimRight(line, " ")
}

func countsText(c *executor.Counts) string {
	var out int64
	for _, n := range c.Out {
		out += n
	}
	var dropped int64
	for reason, n := range c.Dropped {
		if reason != read.NotSelected { // where was asked for
			dropped += n
		}
	}
	var parts []string
	if len(c.Out) > 0 {
		parts = append(parts, count(int(out), "row"))
	}
	if dropped > 0 {
		parts = append(parts, thousands(dropped)+" dropped")
	}
	if n := c.Dropped[read.NotSelected]; n > 0 {
		parts = append(parts, thousands(n)+" not selected")
	}
	return strings.Join(parts, ", ")
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
		if e.Lost {
			m["lost"] = true
		}
		if e.Counts != nil {
			m["counts"] = e.Counts
		}
		if len(e.Metrics) > 0 {
			m["metrics"] = e.Metrics
		}
	case "waiting":
		m["bytes"] = e.Bytes
	case "log", "placed", "warning", "action":
		m["text"] = e.Text
	}
	return m
}
