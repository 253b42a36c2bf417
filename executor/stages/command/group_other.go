//go:build !unix

package command

import "os/exec"

// Without process groups only the program itself can be ended.
func ownGroup(*exec.Cmd) {}

func askGroup(*exec.Cmd) {}

func endGroup(cmd *exec.Cmd) bool {
	_ = cmd.Process.Kill()
	return false
}
