package compare

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prefab-build/prefab/testdata/bench/workload"
)

// A builder is a build tool with the pipeline of small stages in its language.
type builder struct {
	name  string
	spec  string // the file that edits are made to
	write func(b *bench, dir string, n int) error
	setup []string // a command that makes the folder a project of the tool's
	plan  []string // what says what would run
	apply []string
	env   []string
}

const seed = 1

var builders = []builder{
	{
		name: "prefab", spec: "stages-000.prefab.hcl",
		write: func(_ *bench, dir string, n int) error { return workload.Stages(dir, n, seed) },
		plan:  []string{"plan"}, apply: []string{"apply", "--yes"},
	},
	{
		name: "ninja", spec: "build.ninja", write: chains("build.ninja", workload.Chains.Ninja),
		plan: []string{"-n"}, apply: []string{"-j", "2"},
	},
	{
		name: "make", spec: "Makefile", write: chains("Makefile", workload.Chains.Make),
		plan: []string{"-n"}, apply: []string{"-j", "2"},
	},
	{
		name: "snakemake", spec: "Snakefile", write: chains("Snakefile", workload.Chains.Snakefile),
		plan: []string{"-n", "--quiet"}, apply: []string{"--cores", "2", "--quiet"},
	},
	{
		name: "tofu", spec: "main.tf", write: chains("main.tf", workload.Chains.Tofu),
		setup: []string{"init"}, plan: []string{"plan", "-no-color", "-compact-warnings"},
		apply: []string{"apply", "-auto-approve", "-no-color", "-compact-warnings"}, env: []string{"CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="},
	},
	{
		name: "dvc", spec: "dvc.yaml", write: chains("dvc.yaml", workload.Chains.DVC),
		setup: []string{"init", "--no-scm", "-q"}, plan: []string{"status"}, apply: []string{"repro"}, env: []string{"DVC_NO_ANALYTICS=1"},
	},
}

func chains(file string, text func(workload.Chains) string) func(*bench, string, int) error {
	return func(_ *bench, dir string, n int) error {
		c := workload.Chains{N: n}
		if err := c.Data(dir, seed); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, file), []byte(text(c)), 0o644)
	}
}

// building are the builders that are installed, prefab first.
func (b *bench) building(names ...string) []builder {
	var out []builder
	for _, d := range builders {
		if b.tools[d.name].there() && (len(names) == 0 || slices.Contains(names, d.name)) {
			out = append(out, d)
		}
	}
	return out
}

// job is a command of a builder in its folder. Nothing is written outside it.
func (d builder) job(b *bench, dir string, args []string) job {
	env := append([]string{"HOME=" + dir, "XDG_CACHE_HOME=" + filepath.Join(dir, ".cache"), "DVC_SITE_CACHE_DIR=" + filepath.Join(dir, ".dvcsite")}, d.env...)
	j := b.prefab(dir, args...)
	j.tool, j.argv[0], j.env = d.name, b.tools[d.name].path, append(env, j.env...)
	return j
}

// fresh writes the pipeline anew, an hour old: a tool that knows files by their times must not have to doubt them.
func (d builder) fresh(ctx context.Context, b *bench, dir string, n int) error {
	if err := b.aside(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := d.write(b, dir, n); err != nil {
		return err
	}
	if err := age(dir, time.Now().Add(-time.Hour)); err != nil {
		return err
	}
	if d.setup == nil {
		return nil
	}
	_, _, err := d.job(b, dir, d.setup).run(ctx)
	return err
}

// age sets the times of all files of a folder.
func age(dir string, to time.Time) error {
	return filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, to, to)
	})
}

var ran = regexp.MustCompile(`(\d[\d,]*) ran`)

// count is how many stages have run in a folder so far. Those of other tools write it down; prefab tells it of its last
// run, which out is the output of.
func (d builder) count(dir, out string) (int, error) {
	if d.name != "prefab" {
		log, err := os.ReadFile(filepath.Join(dir, "ran.log"))
		if os.IsNotExist(err) {
			return 0, nil
		}
		return bytes.Count(log, []byte("\n")), err
	}
	m := ran.FindStringSubmatch(tail(out, 1))
	if m == nil {
		if strings.Contains(out, "Nothing to do") {
			return 0, nil
		}
		return 0, fmt.Errorf("%q does not say what ran", tail(out, 1))
	}
	return strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
}

// all is an error if not every stage ran and left its file.
func (d builder) all(dir string, n int, out string) error {
	got, err := d.count(dir, out)
	if err != nil {
		return err
	}
	if got != n {
		return fmt.Errorf("%d of %d stages ran", got, n)
	}
	files, err := filepath.Glob(filepath.Join(dir, "out", "*"))
	if want := n; err == nil && d.name != "prefab" && len(files) != want {
		return fmt.Errorf("%d of %d files are there", len(files), want)
	}
	return err
}
