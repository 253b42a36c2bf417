package main

import (
	"bufio"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// signals are what meet can send.
var signals = map[string]syscall.Signal{"INT": syscall.SIGINT, "KILL": syscall.SIGKILL, "TERM": syscall.SIGTERM}

// meet SIGNAL CODE TEXT PROGRAM ARG... starts a program, waits until it writes a line with the text to its standard
// output or error, sends it the signal, and wants it to end with the code; of a killed program that is -1.
func meet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: meet SIGNAL CODE TEXT PROGRAM ARG...")
	}
	signal, ok := signals[args[0]]
	code, err := strconv.Atoi(args[1])
	if !ok || err != nil {
		ts.Fatalf("meet: %s %s is no signal and exit code", args[0], args[1])
	}
	path, err := exec.LookPath(args[3])
	ts.Check(err)
	cmd := exec.Command(path, args[4:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PREFAB_CACHE", "HOME", "TZ", "PATH"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	ts.Check(cmd.Start())
	limit := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer limit.Stop()
	met := make(chan bool, 1)
	go func() {
		met <- watch(ts, r, args[2], func() { _ = cmd.Process.Signal(signal) })
	}()
	err = cmd.Wait()
	_ = w.Close()
	if !<-met {
		ts.Fatalf("it ended without writing %q", args[2])
	}
	if got := exitCode(ts, err); got != code {
		ts.Fatalf("exit code %d, not %d", got, code)
	}
}

// watch logs all lines, and calls found at the first that holds a text.
func watch(ts *testscript.TestScript, r io.Reader, text string, found func()) (met bool) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		ts.Logf("> %s", lines.Text())
		if !met && strings.Contains(lines.Text(), text) {
			met = true
			found()
		}
	}
	return met
}

// A timeless writer passes text on with durations replaced, and with the spaces around them that depend on their
// length; the sizes of files too, which change with every word of a dataset card.
type timeless struct{ w io.Writer }

var (
	durations = regexp.MustCompile(`( *)(~?)(?:<1ms|\b\d+ms|\b\d+\.\ds|\b\d+s\b)( *)`)
	sizes     = regexp.MustCompile(`\b[\d.]+ (?:bytes|kB|MB)\b`)
)

func (t *timeless) Write(p []byte) (int, error) {
	text := durations.ReplaceAllStringFunc(string(p), func(s string) string {
		m := durations.FindStringSubmatch(s)
		return m[1][:min(len(m[1]), 1)] + m[2] + "TIME" + m[3][:min(len(m[3]), 1)]
	})
	_, err := io.WriteString(t.w, sizes.ReplaceAllString(text, "SIZE"))
	return len(p), err
}
