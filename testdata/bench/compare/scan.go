package compare

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// scanSpec is the pipeline whose last stage is measured.
const scanSpec = `dataset "pairs" {
  source "jsonl" { path = "../%s" }
}

benchmark "items" {
  source "jsonl" { path = "../items.jsonl" }
}

decontaminate "clean" {
  pairs   = dataset.pairs.pairs
  against = [benchmark.items.items]
}

output "contaminated" { value = decontaminate.clean.contaminated }
`

// scan measures the search for benchmark items in training pairs.
func scan(ctx context.Context, b *bench) (*section, error) {
	s := &section{
		title: "Decontamination",
		text: fmt.Sprintf("Pairs of about 1.1 kB are scanned for the %d items of a benchmark, of which some were planted. prefab runs its stage\n"+
			"decontaminate on rows that it has read before, verifies each hit on the words, scans what it keeps a second time and\n"+
			"stores the result; DataTrove's filter and plain Python read JSON lines and look for any shared run of 8 words. So the\n"+
			"rows found differ a little: a run of 8 words is no proof to prefab. Building the index is in the time.", b.Sizes.Items),
		head: append(slices.Clone(usage), "MB a CPU s", "rows found"),
	}
	if err := b.make(ctx, "items", "-n", fmt.Sprint(b.Sizes.Items), b.path("items.jsonl")); err != nil {
		return nil, err
	}
	for i, n := range []int{b.Sizes.Few, b.Sizes.Rows} {
		name := fmt.Sprintf("scan%d.jsonl", n)
		if err := b.make(ctx, "pairs", "-n", fmt.Sprint(n), b.path(name)); err != nil {
			return nil, err
		}
		info, err := os.Stat(b.path(name))
		if err != nil {
			return nil, err
		}
		first, err := b.scanning(ctx, name)
		if err != nil {
			return nil, err
		}
		jobs := []job{first}
		if b.tools["python"].there() {
			j := b.python("python", "python_scan.py", b.path("items.jsonl"), b.path(name))
			j.most = 2
			jobs = append(jobs, j)
		}
		if i == 0 && b.tools["datatrove"].there() {
			j := b.python("datatrove", "datatrove_scan.py", b.path("items.jsonl"), b.path(name))
			j.most = 1
			jobs = append(jobs, j)
		}
		b.log("  %d rows", n)
		list := turns(ctx, max(1, (b.Sizes.Runs+1)/2), jobs)
		more := func(l series) []string {
			return []string{digits(float64(info.Size()) / 1e6 / SpreadOf(l.runs, cpu).Median), tail(l.out, 1)}
		}
		if list[0].err == nil {
			_, out, err := b.prefab(first.dir, "output", "contaminated").run(ctx)
			if err != nil {
				return nil, err
			}
			list[0].out = strings.TrimSpace(out[strings.LastIndex(out, "=")+1:])
		}
		if err := add(s, fmt.Sprintf("%d pairs", n), list, more); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// scanning is a job that runs the stage alone, again and again: each run begins with the rows read and not scanned.
func (b *bench) scanning(ctx context.Context, file string) (job, error) {
	dir := b.path("scan")
	if err := b.renew(dir, map[string]string{"main.prefab.hcl": fmt.Sprintf(scanSpec, file)}); err != nil {
		return job{}, err
	}
	if _, _, err := b.prefab(dir, "apply", "--yes", "--exclude", "decontaminate.clean").run(ctx); err != nil {
		return job{}, err
	}
	kept := b.path("scan-cache")
	if err := b.aside(kept); err != nil {
		return job{}, err
	}
	if err := os.CopyFS(kept, os.DirFS(filepath.Join(dir, "cache"))); err != nil {
		return job{}, err
	}
	j := b.prefab(dir, "apply", "--yes")
	j.prepare = func() error {
		if err := b.aside(filepath.Join(dir, "cache")); err != nil {
			return err
		}
		return os.CopyFS(filepath.Join(dir, "cache"), os.DirFS(kept))
	}
	j.check = func(out string) error {
		if !strings.Contains(out, "decontaminate.clean  ran") || strings.Contains(out, "dataset.pairs        ran") {
			return fmt.Errorf("it ran something else: %s", tail(out, 3))
		}
		return nil
	}
	return j, nil
}

// renew empties a folder and writes files into it.
func (b *bench) renew(dir string, files map[string]string) error {
	if err := b.aside(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
