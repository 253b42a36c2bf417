package main

import (
	"os"
	"syscall"
)

// resident is the largest resident set of a process that ended, in bytes.
func resident(p *os.ProcessState) int64 {
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10
	}
	return 0
}
