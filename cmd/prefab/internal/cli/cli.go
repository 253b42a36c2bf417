// Package cli holds prefab's commands, one file each: their flags, what they do in a few steps, and their exit codes.
// Everything printed goes through package view.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prefab-build/prefab/cmd/prefab/internal/view"
	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/disk"
	"github.com/prefab-build/prefab/executor/machine"
)

// Version is prefab's version.
const Version = "0.1.0"

// The exit codes. They are part of what prefab promises.
const (
	exitOK          = 0
	exitError       = 1
	exitChanges     = 2 // plan --detailed-exitcode: there is something to do
	exitGate        = 3 // a gate or guarding threshold failed or was not evaluated
	exitLocked      = 4 // another run holds the project
	exitStale       = 5 // the saved plan is of another state of the world
	exitDamage      = 6 // damage in the store that was not made good
	exitWaiting     = 7
	exitInterrupted = 130
)

// Streams are what the process gives a command. What may be nil is for tests.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Now      func() time.Time                        // the clock; nil is the system's
	Recalled func()                                  // told of an answer from memory; may be nil
	Space    func(path string) (machine.Space, bool) // what is free where a path lies; nil is what the system says
}

// An app is one invocation.
type app struct {
	Streams
	dir     string
	json    bool
	noColor bool
	now     func() time.Time
	view    *view.View
	ends    []func() // what is given back when the command is over
	args    []string
	memory  *remembering // of a command that may be answered from it
}

// atEnd has something done when the command is over.
func (a *app) atEnd(do func()) { a.ends = append(a.ends, do) }

// codeError ends a command with an exit code. What there was to say has been said.
type codeError int

func (c codeError) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// ended returns nil for a command that went well.
func ended(code int) error {
	if code == exitOK {
		return nil
	}
	return codeError(code)
}

// Main runs a command line and returns the exit code.
func Main(ctx context.Context, args []string, s Streams) int {
	a := &app{Streams: s, now: s.Now, args: args}
	if a.now == nil {
		a.now = time.Now
	}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	ctx, stop := interruptible(ctx)
	defer stop()
	err := root.ExecuteContext(ctx)
	for _, end := range a.ends {
		end()
	}
	a.setView()
	return a.code(ctx, err)
}

// code says what is left to say of how a command ended, and returns the exit code.
func (a *app) code(ctx context.Context, err error) int {
	var code codeError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	case errors.Is(context.Cause(ctx), executor.ErrInterrupted):
		a.view.Error(errors.New("interrupted before anything ran"))
		return exitInterrupted
	case errors.Is(err, cas.ErrNotFound):
		a.view.Error(fmt.Errorf("the cache has lost what this needs (%w): prefab apply makes it again", err))
		return exitDamage
	}
	a.view.Error(disk.Advised(usage(err)))
	return exitError
}

// usage puts what the library says of a wrong command line on one line, with what to do.
func usage(err error) error {
	text := err.Error()
	if !strings.HasPrefix(text, "unknown command") {
		return err
	}
	text, hint, found := strings.Cut(text, "\n\nDid you mean this?\n\t")
	if hint = strings.TrimSpace(strings.Split(hint, "\n")[0]); found && hint != "" {
		return fmt.Errorf("%s; did you mean %s?", text, hint)
	}
	return fmt.Errorf("%s: prefab --help lists the commands", text)
}

// noArgs refuses arguments.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no arguments, and %q is one: see %s --help", c.CommandPath(), args[0], c.CommandPath())
	}
	return nil
}

// wrongFlag says which flags there are, or which one may have been meant.
func wrongFlag(c *cobra.Command, err error) error {
	name, found := strings.CutPrefix(err.Error(), "unknown flag: --")
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if hint := nearest(names, name); found && hint != "" {
		return fmt.Errorf("%w%s", err, strings.Replace(hint, "mean ", "mean --", 1))
	}
	return fmt.Errorf("%w: see %s --help", err, c.CommandPath())
}

// oneArgument refuses a command line that does not have the one argument which a command's usage names.
func oneArgument(c *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	got := "nothing"
	if len(args) > 1 {
		got = strings.Join(args, " ")
	}
	_, what, _ := strings.Cut(c.Use, " ")
	return fmt.Errorf("%s wants one %s, not %s: see %[1]s --help", c.CommandPath(), what, got)
}

// interruptible cancels the context at the first Ctrl-C, or when the system asks the process to end; the second ends it at
// once.
func interruptible(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	done := make(chan struct{})
	go func() {
		select {
		case <-signals:
			signal.Stop(signals) // the next one has its default effect, from before anybody hears of the first
			cancel(executor.ErrInterrupted)
		case <-done:
		}
	}()
	return ctx, func() { signal.Stop(signals); close(done); cancel(nil) }
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "prefab",
		Short:         "Build preference data and reward models from a declaration",
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRun: func(*cobra.Command, []string) {
			a.setView()
		},
	}
	root.SetFlagErrorFunc(wrongFlag)
	flags := root.PersistentFlags()
	flags.StringVarP(&a.dir, "chdir", "C", ".", "the folder of the pipeline")
	flags.BoolVar(&a.json, "json", false, "print JSON for machines")
	flags.BoolVar(&a.noColor, "no-color", false, "print without colour")
	for _, command := range a.commands() {
		root.AddCommand(command)
	}
	setHelp(root)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", fmt.Sprintf(".FlagUsagesWrapped %d", helpWidth)))
	return root
}

func (a *app) setView() {
	if a.view == nil {
		a.view = view.New(a.Out, a.Err, view.Options{
			JSON: a.json, NoColor: a.noColor || os.Getenv("NO_COLOR") != "", Dir: a.dir,
		})
	}
}

// commands is the list of what prefab can do.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.applyCommand(),
		a.backendCommand(),
		a.cacheCommand(),
		a.catCommand(),
		a.diffCommand(),
		a.fmtCommand(),
		a.graphCommand(),
		a.initCommand(),
		a.lockCommand(),
		a.logCommand(),
		a.outputCommand(),
		a.planCommand(),
		a.runActionCommand(),
		a.showCommand(),
		a.stagesCommand(),
		a.taintCommand(),
		a.validateCommand(),
		a.verifyCommand(),
		a.versionCommand(),
		a.whyCommand(),
		a.whyRowCommand(),
	}
}
