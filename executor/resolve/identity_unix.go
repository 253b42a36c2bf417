//go:build unix

package resolve

import (
	"io/fs"
	"syscall"
)

// inode fills in what the system knows of a file besides its size and the time of its content: the time of the inode
// too, since a move keeps the one time and a link changes the other.
func (s *Stamp) inode(info fs.FileInfo) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.Device, s.Inode, s.Changed = uint64(st.Dev), st.Ino, changed(st) //nolint:unconvert // signed on some systems
	}
}
