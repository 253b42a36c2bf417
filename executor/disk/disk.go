// Package disk writes files that are there as a whole or not at all, and says what helps where a disk takes no more. It
// refuses nothing: what may be written where is for its callers to know.
package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Replace writes a file so that a reader sees the old content or the new, and a power cut or a full disk leaves one of
// them. What a link leads to is replaced, and not the link. A file that is there keeps its permissions; a new one gets
// perm. What is no regular file, such as a pipe, is written to.
func Replace(path string, r io.Reader, perm fs.FileMode) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if info, err := os.Stat(path); err == nil {
		if perm = info.Mode().Perm(); !info.Mode().IsRegular() {
			return pour(path, r)
		}
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	return finish(tmp, path, r, perm)
}

func pour(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

// Place is Replace for a place that the caller holds alone: a link is replaced, and the file has just these permissions.
// What a caller leaves behind that is killed meanwhile has a name of its own, and is used by the next.
func Place(path string, r io.Reader, perm fs.FileMode) error {
	name := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".part")
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	tmp, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return finish(tmp, path, r, perm)
}

// finish fills a new file, and gives it its name.
func finish(tmp *os.File, path string, r io.Reader, perm fs.FileMode) (err error) {
	defer func() {
		if err != nil {
			os.Remove(tmp.Name())
		}
		if named := (*fs.PathError)(nil); errors.As(err, &named) && named.Path == tmp.Name() {
			named.Path = path // people know nothing of the other
		}
	}()
	_, err = io.Copy(tmp, r)
	if err == nil {
		err = errors.Join(tmp.Chmod(perm), tmp.Sync())
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// Full reports whether an error says that there is no space: on the disk, in somebody's share of it, or for a file of
// that length.
func Full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// Advised adds to an error of the system what helps, where that is not obvious.
func Advised(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE):
		return advised(err, "raise the limit, as with ulimit -n 4096")
	case Full(err):
		return advised(err, Remedy)
	}
	return err
}

// Remedy is what to do when a disk is full. What was finished is kept, as after any error.
const Remedy = "free some space, as with prefab cache gc, and run this again"

func advised(err error, advice string) error {
	if strings.Contains(err.Error(), advice) {
		return err
	}
	return fmt.Errorf("%w: %s", err, advice)
}
