//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestFaultPrompt presses Ctrl-C at the question of apply, in a terminal: it ends with 130, and nothing has run.
func TestFaultPrompt(t *testing.T) {
	s := newSite(t)
	c := s.command("apply")
	terminal, said := onTerminal(t, c)
	shows := func(text string) {
		t.Helper()
		for began := time.Now(); !strings.Contains(said.text(), text); time.Sleep(5 * time.Millisecond) {
			if time.Since(began) > patience {
				t.Fatalf("no %q in:\n%s", text, said.text())
			}
		}
	}
	shows("Apply this plan?")
	if _, err := terminal.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("it ends with %v:\n%s", err, said.text())
	}
	shows("Nothing was applied.")
	if text, code := s.end(s.command("log", "--json")); code != 0 || strings.Contains(text, "apply") {
		t.Errorf("the history has a run (exit code %d):\n%s", code, text)
	}
	s.unfinished("stopped")
}

// onTerminal starts a command with a terminal of its own, whose other end it returns, and what comes out of it.
func onTerminal(t *testing.T, c *exec.Cmd) (*os.File, *spoken) {
	t.Helper()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no terminals here: %v", err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	if err := unix.IoctlSetPointerInt(int(terminal.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	screen, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	c.Stdin, c.Stdout, c.Stderr = screen, screen, screen
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	if err := screen.Close(); err != nil {
		t.Fatal(err)
	}
	said := &spoken{}
	go func() { _, _ = io.Copy(said, terminal) }() // until the other end is closed
	return terminal, said
}
