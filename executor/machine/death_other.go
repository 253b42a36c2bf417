//go:build !linux

package machine

import "os/exec"

// EndWithUs does nothing: only Linux can have a process killed when another dies.
func EndWithUs(*exec.Cmd) {}
