//go:build unix

package command

import (
	"os/exec"
	"syscall"

	"github.com/prefab-build/prefab/executor/machine"
)

// ownGroup makes the program the leader of a process group, so that what it starts can be found.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	machine.EndWithUs(cmd)
}

// askGroup asks all of the group to end.
func askGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }

// endGroup ends all of the group, and reports whether there was anything left of it.
func endGroup(cmd *exec.Cmd) bool { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) == nil }
