package cas

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/prefab-build/prefab/executor/disk"
	"github.com/prefab-build/prefab/spec"
)

// Options are the settings of a store. The zero value is a good one.
type Options struct {
	// ReadOnly opens the store without writing anything, not even its folders: a folder that is not there reads as an
	// empty store, and every write is an error.
	ReadOnly bool
	// Report is told of each damaged file when it is found. It may be called from several goroutines at once.
	Report func(Damage)
	// Now is the clock by which files are marked as used; nil is that of the machine.
	Now func() time.Time
}

// A Store is a content-addressed store and an action cache in one folder. Its methods may be called from several
// goroutines, and several processes may use the same folder.
type Store struct {
	dir    string // the user's folder
	root   string // dir/v1
	opts   Options
	codec  *codec
	memo   memo
	counts counts
	locks  inProcess

	lease lease
	now   func() time.Time

	sweeps sync.Mutex   // guards what follows
	shared *flock.Flock // the sweep lock, while it is held together with others
}

// The subfolders of v1.
const (
	blobDir  = "cas"
	entryDir = "ac"
	indexDir = "ix"
	tmpDir   = "tmp"
	badDir   = "bad"
	lockDir  = "locks"
	rootDir  = "roots"
)

// Rows of a user's data lie in the store, so its files are for that user alone.
const (
	dirMode  = 0o700
	fileMode = 0o600
)

