package compare

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

const readSpec = `dataset "pairs" {
  source "jsonl" { path = "../%s" }
}
`

// reading measures how JSON lines come into the store, and how the store is verified.
func reading(ctx context.Context, b *bench) (*section, error) {
	n := b.Sizes.Read
	s := &section{
		title: "Reading and verifying",
		text: "A dataset of pairs is read from JSON lines into an empty cache: parsed, checked, hashed, packed and stored. Plain Python\n" +
			"only parses and hashes the lines. Rates are by the unpacked size of the lines.",
		head: append(slices.Clone(usage), "MB a CPU s", "MB a wall s"),
	}
	if err := b.make(ctx, "pairs", "-n", fmt.Sprint(n), b.path("read.jsonl")); err != nil {
		return nil, err
	}
	info, err := os.Stat(b.path("read.jsonl"))
	if err != nil {
		return nil, err
	}
	size := float64(info.Size()) / 1e6
	rates := func(l series) []string {
		return []string{digits(size / SpreadOf(l.runs, cpu).Median), digits(size / SpreadOf(l.runs, wall).Median)}
	}
	if err := b.make(ctx, "pairs", "-n", fmt.Sprint(n), b.path("read.jsonl.gz")); err != nil {
		return nil, err
	}
	for _, file := range []string{"read.jsonl", "read.jsonl.gz"} {
		b.log("  %s", file)
		dir := b.path("reading")
		j := b.prefab(dir, "apply", "--yes")
		j.prepare = func() error {
			return b.renew(dir, map[string]string{"main.prefab.hcl": fmt.Sprintf(readSpec, file)})
		}
		jobs := []job{j}
		if b.tools["python"].there() {
			jobs = append(jobs, b.python("python", "python_read.py", b.path(file)))
		}
		if err := add(s, fmt.Sprintf("%s, %.0f MB", filepath.Ext(file)[1:], size), turns(ctx, b.Sizes.Runs, jobs), rates); err != nil {
			return nil, err
		}
	}
	b.settle()
	again := b.prefab(b.path("reading"), "apply", "--yes")
	if _, _, err := again.run(ctx); err != nil {
		return nil, err
	}
	if err := add(s, "again, file unchanged", turns(ctx, b.Sizes.Runs, []job{again}), nil); err != nil {
		return nil, err
	}
	verify := b.prefab(b.path("reading"), "cache", "verify")
	return s, add(s, "cache verify", turns(ctx, b.Sizes.Runs, []job{verify}), rates)
}
