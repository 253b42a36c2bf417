package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/prefab-build/prefab/executor"
)

const (
	frameTime = 150 * time.Millisecond // between two frames
	barWidth  = 15                     // with its ends: as wide as state and time of a line, so that what follows has one edge
)

// A row is what stands on the line of a stage. It is not changed: the goroutine that draws reads it.
type row struct {
	since, phase time.Time
	last         executor.Event // of its progress
	waits        int64          // for so many bytes of memory
	ended        bool
	line         string // once it ended; a stage that was cached leaves none
}

// draw keeps one bar for each stage at work. When it ends, its line stands where the bar was until the bar is gone, and
// then above all bars: no frame shows both.
func (s *Progress) draw(e executor.Event) {
	switch e.Type {
	case "start":
		s.rows.Store(e.Addr, &row{since: e.Time})
		s.bar[e.Addr] = s.bars.MustAdd(0, nil, mpb.BarRemoveOnComplete(), mpb.BarFillerTrim(),
			mpb.PrependDecorators(decor.Any(func(st decor.Statistics) string {
				r, _ := s.rows.Load(e.Addr)
				return s.barLine(e.Addr.String(), r.(*row), time.Now(), st.AvailableWidth)
			})))
	case "waiting", "admitted":
		if s.bar[e.Addr] != nil {
			s.rows.Store(e.Addr, &row{since: e.Time, waits: e.Bytes})
		}
	case "progress":
		if s.bar[e.Addr] != nil {
			w := s.work[e.Addr]
			s.rows.Store(e.Addr, &row{since: w.since, phase: w.phase, last: e})
		}
	case "finish":
		s.drawn(e)
	case "log":
		fmt.Fprintf(s.bars, "  %s  %s\n", pad(clip(e.Addr.String(), s.width), s.width), s.v.wrap(e.Text, s.width+4))
	case "stopping":
		fmt.Fprintln(s.bars, stopping)
	case "warning":
		fmt.Fprintln(s.bars, s.v.styles.warn.Render("Warning: ")+s.v.wrap(e.Text, 9))
	}
}

// drawn ends a bar, and leaves its line.
func (s *Progress) drawn(e executor.Event) {
	b, line := s.bar[e.Addr], s.finished(e)
	if line != "" {
		s.v.transcribed(line)
	}
	if b == nil {
		if line != "" {
			fmt.Fprintln(s.bars, line)
		}
		return
	}
	delete(s.bar, e.Addr)
	s.rows.Store(e.Addr, &row{ended: true, line: line})
	b.Abort(true)
	if line == "" {
		return
	}
	s.ended.Go(func() {
		b.Wait()
		fmt.Fprintln(s.bars, line)
	})
}

// barLine is the line of a stage in one frame.
func (s *Progress) barLine(name string, r *row, now time.Time, width int) string {
	if r.ended {
		return r.line
	}
	head := "  " + pad(clip(name, s.width), s.width) + "  " + bar(r.last.Done, r.last.Total) + "  "
	room := min(width, s.v.width) - lipgloss.Width(head)
	switch {
	case r.waits > 0:
		return clip(head+waiting(r.waits), min(width, s.v.width))
	case r.last.Done == 0:
		return clip(head+"at work for "+round(now.Sub(r.since)), min(width, s.v.width))
	}
	return clip(head+progressText(r.last, r.phase, room), min(width, s.v.width))
}

// bar draws done of total; of an unknown total there is nothing to draw.
func bar(done, total int64) string {
	const inner = barWidth - 2
	full := 0
	if total > 0 {
		full = int(min(done, total) * inner / total)
	}
	text := strings.Repeat("=", full)
	if full > 0 && full < inner {
		text = text[1:] + ">"
	}
	return "[" + text + strings.Repeat("-", inner-full) + "]"
}
