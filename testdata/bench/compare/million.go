package compare

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

//go:embed million.prefab.hcl
var millionSpec string

// table is the large table of a run, with its pipeline.
type table struct {
	b     *bench
	s     *section
	dir   string
	rows  int
	bytes int64 // of the cache after the last step
	edits int   // so far
	cold  [2]float64
}

// The halves of the pipeline are timed apart: what goes over rows, and what trains and exports.
var halves = []struct {
	name   string
	target []string
}{
	{"to the split", []string{"--target", "split.main"}},
	{"the rest", nil},
}

// million measures a large table: cold, with nothing to do, and after edits. An append happens once, and so does what takes
// minutes: there is one run. One row is edited three times, each time another, on the way to the split.
func million(ctx context.Context, b *bench) (*section, error) {
	t := &table{b: b, dir: b.path("million"), rows: b.Sizes.Million}
	t.s = &section{
		title: "A large table",
		text: fmt.Sprintf("dataset, decontaminate (against %d items), validate, split; then \"the rest\": a linear reward model with its penalty\n"+
			"chosen by cross-validation, evaluate, filter, export. prefab alone: no peer does this. New bytes are those that the\n"+
			"cache grew by, also as a share of what it held after the first run of both halves. An edit's share of a stage's cold\n"+
			"time is told by the last column. A model is fitted to all rows, and one row more changes all of its numbers: after an\n"+
			"edit the rest is a run like the first.", b.Sizes.Items),
		head: append(slices.Clone(usage), "new MB in the cache", "stages that took longest"),
	}
	// The head says of prefab what the other tables say of tools: here runs are compared with the first.
	t.s.head[6] = "CPU against cold"
	if err := t.write(ctx); err != nil {
		return nil, err
	}
	info, err := os.Stat(t.path("pairs.jsonl"))
	if err != nil {
		return nil, err
	}
	cold := fmt.Sprintf("%d rows, %.0f MB, cold", t.rows, float64(info.Size())/1e6)
	for _, step := range []struct {
		name string
		runs int // of the first half
		do   func() error
	}{
		{cold, 1, func() error { return nil }},
		{"nothing to do", 1, func() error { t.b.settle(); return nil }},
		{"one row edited", 3, t.edit},
		{"1 % appended", 1, func() error { t.b.settle(); return t.extend(ctx) }},
	} {
		b.log("  %s", step.name)
		if err := t.measure(ctx, step.name, len(halves), step.runs, step.do); err != nil {
			return nil, err
		}
	}
	if b.Sizes.Millions > 0 {
		b.log("  %d rows", b.Sizes.Millions)
		t.rows, t.bytes = b.Sizes.Millions, 0
		if err := t.write(ctx); err != nil {
			return nil, err
		}
		return t.s, t.measure(ctx, fmt.Sprintf("%d rows, cold", t.rows), 1, 1, func() error { return nil })
	}
	return t.s, nil
}

func (t *table) path(name string) string { return filepath.Join(t.dir, name) }

// write makes the table and the pipeline, with an empty cache.
func (t *table) write(ctx context.Context) error {
	if err := t.b.renew(t.dir, map[string]string{"main.prefab.hcl": millionSpec}); err != nil {
		return err
	}
	if err := t.b.make(ctx, "items", "-n", fmt.Sprint(t.b.Sizes.Items), t.path("items.jsonl")); err != nil {
		return err
	}
	return t.b.make(ctx, "preferences", "-words", "1000", "-n", fmt.Sprint(t.rows), t.path("pairs.jsonl"))
}

// measure runs the halves of the pipeline, the first of them some times, each after a change.
func (t *table) measure(ctx context.Context, work string, upTo, runs int, change func() error) error {
	for i, half := range halves[:upTo] {
		j := t.b.prefab(t.dir, append([]string{"apply", "--yes"}, half.target...)...)
		j.limit = time.Hour
		if i == 0 {
			j.prepare = change
		} else {
			runs = 1
		}
		list := turns(ctx, runs, []job{j})
		if list[0].err != nil {
			return list[0].err
		}
		had := t.bytes
		var err error
		if t.bytes, err = size(t.path("cache")); err != nil {
			return err
		}
		more := float64(t.bytes-had) / float64(runs)
		grown := fmt.Sprintf("%.1f", more/1e6)
		if had > 0 {
			grown += fmt.Sprintf(" (%.1f %%)", 100*more/float64(had))
		}
		t.s.measured(work+", "+half.name, list, func(l series) []string { return []string{grown, longest(l.out)} })
		used := SpreadOf(list[0].runs, cpu).Median
		if t.cold[i] == 0 {
			t.cold[i] = used
		}
		t.s.rows[len(t.s.rows)-1][6] = digits(used / t.cold[i])
	}
	return nil
}

var stageRan = regexp.MustCompile(`(?m)^ +(\S+) +(?:ran|same) +(\S+[smh])\b`)

// longest are the stages of the last run that took at least a tenth of a second, as the run told them.
func longest(out string) string {
	type stage struct {
		name string
		took time.Duration
	}
	var list []stage
	for _, m := range stageRan.FindAllStringSubmatch(out, -1) {
		if d, err := time.ParseDuration(m[2]); err == nil && d >= 100*time.Millisecond {
			list = append(list, stage{m[1], d})
		}
	}
	slices.SortStableFunc(list, func(a, b stage) int { return int(b.took - a.took) })
	var texts []string
	for _, s := range list[:min(4, len(list))] {
		texts = append(texts, fmt.Sprintf("%s %v", s.name, s.took))
	}
	return strings.Join(texts, ", ")
}

// edit changes two letters of a row, another one each time.
func (t *table) edit() error {
	t.b.settle()
	t.edits++
	f, err := os.OpenFile(t.path("pairs.jsonl"), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(edited(f, t.edits), f.Close())
}

func edited(f *os.File, nth int) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	at := info.Size() / 4 * int64(nth%4)
	part := make([]byte, min(16<<10, info.Size()-at))
	if _, err := f.ReadAt(part, at); err != nil {
		return err
	}
	field := []byte(`"rejected":"`)
	i := bytes.Index(part, field)
	if i < 0 {
		return errors.New("no row begins where one is to be edited")
	}
	_, err = f.WriteAt([]byte("xx"), at+int64(i+len(field)))
	return err
}

// extend appends rows that the table does not have.
func (t *table) extend(ctx context.Context) error {
	more := t.path("more")
	if err := t.b.make(ctx, "preferences", "-words", "1000", "-from", fmt.Sprint(t.rows), "-n", fmt.Sprint(max(1, t.rows/100)), more); err != nil {
		return err
	}
	from, err := os.Open(more)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(t.path("pairs.jsonl"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close(), os.Remove(more))
}

// size is the bytes of all files of a folder.
func size(dir string) (int64, error) {
	var n int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	return n, err
}
