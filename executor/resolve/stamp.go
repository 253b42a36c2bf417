package resolve

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/prefab-build/prefab/spec"
)

// A Stamp tells whether a file is the one that it was, without reading it. What a system does not know is zero.
type Stamp struct {
	Device, Inode uint64
	Size          int64
	Modified      int64 // the content, in nanoseconds since 1970
	Changed       int64 // the inode
}

// StampOf returns the stamp of a file.
func StampOf(info fs.FileInfo) Stamp {
	s := Stamp{Size: info.Size(), Modified: info.ModTime().UnixNano()}
	s.inode(info)
	return s
}

// Settled reports whether a file is old enough to be known by its stamp: one that is written again within the clock's
// grain looks the same. A program may set the time of the content to what it likes, so the inode's counts too.
func (s Stamp) Settled(now time.Time) bool {
	const grain = 2 * time.Second
	last := now.Add(-grain).UnixNano()
	return s.Modified < last && s.Changed < last
}

// identity names a file as it is now.
func identity(path string, s Stamp) spec.Digest {
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = path
	}
	return spec.HashBytes(fmt.Appendf(nil, "%s\x00%d\x00%d\x00%d\x00%d\x00%d", abs, s.Device, s.Inode, s.Size, s.Modified, s.Changed))
}
