package view

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/gc"
)

var kindNames = map[executor.EntryKind]string{
	executor.ResultEntry: "results of stages", executor.ChunkEntry: "results of chunks", executor.SharedEntry: "work that is shared", executor.FileEntry: "how files were cut",
}

// CacheStats prints what lies in a cache.
func (v *View) CacheStats(s *gc.Stats, now time.Time) {
	if v.opts.JSON {
		v.printJSON(s)
		return
	}
	fmt.Fprintf(v.out, "%s\n", v.styles.bold.Render("Cache "+s.Dir))
	fmt.Fprintf(v.out, "  %s in %s", bytesText(s.Bytes), count(s.Objects, "object"))
	if s.Blobs > 0 && s.Unpacked > 0 {
		fmt.Fprintf(v.out, "; %s unpacked, %.1f to 1", bytesText(s.Unpacked), float64(s.Unpacked)/float64(s.Blobs))
		if s.Named > 0 {
			fmt.Fprintf(v.out, "; named %.1f times", float64(s.Named)/float64(s.Unpacked))
		}
	}
	fmt.Fprintln(v.out)
	for _, k := range s.Kinds {
		v.cacheLine(kindNames[k.Name], k.Entries, k.Blobs, k.Bytes)
	}
	v.cacheLine("named by nothing", 0, s.Unnamed.Count, s.Unnamed.Bytes)
	if s.Debris.Count > 0 {
		fmt.Fprintf(v.out, "  %s %31s %10s\n", pad("set aside, temporary", 22), count(s.Debris.Count, "file"), bytesText(s.Debris.Bytes))
	}
	if s.Lost > 0 {
		fmt.Fprintf(v.out, "  %s\n", v.styles.bad.Render(count(s.Lost, "blob")+" lost: prefab cache verify says what they belong to"))
	}
	fmt.Fprintln(v.out)
	v.cacheProjects(s.Projects, now)
	text := "Garbage collection would free nothing now"
	if s.Free > 0 {
		text = fmt.Sprintf("Garbage collection would free %s now", bytesText(s.Free))
	}
	fmt.Fprintf(v.out, "%s (%s).\n", v.styles.bold.Render(text), limitsText(s.Limits))
}

func (v *View) cacheLine(name string, entries, blobs int, bytes int64) {
	if entries+blobs == 0 {
		return
	}
	left := ""
	if entries > 0 {
		left = entriesText(entries)
	}
	fmt.Fprintf(v.out, "  %s %16s %14s %10s\n", pad(name, 22), left, count(blobs, "blob"), bytesText(bytes))
}

func entriesText(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return thousands(int64(n)) + " entries"
}

func (v *View) cacheProjects(list []gc.Project, now time.Time) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(v.out, v.styles.bold.Render("Projects"))
	for _, p := range list {
		fmt.Fprintf(v.out, "  %s\n", p.Dir)
		text := fmt.Sprintf("%s, %s of it alone; ran %s", bytesText(p.Bytes), bytesText(p.Alone), ago(now.Sub(p.Used)))
		if p.Gone {
			text += "; its folder is gone"
		}
		if len(p.Kept) > 0 {
			text += "; kept: " + strings.Join(p.Kept, ", ")
		}
		v.under(text, 6)
	}
	fmt.Fprintln(v.out)
}

// ago says how long something is past.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < 2*time.Hour:
		return count(int(d.Minutes()), "minute") + " ago"
	case d < 48*time.Hour:
		return count(int(d.Hours()), "hour") + " ago"
	}
	return count(int(d.Hours()/24), "day") + " ago"
}

func limitsText(l gc.Limits) string {
	return fmt.Sprintf("at most %s, unused for %v days", bytesText(l.MaxBytes), l.MaxAge.Hours()/24)
}

