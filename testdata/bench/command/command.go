// Package command is the command bench: `bench compare` measures prefab beside other tools, the other subcommands make the
// data that it needs and run single methods of prefab. It is no part of prefab and measures nothing itself.
package command

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/prefab-build/prefab/executor/methods/synthetic/bulk"
	"github.com/prefab-build/prefab/testdata/bench/compare"
	"github.com/prefab-build/prefab/testdata/bench/workload"
)

const usage = `usage:
  bench compare [-quick|-tiny] [-only PART,...] [-peers NAME,...] [-python PATH]
                [-data FOLDER] [-full] [-huge] [-out FILE]
  bench stages|instances [-n N] [-seed S] DIR
  bench pairs|preferences|items|prompts [-n N] [-from N] [-seed S] [-words N] FILE[.gz]
  bench texts FROM TO          the prompts of a file, as near-duplicate tools read them
  bench join TEXTS GROUPS word|char5
  bench linear TRAIN HELD_OUT PENALTY
  bench cpu [-n N] COMMAND ARG...
parts of compare:
`

// Run does what the arguments say.
func Run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New(usage + compare.Parts())
	}
	switch args[0] {
	case "compare":
		return comparison(ctx, args[1:])
	case "join", "linear", "texts":
		return method(ctx, args[0], args[1:])
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	n := flags.Int("n", 1000, "how many stages or records, or how often the command runs")
	seed := flags.Uint64("seed", 1, "what the data are drawn from")
	from := flags.Int("from", 0, "the number of the first record")
	words := flags.Int("words", 35, "to how many words responses of preferences are cut")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return fmt.Errorf("%s needs an argument", args[0])
	}
	corpus := func() *bulk.Corpus { return bulk.New(*seed, vocabulary, leaks) }
	path := flags.Arg(0)
	switch args[0] {
	case "stages":
		return workload.Stages(path, *n, *seed)
	case "instances":
		return workload.Instances(path, *n, *seed)
	case "pairs":
		return records(path, *from, *n, corpus().Pair)
	case "preferences":
		c := corpus()
		return records(path, *from, *n, func(i int) []byte { return workload.Preference(c.Pair(i), *words) })
	case "items":
		return records(path, *from, *n, corpus().Item)
	case "prompts":
		c := corpus()
		return records(path, *from, *n, func(i int) []byte { return text(c.Prompt(i)) })
	case "cpu":
		return cpu(ctx, *n, flags.Args())
	}
	return fmt.Errorf("there is no %s\n%s%s", args[0], usage, compare.Parts())
}

// The corpus: words of the vocabulary, and items of the benchmark that may have leaked into the pairs.
const vocabulary, leaks = 50_000, 20_000

// records writes n records as lines of a file, packed where its name says so.
func records(path string, from, n int, record func(int) []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	var to io.Writer = out
	packed := gzip.NewWriter(out)
	if strings.HasSuffix(path, ".gz") {
		to = packed
	}
	for i := range n {
		if _, err := to.Write(append(record(from+i), '\n')); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if to == packed {
		err = packed.Close()
	}
	// On the disk before anything is timed: writing it there later takes time of whoever runs then.
	return errors.Join(err, out.Flush(), f.Sync(), f.Close())
}

// text is a text as a record.
func text(s string) []byte {
	line, err := json.Marshal(struct {
		Text string `json:"text"`
	}{s})
	if err != nil {
		panic("bench: " + err.Error()) // of a string
	}
	return line
}

// cpu prints the median of n runs of a command.
func cpu(ctx context.Context, n int, command []string) error {
	var runs []compare.Usage
	for range n {
		c := exec.CommandContext(ctx, command[0], command[1:]...)
		c.Stdout, c.Stderr = io.Discard, os.Stderr
		u, err := compare.Measure(c)
		if err != nil {
			if u.Wall == 0 {
				return err
			}
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		runs = append(runs, u)
	}
	figure := func(f func(compare.Usage) float64) float64 { return compare.SpreadOf(runs, f).Median }
	fmt.Printf("cpu %.1fms  wall %.1fms  resident %.0f MB  (median of %d)\n",
		figure(func(u compare.Usage) float64 { return u.CPU.Seconds() * 1000 }),
		figure(func(u compare.Usage) float64 { return u.Wall.Seconds() * 1000 }),
		figure(func(u compare.Usage) float64 { return float64(u.Peak) / 1e6 }), n)
	return nil
}

// comparison reads the options of bench compare.
func comparison(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "small workloads, three minutes")
	tiny := flags.Bool("tiny", false, "the workloads of a test; its figures mean nothing")
	full := flags.Bool("full", false, "the part million, too: a table of about 1 GB")
	huge := flags.Bool("huge", false, "the part million, and its memory with three times the rows")
	only := flags.String("only", "", "`parts` to measure, by comma")
	peers := flags.String("peers", "all", "`names` of the tools to measure beside prefab, by comma; all, or none")
	out := flags.String("out", "testdata/bench/RESULTS.md", "the `file` to write, - for standard output")
	data := flags.String("data", "", "a `folder` that may have prompts/anthropic_evals_30cat.jsonl.gz")
	o := compare.Options{Log: os.Stderr, Bench: os.Args[0], Date: time.Now(), Sizes: compare.Full()}
	flags.StringVar(&o.Prefab, "prefab", "", "the `command` to measure; built when it is not given")
	flags.StringVar(&o.Python, "python", "", "the `interpreter` whose environment has the peers in Python")
	flags.StringVar(&o.Dir, "dir", "", "the `folder` to work in; it stays")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("compare takes no argument: %q", flags.Args())
	}
	if *quick {
		o.Sizes = compare.Quick()
	}
	if *tiny {
		o.Sizes = compare.Tiny()
	}
	if *huge {
		o.Sizes.Millions = 3 * o.Sizes.Million
	}
	if *only != "" {
		o.Only = strings.Split(*only, ",")
	}
	o.Million = *full || *huge
	switch *peers {
	case "all":
	case "none":
		o.Peers = []string{}
	default:
		o.Peers = strings.Split(*peers, ",")
	}
	if *data != "" {
		o.Prompts = *data + "/prompts/anthropic_evals_30cat.jsonl.gz"
	}
	if *out != "-" {
		return compare.Run(ctx, o, func(report string) error { return os.WriteFile(*out, []byte(report), 0o644) })
	}
	var last string
	if err := compare.Run(ctx, o, func(report string) error { last = report; return nil }); err != nil {
		return err
	}
	_, err := fmt.Print(last)
	return err
}