// Open opens the store in dir and makes what is missing of it. Where dir cannot be written the error is a *FolderError.
func Open(dir string, opts Options) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, &FolderError{Dir: dir, Err: err}
	}
	s := &Store{dir: abs, root: filepath.Join(abs, "v1"), opts: opts, codec: newCodec(), now: opts.Now}
	if s.now == nil {
		s.now = time.Now //nolint:forbidigo // when a file was used decides what is removed first, and no result
	}
	s.memo.path = filepath.Join(s.root, "memo")
	if opts.ReadOnly {
		return s, nil
	}
	_, statErr := os.Stat(filepath.Join(s.root, indexDir))
	for _, sub := range []string{blobDir, entryDir, indexDir, tmpDir, badDir, lockDir, rootDir, leaseDir} {
		if err := os.MkdirAll(filepath.Join(s.root, sub), dirMode); err != nil {
			return nil, s.unwritable(err)
		}
	}
	if err := s.takeLease(); err != nil {
		return nil, s.unwritable(err)
	}
	if errors.Is(statErr, fs.ErrNotExist) {
		if err := s.RebuildIndex(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Exists reports whether there is a store in dir, which may be one that cannot be written.
func Exists(dir string) bool {
	_, err := os.ReadDir(filepath.Join(dir, "v1", entryDir))
	return err == nil
}

// Dir returns the folder that the store was opened with, as an absolute path.
func (s *Store) Dir() string { return s.dir }

// ErrNotFound says that the store does not hold what was asked for.
var ErrNotFound = errors.New("not in the cache")

// errReadOnly is what a write to a store opened for reading comes to.
var errReadOnly = errors.New("the cache was opened for reading only")

// A FolderError says that the cache folder cannot be used, and what the user can do about it.
type FolderError struct {
	Dir string
	Err error
}

// Error names the folder, the cause and the two ways to choose another folder.
func (e *FolderError) Error() string {
	cause := e.Err
	if pe := (*fs.PathError)(nil); errors.As(e.Err, &pe) && pe.Path == e.Dir {
		cause = pe.Err // the path is in the sentence already
	}
	if disk.Full(e.Err) {
		return fmt.Sprintf("the cache folder %s cannot be written: %v", e.Dir, disk.Advised(cause))
	}
	return fmt.Sprintf("the cache folder %s cannot be written: %v; choose another one with the environment variable "+
		"PREFAB_CACHE, or in the pipeline with cache { path = \"…\" }", e.Dir, cause)
}

// Unwrap returns the cause.
func (e *FolderError) Unwrap() error { return e.Err }

func (s *Store) unwritable(err error) error {
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return fmt.Errorf("writing to the cache: %w", err) // another folder would not help
	}
	return &FolderError{Dir: s.dir, Err: err}
}

// A Damage describes a file of the store that does not hold what its name says, or an entry that was dropped.
type Damage struct {
	Kind   string      // "blob" or "entry"
	Digest spec.Digest // the name of the blob or entry
	Path   string      // where the file was
	Moved  string      // where it was set aside, empty when it could not be moved
	Reason string
}

// A DamageError says that a stored blob does not have the content that its name promises. It is a kind of
// ErrNotFound, for callers to whom both mean making the thing again.
type DamageError struct {
	Digest spec.Digest
	Path   string // where the damaged file was; it has been set aside, unless the store is read-only
	Reason string
}

// Error names the blob, the file and what is wrong with it.
func (e *DamageError) Error() string {
	return fmt.Sprintf("blob %s in the cache is damaged: %s (%s)", e.Digest.Short(), e.Reason, e.Path)
}

// Is makes damage a miss: errors.Is(err, ErrNotFound) holds.
func (e *DamageError) Is(target error) bool { return target == ErrNotFound }

// quarantine sets a damaged file aside and reports it. It does not fail: where the file cannot be moved it stays, and
// is found and reported again. Another process may have healed the file since it was read; then a sound file is
// moved, which costs making it once more.
func (s *Store) quarantine(kind string, d spec.Digest, path, reason string) {
	s.counts.damaged.Add(1)
	moved := ""
	if !s.opts.ReadOnly {
		to := filepath.Join(s.root, badDir, kind+"-"+d.String())
		if os.Rename(path, to) == nil {
			moved = to
		}
	}
	if s.opts.Report != nil {
		s.opts.Report(Damage{Kind: kind, Digest: d, Path: path, Moved: moved, Reason: reason})
	}
}

// path returns the place of the file named d below the subfolder sub. The 256 folders in between keep listings short
// on file systems that search them linearly.
func (s *Store) path(sub string, d spec.Digest) string {
	name := d.String()
	return filepath.Join(s.root, sub, name[:2], name)
}

// BlobPath returns the file that holds a blob, if it is there.
func (s *Store) BlobPath(d spec.Digest) string { return s.path(blobDir, d) }

// ActionPath returns the file that holds an entry, if it is there.
func (s *Store) ActionPath(base, inputs spec.Digest) string {
	return s.path(entryDir, actionAddress(base, inputs))
}

// place moves the finished temporary file tmp to path, making its folder when it is the first file there.
func place(tmp, path string, move func(old, new string) error) error {
	err := move(tmp, path)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return err
	}
	return move(tmp, path)
}

// writeTemp writes the parts to a new file in v1/tmp and returns its path.
func (s *Store) writeTemp(parts ...[]byte) (path string, err error) {
	s.rewind()
	f, err := os.CreateTemp(filepath.Join(s.root, tmpDir), "put-")
	if err != nil {
		return "", err
	}
	for _, p := range parts {
		if _, err = f.Write(p); err != nil {
			break
		}
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// Scratch returns an empty file in the store's folder that has no name, so that nothing is left of it when it is closed or
// the process killed. Where a system cannot do that it stays until it is found to be debris.
func (s *Store) Scratch() (*os.File, error) {
	if s.opts.ReadOnly {
		return nil, s.unwritable(errReadOnly)
	}
	f, err := os.CreateTemp(filepath.Join(s.root, tmpDir), "put-")
	if err != nil {
		return nil, s.unwritable(err)
	}
	_ = os.Remove(f.Name())
	return f, nil
}

// counts are what this process did with the store.
type counts struct {
	puts, known, hits, misses, damaged atomic.Int64
	rawBytes, storedBytes              atomic.Int64
}
