package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/prefab-build/prefab/cmd/prefab/internal/cli"
	"github.com/prefab-build/prefab/testdata/bench/workload"
)

// later is the clock of scripts that say so: PREFAB_TEST_LATER=1h is an hour ahead, when all that the script wrote is
// old enough to be known by its times.
func later() func() time.Time {
	ahead, err := time.ParseDuration(os.Getenv("PREFAB_TEST_LATER"))
	if err != nil {
		return nil
	}
	return func() time.Time { return time.Now().Add(ahead) }
}

// recalled tells the script of an answer from memory, when it wants to know.
func recalled() {
	if path := os.Getenv("PREFAB_TEST_RECALLED"); path != "" {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			panic(err)
		}
	}
}

// recallCommands are for scripts about answers from memory.
var recallCommands = map[string]func(*testscript.TestScript, bool, []string){
	"recalls": recalls,
	"afresh":  afresh,
	"install": install,
}

// recalls PROGRAM ARG... runs a command twice. The second must be answered from memory, and be the same to a byte.
func recalls(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: recalls PROGRAM ARG...")
	}
	_, code, out, log := watched(ts, args)
	memory, code2, out2, log2 := watched(ts, args)
	switch {
	case !memory:
		ts.Fatalf("it is not answered from memory")
	case code2 != code || out2 != out || log2 != log:
		ts.Fatalf("exit code %d, and from memory %d:\n%s%s", code, code2, out2, log2)
	}
}

// afresh PROGRAM ARG... runs a command that must not be answered from memory.
func afresh(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: afresh PROGRAM ARG...")
	}
	if memory, _, _, _ := watched(ts, args); memory {
		ts.Fatalf("it is answered from memory")
	}
}

// watched runs a command and finds out whether it was answered from memory.
func watched(ts *testscript.TestScript, args []string) (memory bool, code int, out, log string) {
	sign := filepath.Join(ts.Getenv("TMPDIR"), "recalled")
	ts.Setenv("PREFAB_TEST_RECALLED", sign)
	_ = os.Remove(sign) // of a command that nobody watched
	code = exitCode(ts, ts.Exec(args[0], args[1:]...))
	memory = os.Remove(sign) == nil
	return memory, code, ts.ReadFile("stdout"), ts.ReadFile("stderr")
}

// install PATH copies the program under test to a path, over what is there.
func install(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: install PATH")
	}
	from, err := os.Open(must(ts, func() (string, error) { return os.Executable() }))
	ts.Check(err)
	defer from.Close()
	ts.Check(os.RemoveAll(ts.MkAbs(args[0])))
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[0])), 0o755))
	to, err := os.OpenFile(ts.MkAbs(args[0]), os.O_CREATE|os.O_WRONLY, 0o755)
	ts.Check(err)
	_, err = io.Copy(to, from)
	ts.Check(err)
	ts.Check(to.Close())
}

func must(ts *testscript.TestScript, f func() (string, error)) string {
	s, err := f()
	ts.Check(err)
	return s
}

// BenchmarkNothingToDo plans a pipeline of a thousand small stages, all of them cached: the long way, as after an edit,
// and from memory. The pipeline of BenchmarkFirstPlan was never run.
func BenchmarkNothingToDo(b *testing.B) {
	dir := prepared(b)
	run(b, dir, "apply", "--yes")
	b.Run("plan", func(b *testing.B) {
		for b.Loop() {
			forget(b, dir)
			run(b, dir, "plan")
		}
	})
	b.Run("recall", func(b *testing.B) {
		run(b, dir, "plan")
		for b.Loop() {
			run(b, dir, "plan")
		}
	})
	b.Run("apply", func(b *testing.B) {
		for b.Loop() {
			forget(b, dir)
			run(b, dir, "apply")
		}
	})
	b.Run("recall apply", func(b *testing.B) {
		run(b, dir, "apply")
		for b.Loop() {
			run(b, dir, "apply")
		}
	})
}

func BenchmarkFirstPlan(b *testing.B) {
	dir := prepared(b)
	for b.Loop() {
		run(b, dir, "plan")
	}
}

func prepared(b *testing.B) string {
	dir := b.TempDir()
	b.Setenv("PREFAB_CACHE", filepath.Join(dir, "cache"))
	if err := workload.Stages(dir, 1000, 1); err != nil {
		b.Fatal(err)
	}
	return dir
}

func forget(b *testing.B, dir string) {
	if err := os.RemoveAll(filepath.Join(dir, ".prefab", "recall")); err != nil {
		b.Fatal(err)
	}
}

// run runs a command in this process, an hour ahead.
func run(b *testing.B, dir string, args ...string) {
	b.Helper()
	now := func() time.Time { return time.Now().Add(time.Hour) }
	streams := cli.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Now: now}
	if code := cli.Main(context.Background(), append([]string{"-C", dir}, args...), streams); code != 0 {
		b.Fatalf("%q gives %d", args, code)
	}
}
