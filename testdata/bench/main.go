// Command bench writes workloads, and measures prefab and other tools on them:
//
//	go run ./testdata/bench compare -python VENV/bin/python3   everything, as a table in RESULTS.md
//	go run ./testdata/bench stages -n 1000 DIR      a pipeline of 1,000 small stages, with its data
//	go run ./testdata/bench cpu -n 10 COMMAND ARG…  the CPU time, wall time and memory of a command
//
// It is a program and no test: what it prints depends on the machine. Package command lists all that it does.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/prefab-build/prefab/testdata/bench/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command.Run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
