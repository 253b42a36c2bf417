package compare

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// An edit changes a pipeline that has run, and should make as few stages run as have another result.
type edit struct {
	name, right string
	// of is what it replaces in the specs of the tools; a tool without an entry has nothing of that sort.
	of map[string][]string
}

// The commands of the third step, which the edits change. Its output is the same after each.
const third = "cp out/1 out/2"

func alike(names string, oldnew ...string) map[string][]string {
	m := map[string][]string{}
	for _, n := range strings.Fields(names) {
		m[n] = oldnew
	}
	return m
}

// with adds what another tool is told.
func with(m map[string][]string, name string, oldnew ...string) map[string][]string {
	m[name] = oldnew
	return m
}

const others = "ninja make snakemake tofu dvc"

var listed = []edit{
	{"a comment", "0", alike("prefab "+others, "", "# About this file.\n")},
	{"order of two blocks", "0", alike("prefab " + others)}, // see apply
	{"a space more in one stage", "0", with(alike(others, third, "cp  out/1 out/2"), "prefab", "pairs     = deduplicate.s1.pairs", "pairs  =  deduplicate.s1.pairs")},
	{"inputs touched", "0", alike("prefab " + others)},
	{"a stage renamed", "0", map[string][]string{
		"prefab": {`"s5"`, `"five"`, "deduplicate.s5.", "deduplicate.five."}, "tofu": {`"step5"`, `"five"`, "data.step5.", "data.five."},
		"snakemake": {"rule step5:", "rule five:"}, "dvc": {"  step5:", "  five:"},
	}},
	{"the limit of a check", "0 to 1", with(alike(others, "-ge 1", "-ge 2"), "prefab", "min = 1\n", "min = 2\n")},
	{"a setting of one stage, same result", "1", with(alike(others, third, "cp -f out/1 out/2"), "prefab", "0.500002000", "0.600002000")},
}

// edits counts what runs after an edit that changes no result.
func edits(ctx context.Context, b *bench) (*section, error) {
	n := b.Sizes.Edited
	list := b.building()
	s := &section{
		title: "What an edit makes run",
		text: fmt.Sprintf("Stages that run after an edit to a pipeline of %d, all of which ran before. None of the edits changes a result; at\n"+
			"best only what was edited itself runs. A dash: the tool has nothing of that name. A number that is too small is as\n"+
			"wrong as one that is too large: make does not see that a command has changed.", n),
		head: []string{"edit", "right"},
	}
	for _, d := range list {
		s.head = append(s.head, d.name)
	}
	ready := map[string]error{}
	for _, d := range list {
		b.log("  %s", d.name)
		dir := b.path("edits", d.name)
		if err := d.fresh(ctx, b, dir, n); err != nil {
			return nil, err
		}
		_, out, err := d.job(b, dir, d.apply).run(ctx)
		if err == nil {
			err = d.all(dir, n, out)
		}
		if err != nil && d.name == "prefab" {
			return nil, err
		}
		ready[d.name] = err
	}
	for _, e := range listed {
		row := []string{e.name, e.right}
		for _, d := range list {
			cell, err := "failed", ready[d.name]
			if err == nil {
				cell, err = d.after(ctx, b, e)
			}
			if err != nil {
				if d.name == "prefab" {
					return nil, fmt.Errorf("%s: %w", e.name, err)
				}
				cell = plain("failed: " + err.Error())
			}
			row = append(row, cell)
		}
		s.rows = append(s.rows, row)
	}
	return s, nil
}

// after makes an edit, counts what runs, and takes it back.
func (d builder) after(ctx context.Context, b *bench, e edit) (string, error) {
	oldnew, ok := e.of[d.name]
	if !ok {
		return "-", nil
	}
	dir := b.path("edits", d.name)
	path := filepath.Join(dir, d.spec)
	before, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	text := string(before)
	switch {
	case len(oldnew) > 0:
		for i := 0; i < len(oldnew); i += 2 {
			if !strings.Contains(text, oldnew[i]) {
				return "", fmt.Errorf("%s has no %q", d.spec, oldnew[i])
			}
			if oldnew[i] == "" {
				text = oldnew[i+1] + text
			} else {
				text = strings.ReplaceAll(text, oldnew[i], oldnew[i+1])
			}
		}
	case strings.HasPrefix(e.name, "order"):
		blocks := strings.Split(strings.TrimRight(text, "\n"), "\n\n")
		n := len(blocks)
		blocks[n-1], blocks[n-2] = blocks[n-2], blocks[n-1]
		text = strings.Join(blocks, "\n\n") + "\n"
	default:
		err = age(filepath.Join(dir, "data"), time.Now())
	}
	if err != nil {
		return "", err
	}
	count, err := d.runs(ctx, b, path, text)
	if err != nil {
		return "", err
	}
	if _, err := d.runs(ctx, b, path, string(before)); err != nil {
		return "", err
	}
	return fmt.Sprint(count), nil
}

// runs counts what a spec makes run.
func (d builder) runs(ctx context.Context, b *bench, path, spec string) (int, error) {
	dir := filepath.Dir(path)
	had, err := d.count(dir, "Nothing to do")
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(path, []byte(spec), 0o644); err != nil {
		return 0, err
	}
	_, out, err := d.job(b, dir, d.apply).run(ctx)
	if err != nil {
		return 0, err
	}
	have, err := d.count(dir, out)
	return have - had, err
}
