// Command bench writes workloads and measures commands on them:
//
//	go run ./testdata/bench stages -n 1000 DIR      a pipeline of 1,000 small stages, with its data
//	go run ./testdata/bench instances -n 1000 DIR   the same work as instances of ten blocks
//	go run ./testdata/bench cpu -n 10 COMMAND ARG…  the CPU time, wall time and memory of a command
//
// It is a program and no test: what it prints depends on the machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

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
		return fmt.Errorf("usage: bench stages|instances -n N [-seed S] DIR, or bench cpu -n N COMMAND ARG...")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	n := flags.Int("n", 1000, "how many stages, or how often the command runs")
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
	case args[0] == "cpu":
		return measure(*n, flags.Args())
	}
	return fmt.Errorf("there is no %s", args[0])
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
