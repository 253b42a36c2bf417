// Package compare measures prefab beside other tools: it writes the workloads, runs all that are installed in turn on
// them, checks that they did the same work, and writes the figures as Markdown. It measures whole processes and never
// parts of them, since that is what people wait for. It knows prefab as a command only, so that what it measures cannot
// lean on it; where a method and not the tool is compared, the command bench runs the method.
package compare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prefab-build/prefab/testdata/bench/peers"
)

// Options say what is measured.
type Options struct {
	Prefab  string   // the command; "" builds it
	Bench   string   // the command that makes data and runs methods
	Python  string   // an interpreter that has the peers written in Python; "" takes python3 from PATH
	Peers   []string // names of those to run; nil is all that are there
	Only    []string // names of parts; nil is all
	Million bool     // whether all includes the large table
	Dir     string   // where the work is done; "" is a temporary folder, removed at the end
	Prompts string   // a file of templated prompts, JSON lines with a field "question"; "" leaves them out
	Sizes   Sizes
	Log     io.Writer // gets a line for each thing done
	Date    time.Time
}

// Sizes are how much work is given.
type Sizes struct {
	Name     string
	Runs     int   // of what is quick; what takes seconds has fewer
	All      int   // stages that every build tool is given
	Most     int   // stages that all but DVC are given, which takes half a second for each
	Stages   []int // stages that prefab, ninja and make are given
	Edited   int   // stages of the pipelines that are edited
	Prompts  int   // of the near-duplicate join
	Few      int   // rows that every tool scans for benchmark items; Rows are scanned by those that are quick
	Rows     int
	Items    int
	Pairs    int // of the reward model
	Read     int // records that are read
	Million  int // rows of the large pipeline
	Millions int // rows of a larger one, for its memory alone; 0 is none
	Settle   time.Duration
}

const settle = 2500 * time.Millisecond

// Quick are the sizes of a run that takes a few minutes.
func Quick() Sizes {
	return Sizes{Name: "quick", Runs: 3, All: 20, Most: 200, Stages: []int{1000}, Edited: 20, Prompts: 10_000, Few: 500, Rows: 10_000, Items: 2000, Pairs: 10_000, Read: 50_000, Million: 50_000, Settle: settle}
}

// Full are the sizes of figures that are published.
func Full() Sizes {
	return Sizes{Name: "full", Runs: 5, All: 200, Most: 1000, Stages: []int{1000, 10_000}, Edited: 50, Prompts: 100_000, Few: 2000, Rows: 100_000, Items: 20_000, Pairs: 100_000, Read: 200_000, Million: 1_000_000, Settle: settle}
}

// Tiny are the sizes of a test.
func Tiny() Sizes {
	return Sizes{Name: "tiny", Runs: 1, All: 20, Most: 20, Stages: []int{20}, Edited: 20, Prompts: 200, Few: 100, Rows: 200, Items: 50, Pairs: 400, Read: 100, Million: 400}
}

// A part measures one kind of work.
type part struct {
	name, what string
	run        func(context.Context, *bench) (*section, error)
	asked      bool // only when it is asked for
}

var parts = []part{
	{"startup", "starting and printing the version", startup, false},
	{"stages", "pipelines of small stages", stages, false},
	{"edits", "what an edit makes run", edits, false},
	{"join", "near duplicates among prompts", join, false},
	{"scan", "benchmark items in training text", scan, false},
	{"linear", "a linear reward model", linear, false},
	{"read", "reading and verifying", reading, false},
	{"million", "a large table, and edits to it", million, true},
}

// Parts are the names of the parts, with a word on each.
func Parts() string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "  %-8s %s\n", p.name, p.what)
	}
	return b.String()
}

// bench is one run.
type bench struct {
	Options
	tools map[string]tool
	moved int // folders out of the way
}

// aside moves what an earlier run left out of the way; it is deleted in the end. ext4 looks at each file that was deleted in
// the last minutes when it makes a new one, which would be a third of the time of a run that makes thousands.
func (b *bench) aside(path string) error {
	b.moved++
	err := os.Rename(path, b.path("used", strconv.Itoa(b.moved)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Run measures, and calls report after each part with all that is known until then. What fails of a peer is in its line of
// the table; what fails of prefab is the error.
func Run(ctx context.Context, o Options, report func(string) error) (err error) {
	for _, name := range o.Only {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return fmt.Errorf("there is no part %s; the parts are\n%s", name, Parts())
		}
	}
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "bench"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.Dir)) }()
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return err
	}
	b := &bench{Options: o}
	if err := os.MkdirAll(b.path("used"), 0o755); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.path("used"))) }()
	if err := b.prepare(ctx); err != nil {
		return err
	}
	text := b.preamble()
	for _, p := range parts {
		if len(o.Only) == 0 && p.asked && !o.Million || len(o.Only) > 0 && !slices.Contains(o.Only, p.name) {
			continue
		}
		b.log("%s: %s", p.name, p.what)
		s, err := p.run(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		text += "\n" + s.Markdown()
		if err := report(text); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) log(format string, args ...any) {
	fmt.Fprintf(b.Log, format+"\n", args...)
}

// prepare finds the tools and lays out the working folder.
func (b *bench) prepare(ctx context.Context) error {
	if err := os.MkdirAll(b.path("peers"), 0o755); err != nil {
		return err
	}
	names, err := fs.Glob(peers.Files, "*.py")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := peers.Files.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(b.path("peers", name), text, 0o644); err != nil {
			return err
		}
	}
	if b.Bench, err = command(b.Bench); err != nil {
		return err
	}
	if b.Prefab == "" {
		b.Prefab = b.path("prefab")
		b.log("building prefab")
		if _, _, err := (job{argv: []string{"go", "build", "-o", b.Prefab, "./cmd/prefab"}}).run(ctx); err != nil {
			return err
		}
	} else if b.Prefab, err = command(b.Prefab); err != nil {
		return err
	}
	return b.find(ctx)
}

func (b *bench) path(elem ...string) string {
	return filepath.Join(append([]string{b.Dir}, elem...)...)
}

// make runs the command that makes data, as a process of its own: what this process holds is counted to all it starts.
func (b *bench) make(ctx context.Context, args ...string) error {
	_, _, err := (job{argv: append([]string{b.Bench}, args...)}).run(ctx)
	return err
}

// preamble says what was measured on what.
func (b *bench) preamble() string {
	var s strings.Builder
	fmt.Fprintf(&s, "# Figures\n\nWritten by `go run ./testdata/bench compare` with its %s workloads on %s:\n%s/%s, %d cores (%s), %s.\n\n",
		b.Sizes.Name, b.Date.Format("2 January 2006"), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), processor(), runtime.Version())
	s.WriteString("Tools take turns, each once before any runs again. A figure is the median, with the least and the greatest of the\n" +
		"runs in brackets. CPU is user and system time of a command and of all processes that it waited for; peak is the\n" +
		"largest resident set of any one of them, not of all together. Ratios of CPU hold on other machines; seconds do not.\n\n")
	s.WriteString("| tool | version |\n|---|---|\n")
	for _, name := range toolNames() {
		fmt.Fprintf(&s, "| %s | %s |\n", name, b.tools[name].version)
	}
	return s.String()
}

// processor is the name of the processor's model.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(info)) {
		if name, model, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return "unknown processor"
}
