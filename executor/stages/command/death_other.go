//go:build unix && !linux

package command

import "syscall"

// endWithUs does nothing: only Linux can have a process killed when another dies.
func endWithUs(*syscall.SysProcAttr) {}
