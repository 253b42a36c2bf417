package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/prefab-build/prefab/cmd/prefab/internal/cli"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/testdata/bench/command"
)

var update = flag.Bool("update", false, "write what the commands print into the scripts that compare it")

// TestMain lets the test binary be prefab itself, and its benchmarks, so that scripts run them as processes of their own.
func TestMain(m *testing.M) {
	programs := map[string]func(){"prefab": func() {
		out, log := &timeless{w: os.Stdout}, &timeless{w: os.Stderr}
		os.Exit(cli.Main(context.Background(), os.Args[1:], cli.Streams{In: os.Stdin, Out: out, Err: log, Now: later(), Recalled: recalled, Space: space()}))
	}, "bench": func() {
		if err := command.Run(context.Background(), os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}}
	maps.Copy(programs, processPrograms)
	testscript.Main(m, programs)
}

// TestScripts runs the scripts of testdata/script: each shows one behaviour of the whole tool. Beside the commands of
// testscript they have those below. Every script has an empty cache of its own, and durations are printed as TIME.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Files:               scripts(t, filepath.Join("..", "..", "testdata", "script")),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PREFAB_CACHE", filepath.Join(env.WorkDir, ".cache"))
			env.Setenv("HOME", filepath.Join(env.WorkDir, ".home"))
			env.Setenv("TZ", "UTC")
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else each process sleeps a second at its end under the race detector
			if data, err := filepath.Abs(dataFolder()); err == nil {
				env.Setenv("PREFAB_TEST_DATA", data)
			}
			specs, err := filepath.Abs(filepath.Join("..", "..", "examples"))
			env.Setenv("EXAMPLES", specs)
			return err
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "bazel-remote":
				return bazelRemote() != "", nil
			case "data":
				_, err := os.Stat(dataFolder())
				return err == nil, nil
			case "root":
				return os.Geteuid() == 0, nil
			}
			return false, errors.New("there is no condition " + name)
		},
		Cmds: commands(),
	})
}

// atOnce begins the names of the scripts in which much happens at once. The others say what is printed, and are left out
// where tests are to be short: the race detector makes every process ten times as slow.
var atOnce = []string{"apply_", "cache_", "command", "interrupt", "isolate", "kill", "lock_held", "memory", "recall_", "row_", "run_action", "stage_", "verify"}

func scripts(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatal("there are no scripts", err)
	}
	if testing.Short() {
		files = slices.DeleteFunc(files, func(path string) bool {
			return !slices.ContainsFunc(atOnce, func(begin string) bool { return strings.HasPrefix(filepath.Base(path), begin) })
		})
	}
	return files
}

// commands are what scripts can say beside what testscript knows.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*testscript.TestScript, bool, []string){
		"append":  appendTo,
		"bazel":   bazel,
		"damage":  damage,
		"edit":    edit,
		"exits":   exits,
		"forge":   forge,
		"lose":    lose,
		"nowhere": nowhere,
		"serve":   serveFolder,
	}
	maps.Copy(all, processCommands)
	maps.Copy(all, recallCommands)
	return all
}

// dataFolder is where real data lies, if it is there at all.
func dataFolder() string {
	if dir := os.Getenv("PREFAB_TEST_DATA"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "..", "shared", "data")
}

// exits CODE PROGRAM ARG... runs a program that must end with the code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if neg || err != nil || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	if got := exitCode(ts, ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

func exitCode(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	ts.Check(err)
	return -1
}

// edit FILE OLD NEW replaces a text that stands in a file exactly once.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if n := strings.Count(text, args[1]); n != 1 {
		ts.Fatalf("%s has %q %d times, not once", args[0], args[1], n)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o644))
}

// append FILE OTHER writes what another file holds behind a file.
func appendTo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: append FILE OTHER")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(ts.ReadFile(args[0])+ts.ReadFile(args[1])), 0o644))
}

// lose TEXT deletes every blob of the script's cache that holds a text.
func lose(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lose TEXT")
	}
	store, err := cas.Open(ts.MkAbs(".cache"), cas.Options{})
	ts.Check(err)
	files, err := filepath.Glob(filepath.Join(store.Dir(), "v1", "cas", "*", "*"))
	ts.Check(err)
	lost := 0
	for _, f := range files {
		d, err := spec.ParseDigest(filepath.Base(f))
		ts.Check(err)
		b, err := store.Get(context.Background(), d)
		ts.Check(err)
		if bytes.Contains(b, []byte(args[0])) {
			ts.Check(os.Remove(f))
			lost++
		}
	}
	if lost == 0 {
		ts.Fatalf("no blob holds %q", args[0])
	}
}

// damage FILE... flips one bit in the middle of every file that a pattern matches.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: damage PATTERN...")
	}
	for _, pattern := range args {
		files, err := filepath.Glob(ts.MkAbs(pattern))
		ts.Check(err)
		if len(files) == 0 {
			ts.Fatalf("no file matches %s", pattern)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			ts.Check(err)
			if len(b) > 0 {
				b[len(b)/2] ^= 1
			}
			ts.Check(os.Chmod(f, 0o644))
			ts.Check(os.WriteFile(f, b, 0o644))
		}
	}
}
