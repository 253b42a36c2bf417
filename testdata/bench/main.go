// Command bench writes workloads and measures commands on them:
//
//	go run ./testdata/bench stages -n 1000 DIR      a pipeline of 1,000 small stages, with its data
//	go run ./testdata/bench instances -n 1000 DIR   the same work as instances of ten blocks
//	go run ./testdata/bench pairs -n 1000000 FILE   preference pairs of the corpus of package bulk, as JSONL
//	go run ./testdata/bench items -n 20000 FILE     items of its benchmark
//	go run ./testdata/bench cpu -n 10 COMMAND ARG…  the CPU time, wall time and memory of a command
//
// It is a program and no test: what it prints depends on the machine.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/prefab-build/prefab/executor/methods/synthetic/bulk"
	"github.com/prefab-build/prefab/testdata/bench/workload"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("usage: bench stages|instances -n N [-seed S] DIR, bench pairs|items -n N [-seed S] FILE, or bench cpu -n N COMMAND ARG...")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	n := flags.Int("n", 1000, "how many stages or records, or how often the command runs")
	seed := flags.Uint64("seed", 1, "what the data are drawn from")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch {
	case flags.NArg() == 0:
		return fmt.Errorf("%s needs an argument", args[0])
	case args[0] == "stages":
		return workload.Stages(flags.Arg(0), *n, *seed)
	case args[0] == "instances":
		return workload.Instances(flags.Arg(0), *n, *seed)
	case args[0] == "pairs":
		return records(flags.Arg(0), *n, bulk.New(*seed, vocabulary, leaks).Pair)
	case args[0] == "items":
		return records(flags.Arg(0), *n, bulk.New(*seed, vocabulary, leaks).Item)
	case args[0] == "cpu":
		return measure(*n, flags.Args())
	}
	return fmt.Errorf("there is no %s", args[0])
}

// The corpus: words of the vocabulary, and items of the benchmark that may have leaked into the pairs.
const vocabulary, leaks = 50_000, 20_000

// records writes n records as lines of a file.
func records(path string, n int, record func(int) []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	for i := range n {
		if _, err := out.Write(append(record(i), '\n')); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(out.Flush(), f.Close())
}

// measure prints the median of n runs. CPU time is what the kernel charges the process: user and system together.
func measure(n int, command []string) error {
	var cpu, wall []time.Duration
	var memory []int64
	for range n {
		c := exec.CommandContext(context.Background(), command[0], command[1:]...)
		c.Stderr = os.Stderr
		start := time.Now()
		if err := c.Run(); err != nil {
			if c.ProcessState == nil {
				return err
			}
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		wall = append(wall, time.Since(start))
		cpu = append(cpu, c.ProcessState.UserTime()+c.ProcessState.SystemTime())
		memory = append(memory, resident(c.ProcessState))
	}
	fmt.Printf("cpu %v  wall %v  resident %d MB  (median of %d)\n", median(cpu).Round(100*time.Microsecond),
		median(wall).Round(100*time.Microsecond), median(memory)>>20, n)
	return nil
}

func median[T int64 | time.Duration](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}
