package compare

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// settle waits until the files that were just written are known by their times: prefab doubts those of two seconds. They
// are on the disk then, so that the system does not write them while something is timed.
func (b *bench) settle() {
	if b.Sizes.Settle > 0 {
		flush()
		time.Sleep(b.Sizes.Settle)
	}
}

// stages measures pipelines in which the tool is all that costs: what is there to do is to copy a few lines.
func stages(ctx context.Context, b *bench) (*section, error) {
	s := &section{
		title: "Small stages",
		text: "Stages of a few lines of JSON in chains of ten. For prefab one in ten reads a file and the others deduplicate it, each\n" +
			"hashed and recorded; for the others each copies a file. `ninja -n`, `make -n`, `snakemake -n`, `tofu plan` and `dvc\n" +
			"status` stand for a plan. Checked: the first run runs every stage, and what is called nothing to do runs none.\n" +
			"\"After an edit\" is prefab without its memory of the last plan, as after an edit of a comment. DVC's first plan has\n" +
			"no counterpart: what it says of stages that never ran is not what would run.",
		head: append(slices.Clone(usage), "CPU ms a stage"),
	}
	sizes := append(slices.Clone(b.Sizes.Stages), b.Sizes.Most, b.Sizes.All)
	slices.Sort(sizes)
	for _, n := range slices.Compact(sizes) {
		names := []string{"prefab", "ninja", "make"}
		if n == b.Sizes.Most {
			names = append(names, "snakemake", "tofu")
		}
		if n == b.Sizes.All {
			names = nil
		}
		if err := b.size(ctx, s, n, b.building(names...)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// size measures pipelines of n stages by some tools.
func (b *bench) size(ctx context.Context, s *section, n int, list []builder) error {
	b.log("  %d stages", n)
	few := max(1, (b.Sizes.Runs+1)/2)
	name := func(work string) string { return fmt.Sprintf("%s, %d stages", work, n) }
	each := func(l series) []string { return []string{digits(1000 * SpreadOf(l.runs, cpu).Median / float64(n))} }

	var plan, run []job
	for _, d := range list {
		dir := b.path("stages", d.name)
		fresh := func() error { return d.fresh(ctx, b, dir, n) }
		if d.name != "dvc" {
			j := d.job(b, dir, d.plan)
			j.prepare = fresh
			plan = append(plan, j)
		}
		j := d.job(b, dir, d.apply)
		j.prepare, j.check = fresh, func(out string) error { return d.all(dir, n, out) }
		if d.name == "dvc" {
			j.most = 1
		}
		run = append(run, j)
	}
	if err := add(s, name("first plan"), turns(ctx, few, plan), each); err != nil {
		return err
	}
	first := turns(ctx, few, run)
	if err := add(s, name("first run"), first, each); err != nil {
		return err
	}
	// What did not run to its end has no second run that does nothing.
	var done []builder
	for i, d := range list {
		if first[i].err == nil {
			done = append(done, d)
		}
	}
	b.settle()
	return b.idle(ctx, s, name, n, done, each)
}

// idle measures pipelines that ran, in which there is nothing to do.
func (b *bench) idle(ctx context.Context, s *section, name func(string) string, n int, list []builder, each func(series) []string) error {
	var plan, apply, edited []job
	for _, d := range list {
		dir := b.path("stages", d.name)
		had, err := d.count(dir, "Nothing to do")
		if err != nil {
			return err
		}
		check := func(out string) error {
			got, err := d.count(dir, out)
			if err == nil && got != had {
				err = fmt.Errorf("%d stages ran that had run", got-had)
			}
			return err
		}
		p, a := d.job(b, dir, d.plan), d.job(b, dir, d.apply)
		a.check = check
		// The first of each is not measured: it finds memories of the run.
		for _, j := range []job{p, a} {
			if _, _, err := j.run(ctx); err != nil && d.name == "prefab" {
				return err
			}
		}
		if d.name == "prefab" {
			e := p
			e.prepare = func() error { return os.RemoveAll(filepath.Join(dir, ".prefab", "recall")) }
			edited = append(edited, e)
		}
		plan, apply = append(plan, p), append(apply, a)
	}
	b.settle()
	for _, p := range plan {
		if _, _, err := p.run(ctx); err != nil && p.tool == "prefab" {
			return err
		}
	}
	if err := add(s, name("plan, nothing to do"), turns(ctx, b.Sizes.Runs, plan), each); err != nil {
		return err
	}
	if err := add(s, name("run, nothing to do"), turns(ctx, b.Sizes.Runs, apply), each); err != nil {
		return err
	}
	return add(s, name("plan, nothing to do, after an edit"), turns(ctx, b.Sizes.Runs, edited), each)
}

// add puts figures into a table. The first are prefab's, and must be there.
func add(s *section, work string, list []series, more func(series) []string) error {
	s.measured(work, list, more)
	if len(list) > 0 && list[0].tool == "prefab" && list[0].err != nil {
		return fmt.Errorf("%s: %w", work, list[0].err)
	}
	return nil
}
