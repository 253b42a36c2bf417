package compare

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// resident is the largest resident set of a process that ended and of those that it waited for, in bytes: of the largest
// of them, not of all together.
func resident(p *os.ProcessState) int64 {
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10
	}
	return 0
}

// floor is this process's own largest resident set. Linux counts it to every process that it starts.
func floor() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}
