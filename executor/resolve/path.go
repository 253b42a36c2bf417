package resolve

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Path returns a path of a spec as the system knows it.
func Path(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, filepath.FromSlash(path))
}

// LeadsOut reports whether a relative path leads by its words out of the folder that it is relative to.
func LeadsOut(path string) bool {
	path = filepath.ToSlash(filepath.Clean(filepath.FromSlash(path)))
	return path == ".." || strings.HasPrefix(path, "../")
}

// Real returns the absolute path that a path leads to when all links on the way are followed. What does not exist yet
// stands for itself, so that two ways to one file that is still to be written are told to be one.
func Real(path string) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return filepath.Clean(path)
	}
	const most = 40 // links without an end in a row: as many as Linux follows
	for range most {
		next, done := follow(path)
		if path = next; done {
			break
		}
	}
	return path
}

// follow resolves the part of a path that exists. Where it ends at a link into nothing the path goes on from what the
// link names, and there is more to follow.
func follow(path string) (next string, done bool) {
	rest := ""
	for at := path; ; {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest), true
		}
		if target, err := os.Readlink(at); err == nil {
			if !filepath.IsAbs(target) {
				target = filepath.Join(filepath.Dir(at), target)
			}
			return filepath.Join(target, rest), false
		}
		up := filepath.Dir(at)
		if up == at {
			return path, true
		}
		rest, at = filepath.Join(filepath.Base(at), rest), up
	}
}

// Regular reports, as an error, what is neither a regular file nor a folder. Opening a pipe may wait for ever, and a
// device may have no end.
func Regular(info fs.FileInfo) error {
	kind := "of a special kind"
	switch mode := info.Mode(); {
	case mode.IsRegular() || mode.IsDir():
		return nil
	case mode&fs.ModeNamedPipe != 0:
		kind = "a pipe"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	case mode&fs.ModeDevice != 0:
		kind = "a device"
	}
	return fmt.Errorf("this is no regular file: it is %s, and prefab reads and writes files that have an end and stay as they are", kind)
}

// Open opens a regular file for reading, and refuses everything else before it is opened.
func Open(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errors.New("this is a folder")
	}
	if err := Regular(info); err != nil {
		return nil, err
	}
	return os.Open(path)
}
