//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// processCommands are the commands of scripts that deal with a running program.
var processCommands = map[string]func(*testscript.TestScript, bool, []string){"meet": meet, "insist": insist, "during": during}

// processPrograms are programs beside prefab.
var processPrograms = map[string]func(){"limited": limited}

// limited BYTES PROGRAM ARG... becomes another program, which can write no longer files than that.
func limited() {
	most, err := strconv.ParseUint(os.Args[1], 10, 64)
	if err == nil {
		err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: most, Max: most})
	}
	var path string
	if err == nil {
		path, err = exec.LookPath(os.Args[2])
	}
	if err == nil {
		err = syscall.Exec(path, os.Args[2:], os.Environ())
	}
	fmt.Fprintln(os.Stderr, "limited:", err)
	os.Exit(1)
}

var signals = map[string]syscall.Signal{"INT": syscall.SIGINT, "KILL": syscall.SIGKILL}

// meet SIGNAL CODE TEXT PROGRAM ARG... starts a program, sends it a signal when it has written a line with the text, and
// wants it to end with the code; of a killed program that is -1.
func meet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: meet SIGNAL CODE TEXT PROGRAM ARG...")
	}
	signal, ok := signals[args[0]]
	code, err := strconv.Atoi(args[1])
	if !ok || err != nil {
		ts.Fatalf("meet: %s %s is no signal and exit code", args[0], args[1])
	}
	p := startProgram(ts, args[2], args[3:], nil)
	p.wait(ts, code, func() { ts.Check(p.cmd.Process.Signal(signal)) })
}

// insist TEXT PROGRAM ARG... sends a program SIGINT when it has written a line with the text, and once more when it says
// that it is stopping: the second one ends it on the spot.
func insist(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: insist TEXT PROGRAM ARG...")
	}
	interrupt := func(p *program) { ts.Check(p.cmd.Process.Signal(syscall.SIGINT)) }
	p := startProgram(ts, args[0], args[1:], interrupt)
	p.wait(ts, -1, func() { interrupt(p) })
}

// during TEXT PROGRAM ARG... -- CODE OTHER ARG... pauses a program when it has written a line with the text, runs the
// other, which must end with the code, and lets the first go on to its good end.
func during(ts *testscript.TestScript, neg bool, args []string) {
	at := slices.Index(args, "--")
	if neg || at < 2 || len(args) < at+3 {
		ts.Fatalf("usage: during TEXT PROGRAM ARG... -- CODE OTHER ARG...")
	}
	p := startProgram(ts, args[0], args[1:at], nil)
	p.wait(ts, 0, func() {
		ts.Check(p.cmd.Process.Signal(syscall.SIGSTOP))
		defer func() { ts.Check(p.cmd.Process.Signal(syscall.SIGCONT)) }()
		exits(ts, false, args[at+1:])
	})
}

// A program runs beside the script.
type program struct {
	cmd   *exec.Cmd
	found chan struct{} // closed at the first line with the text
	ended chan error
	text  string
	again func(*program) // what to do when it says that it is stopping; may be nil
	lines []string       // what it wrote; read it after the end
}

// startProgram starts a program in the script's folder and reads all that it writes.
func startProgram(ts *testscript.TestScript, text string, args []string, again func(*program)) *program {
	path, err := exec.LookPath(args[0])
	ts.Check(err)
	p := &program{
		cmd:   exec.Command(path, args[1:]...),
		found: make(chan struct{}), ended: make(chan error, 1), text: text, again: again,
	}
	p.cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PREFAB_CACHE", "HOME", "TMPDIR", "TZ", "PATH"} {
		p.cmd.Env = append(p.cmd.Env, name+"="+ts.Getenv(name))
	}
	r, w := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = w, w
	ts.Check(p.cmd.Start())
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.read(r)
	}()
	go func() {
		err := p.cmd.Wait()
		_ = w.Close()
		<-read
		p.ended <- err
	}()
	return p
}

func (p *program) read(r io.Reader) {
	lines, met := bufio.NewScanner(r), false
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.lines = append(p.lines, lines.Text())
		if !met && strings.Contains(lines.Text(), p.text) {
			met = true
			close(p.found)
		}
		if p.again != nil && strings.Contains(lines.Text(), `"type":"stopping"`) {
			p.again(p)
		}
	}
}

// wait does something when the program has written its text, and wants it to end with the code.
func (p *program) wait(ts *testscript.TestScript, code int, then func()) {
	limit := time.AfterFunc(time.Minute, func() { _ = p.cmd.Process.Kill() })
	defer limit.Stop()
	select {
	case <-p.found:
		then()
	case err := <-p.ended:
		ts.Fatalf("it ended without writing %q: %v\n%s", p.text, err, strings.Join(p.lines, "\n"))
	}
	err := <-p.ended
	if got := exitCode(ts, err); got != code {
		ts.Fatalf("exit code %d, not %d\n%s", got, code, strings.Join(p.lines, "\n"))
	}
}
