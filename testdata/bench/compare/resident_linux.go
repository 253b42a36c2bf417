package compare

import (
	"bytes"
	"os"
	"runtime/debug"
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

// floor is the memory that Linux counts to every process that this one starts: as much as this one ever held. It is made
// as small as it can be first.
func floor() int64 {
	debug.FreeOSMemory()
	// Where this is not allowed, the floor is higher.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
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

// flush has the system write to the disk what it holds back.
func flush() { syscall.Sync() }