// Collected says what a garbage collection came to.
func (v *View) Collected(r *gc.Report, l gc.Limits) {
	if v.opts.JSON {
		v.printJSON(r)
		return
	}
	if r.Entries+r.Blobs+r.Debris == 0 {
		fmt.Fprint(v.out, "Nothing to remove. ")
	} else {
		fmt.Fprintf(v.out, "Removed %s: %s, %s", bytesText(r.Freed), entriesText(r.Entries), count(r.Blobs, "blob"))
		if r.Debris > 0 {
			fmt.Fprintf(v.out, ", %s left over", count(r.Debris, "file"))
		}
		fmt.Fprintln(v.out, ".")
	}
	fmt.Fprintf(v.out, "%s left; %s needed by %s", bytesText(r.Kept), bytesText(r.Needed), count(r.Projects, "project"))
	if r.InUse > 0 {
		fmt.Fprintf(v.out, ", %s in use by a running process", bytesText(r.InUse))
	}
	fmt.Fprintln(v.out, ".")
	if r.Over > 0 && l.MaxBytes > 0 {
		v.Note(v.wrap(fmt.Sprintf("That is %s more than the limit of %s: what is needed is not removed. Raise max_gb, or delete "+
			"projects and kept runs (log --unkeep RUN).", bytesText(r.Over), bytesText(l.MaxBytes)), 0))
	}
}

// Tidied tells of a collection that nobody asked for, when it did something.
func (v *View) Tidied(r *gc.Report) {
	if v.opts.JSON {
		return // the outcome was the last event
	}
	if r.Freed > 0 {
		v.Note(fmt.Sprintf("Cache: removed %s that nothing needs; %s left.", bytesText(r.Freed), bytesText(r.Kept)))
	}
}

// CacheVerified says what a verification found.
func (v *View) CacheVerified(c *gc.Checked, damage []cas.Damage, took time.Duration) {
	damage = damaged(damage)
	if v.opts.JSON {
		v.printJSON(struct {
			*gc.Checked
			Damage []cas.Damage `json:"damage,omitempty"`
		}{c, damage})
		return
	}
	share := ""
	if c.Share < 1 {
		share = fmt.Sprintf(" (a sample of %.3g %% of the blobs)", 100*c.Share)
	}
	if len(damage) == 0 && c.Lost == 0 {
		fmt.Fprintf(v.out, "Sound: %s, %s unpacked, in %s%s.\n", count(c.Sound, "object"), bytesText(c.Bytes), round(took), share)
		return
	}
	v.damages(damage)
	if len(c.Results) > 0 {
		fmt.Fprintln(v.out, v.styles.bold.Render("The next apply makes again"))
	}
	for i, r := range c.Results {
		if i == 0 || c.Results[i-1].Project != r.Project {
			fmt.Fprintf(v.out, "  of %s\n", r.Project)
		}
		fmt.Fprintf(v.out, "    %s\n", r.Addr)
	}
	fmt.Fprintln(v.out, v.wrap(fmt.Sprintf("%s sound, %d damaged, %d lost%s. What named them was dropped: %s.",
		count(c.Sound, "object"), len(damage), c.Lost, share, entriesText(c.Dropped)), 0))
}

// damages lists what is damaged, as far as a person reads.
func (v *View) damages(list []cas.Damage) {
	const most = 20
	for i, d := range list {
		if i == most {
			fmt.Fprintf(v.out, "  and %d more\n", len(list)-most)
			break
		}
		text := fmt.Sprintf("%s %s %s: %s", v.styles.bad.Render("damaged"), d.Kind, d.Digest.Short(), d.Reason)
		fmt.Fprintln(v.out, clip(text, v.width))
	}
	for _, d := range list {
		if d.Moved != "" {
			fmt.Fprintf(v.out, "set aside in %s\n\n", filepath.Dir(d.Moved))
			break
		}
	}
}

// damaged leaves out the entries that were dropped since what they name is damaged: that is told in another way.
func damaged(list []cas.Damage) (out []cas.Damage) {
	for _, d := range list {
		if d.Kind != "entry" || d.Reason != gc.Dropped {
			out = append(out, d)
		}
	}
	return out
}

// Kept says that a run is kept, or is not any more.
func (v *View) Kept(run int64, kept bool, results, missing int) {
	if v.opts.JSON {
		v.printJSON(map[string]any{"run": run, "kept": kept, "results": results, "missing": missing})
		return
	}
	if !kept {
		fmt.Fprintf(v.out, "Run %d is not kept any more.\n", run)
		return
	}
	fmt.Fprintf(v.out, "Run %d is kept: %s stay in the cache.\n", run, count(results-missing, "result"))
	if missing > 0 {
		v.Warning(fmt.Sprintf("%s of it %s in the cache no more.", count(missing, "result"), map[bool]string{true: "is", false: "are"}[missing == 1]))
	}
}
