// Command prefab builds preference data and reward models from a declaration.
//
// The flow of every command that plans: package lang reads the spec files, executor/resolve looks at the inputs, package
// planner works out the plan, package executor runs it, and internal/view prints what happens. internal/cli has one
// file per command.
package main

import (
	"context"
	"io"
	"log"
	"os"

	"github.com/prefab-build/prefab/cmd/prefab/internal/cli"
)

func main() {
	// Libraries log what the view has other words for: net/http, for one, a server's answer that it did not ask for.
	log.SetOutput(io.Discard)
	os.Exit(cli.Main(context.Background(), os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
