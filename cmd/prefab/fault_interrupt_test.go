//go:build unix

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var interrupts = flag.Int("interrupts", 16, "how many runs TestFaultInterrupt interrupts")

// patience is how long a run may take to end after a signal: for the first, the work at hand; for the second, nothing.
const patience = 20 * time.Second

// TestFaultInterrupt presses Ctrl-C once or twice at random moments, from before the program has begun to after its end. It
// ends in time, with 130 or by the signal, leaves no process and, after the first, nothing half written; the next run comes
// to what an undisturbed one comes to.
func TestFaultInterrupt(t *testing.T) {
	if testing.Short() {
		t.Skip("runs are interrupted by the dozen")
	}
	whole := newSite(t)
	began := time.Now()
	want := whole.result()
	takes := time.Since(began)
	ends := map[string]int{}
	for i := range *interrupts {
		draw := rand.New(rand.NewPCG(*first, uint64(i)))
		s := newSite(t)
		args := []string{"apply", "--yes"}
		if draw.IntN(4) == 0 {
			args = append(args, "--isolate")
		}
		twice := draw.IntN(2) == 0
		after := time.Duration(draw.Float64() * 1.1 * float64(takes))
		end := s.interrupt(args, func(*spoken) { time.Sleep(after) }, twice, time.Duration(draw.IntN(30))*time.Millisecond)
		ends[end]++
		s.same(s.result(), want, fmt.Sprintf("trial %d, %s", i, end))
		s.unfinished("in the end")
		if t.Failed() {
			t.Fatalf("trial %d: %v, twice: %v", i, args, twice)
		}
	}
	t.Logf("%d runs interrupted: %v", *interrupts, ends)
}

// spoken is what a process has said so far.
type spoken struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (s *spoken) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.Write(b)
}

func (s *spoken) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.String()
}

// interrupt starts a command in a group of processes of its own, which all get a signal as a terminal sends it when it is
// due, and another one after a pause if there is to be a second. It says how the command ended.
func (s site) interrupt(args []string, due func(*spoken), twice bool, pause time.Duration) string {
	s.t.Helper()
	c := s.command(args...)
	said := &spoken{}
	c.Stdout, c.Stderr = said, said
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	group := -c.Process.Pid
	due(said)
	_ = syscall.Kill(group, syscall.SIGINT) // it may have ended
	if twice {
		time.Sleep(pause)
		_ = syscall.Kill(group, syscall.SIGINT)
	}
	var err error
	select {
	case err = <-ended:
	case <-time.After(patience):
		_ = syscall.Kill(group, syscall.SIGKILL)
		s.t.Fatalf("it does not end within %s of Ctrl-C:\n%s", patience, said.text())
	}
	gone := false
	for wait := time.Now(); !gone && time.Since(wait) < patience; time.Sleep(10 * time.Millisecond) {
		gone = errors.Is(syscall.Kill(group, 0), syscall.ESRCH)
	}
	if !gone {
		_ = syscall.Kill(group, syscall.SIGKILL)
		s.t.Errorf("processes are left")
	}
	if strings.Contains(said.text(), "panic") {
		s.t.Errorf("it panics:\n%s", said.text())
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &exit) && exit.ExitCode() == 130:
		if !twice && !slices.Contains(args, "--isolate") { // the processes of --isolate hear of it twice: from the terminal and from the run
			s.unfinished("stopped")
		}
		return "stopped"
	case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGINT:
		return "ended at once"
	}
	s.t.Errorf("it ends with %v:\n%s", err, said.text())
	return "wrong"
}

// partial are the names of files that are being written.
var partial = regexp.MustCompile(`^(put-|new-|now-|\..*\.([0-9]+|part)$)`)

// unfinished looks for files that were not finished: outside the cache, whose garbage others collect, there are none.
func (s site) unfinished(when string) {
	s.t.Helper()
	err := filepath.WalkDir(s.dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && partial.MatchString(e.Name()) && (when == "stopped" || !strings.Contains(path, "/.cache/")) {
			s.t.Errorf("%s: %s is left", when, path)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}
