package machine

import (
	"os/exec"
	"syscall"
)

// EndWithUs has a command killed when this process is, or to be exact when the thread goes that starts it: lock the
// goroutine to its thread until the command has ended. Systems other than Linux cannot.
func EndWithUs(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
}
