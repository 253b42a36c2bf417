// Package machine says how much of what work needs there is: memory, and room on disks. What cannot be found out is
// unknown, and stops nobody.
package machine

import (
	"bufio"
	"bytes"
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
)

// A Space is the file system that a path lies on.
type Space struct {
	Device string // equal for paths of one file system
	Free   int64  // bytes, as far as this user may fill them
}

// Memory returns how many bytes of memory this process may use at most: those of the machine, or of the control group that
// it runs in. It is 0 where that cannot be told.
func Memory() int64 {
	total := physical()
	if limit := limited(os.DirFS("/")); limit > 0 && (total == 0 || limit < total) {
		return limit
	}
	return total
}

// limited returns the lowest limit on the control groups of this process, of version 1 or 2, or 0. In a container the path
// of a group may be that of another place in the tree; its root is always looked at.
func limited(root fs.FS) int64 {
	b, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0
	}
	least := int64(0)
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		parts := strings.SplitN(lines.Text(), ":", 3)
		if len(parts) < 3 {
			continue
		}
		dir, file := "sys/fs/cgroup", "memory.max"
		switch {
		case parts[1] == "memory" || strings.Contains(","+parts[1]+",", ",memory,"):
			dir, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		case parts[1] != "":
			continue
		}
		for at := path.Clean("/" + parts[2]); ; at = path.Dir(at) {
			if n := number(root, path.Join(dir, at, file)); n > 0 && (least == 0 || n < least) {
				least = n
			}
			if at == "/" {
				break
			}
		}
	}
	return least
}

// number reads a file that holds one; a word such as max is no limit.
func number(root fs.FS, name string) int64 {
	b, err := fs.ReadFile(root, name)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
	if err != nil || n > math.MaxInt64 {
		return 0
	}
	return int64(n)
}
