package machine

import (
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

// At returns the file system of a path that exists.
func At(path string) (s Space, ok bool) {
	full, err := filepath.Abs(path)
	if err != nil {
		return s, false
	}
	name, err := windows.UTF16PtrFromString(full)
	if err != nil {
		return s, false
	}
	var free uint64
	if windows.GetDiskFreeSpaceEx(name, &free, nil, nil) != nil {
		return s, false
	}
	return Space{Device: strings.ToLower(filepath.VolumeName(full)), Free: int64(free)}, true
}
