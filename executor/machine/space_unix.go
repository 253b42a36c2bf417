//go:build linux || darwin

package machine

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// At returns the file system of a path that exists.
func At(path string) (s Space, ok bool) {
	var info unix.Statfs_t
	var file unix.Stat_t
	if unix.Statfs(path, &info) != nil || unix.Stat(path, &file) != nil {
		return s, false
	}
	return Space{Device: fmt.Sprint(file.Dev), Free: int64(info.Bavail * uint64(info.Bsize))}, true
}
