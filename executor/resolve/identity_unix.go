//go:build unix

package resolve

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"

	"github.com/prefab-build/prefab/spec"
)

// identity names a file as it is now: device, inode, size, and both times, since a move keeps the one and a link
// changes the other.
func identity(path string, info fs.FileInfo) spec.Digest {
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = path
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return spec.HashBytes(fmt.Appendf(nil, "%s\x00%d\x00%d", abs, info.Size(), info.ModTime().UnixNano()))
	}
	return spec.HashBytes(fmt.Appendf(nil, "%s\x00%d\x00%d\x00%d\x00%d\x00%d",
		abs, st.Dev, st.Ino, info.Size(), info.ModTime().UnixNano(), changed(st)))
}

// inodeTime is when the file's inode last changed, and the zero time where that is not known.
func inodeTime(info fs.FileInfo) time.Time {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		if t := changed(st); t != 0 {
			return time.Unix(0, t)
		}
	}
	return time.Time{}
}
