package command

import "syscall"

// endWithUs has the program killed when prefab is, or to be exact when the thread goes that started it.
func endWithUs(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }
