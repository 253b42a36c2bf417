// Package history remembers what every run of a project did: when, of which spec, what each stage came to and how long
// it took, which files it read, and what the gates said. It is for `log`, `diff` and `why`, and for the estimates of
// a plan; it never decides what runs.
//
// It is one SQLite file in the project's folder. Every call that records is one transaction, so that a kill at any
// moment leaves what was recorded before. Reading asks for nothing: no file is an empty history, a folder that
// cannot be written is read as it is, and a damaged file is an empty history and a warning. Only recording sets a
// damaged file aside and begins a new one, since only one process at a time runs a project.
//
// It takes no time of its own; callers say when things happened.
package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/prefab-build/prefab/executor/disk"
)

// A DB is the history of one project. Its methods may be called from several goroutines, and several processes may use
// one file.
type DB struct {
	path string
	warn func(string)

	mu      sync.Mutex // guards what follows
	writing *sql.DB
	reading *sql.DB
}

// Open returns the history in the file at path. It touches no file: the first read or record does. What went wrong
// with the file and does not stop anybody is told to warn, as a sentence; warn may be nil.
func Open(path string, warn func(string)) *DB {
	if warn == nil {
		warn = func(string) {}
	}
	return &DB{path: path, warn: warn}
}

// Close lets go of the file. The history may be used again afterwards.
func (h *DB) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.close()
}

func (h *DB) close() error {
	var err error
	for _, db := range []*sql.DB{h.reading, h.writing} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	h.reading, h.writing = nil, nil
	return err
}

// busyTimeout is how long one process waits for another to finish its transaction.
const busyTimeout = 10 * time.Second

// connect opens the file with further URI parameters. One connection at a time keeps a process from waiting for itself.
func connect(ctx context.Context, path string, parameters ...string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	slashed := filepath.ToSlash(abs)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // C:/…
	}
	uri := url.URL{Scheme: "file", Path: slashed, RawQuery: strings.Join(append(parameters,
		fmt.Sprintf("_pragma=busy_timeout(%d)", busyTimeout.Milliseconds()), "_pragma=foreign_keys(1)", "_txlock=immediate"), "&")}
	db, err := sql.Open("sqlite", uri.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// reader returns a connection for reading, or nil where there is nothing to read.
func (h *DB) reader(ctx context.Context) (*sql.DB, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.writing != nil {
		return h.writing, nil
	}
	if h.reading != nil {
		return h.reading, nil
	}
	info, err := os.Stat(h.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the run history: %w", err)
	}
	// Readers of a write-ahead log make files beside it. Where the folder does not let them, the file alone is read.
	db, version, err := openReading(ctx, h.path, "mode=ro")
	if code := codeOf(err); code == sqlite3.SQLITE_CANTOPEN || code == sqlite3.SQLITE_READONLY {
		db, version, err = openReading(ctx, h.path, "mode=ro", "immutable=1")
	}
	switch {
	case err != nil:
		return nil, err
	case version == 0: // being made by another process
		return nil, db.Close()
	}
	h.reading = db
	return db, nil
}

func openReading(ctx context.Context, path string, parameters ...string) (db *sql.DB, version int, err error) {
	db, err = connect(ctx, path, parameters...)
	if err != nil {
		return nil, 0, err
	}
	if version, err = schemaVersion(ctx, db); err != nil {
		return nil, 0, errors.Join(err, db.Close())
	}
	return db, version, nil
}

// writer returns a connection for recording, and makes the file and its tables where there are none.
func (h *DB) writer(ctx context.Context) (*sql.DB, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.writing != nil {
		return h.writing, nil
	}
	if err := os.MkdirAll(filepath.Dir(h.path), 0o755); err != nil {
		return nil, err
	}
	// The turn to a write-ahead log needs the file alone, and SQLite does not wait for that: where others make or read a
	// new file at the same moment, it is busy whatever the busy timeout.
	db, err := openWriting(ctx, h.path)
	wait, cancel := context.WithTimeout(ctx, busyTimeout)
	defer cancel()
	for codeOf(err) == sqlite3.SQLITE_BUSY && wait.Err() == nil {
		time.Sleep(5 * time.Millisecond)
		db, err = openWriting(ctx, h.path)
	}
	if err != nil {
		return nil, err
	}
	h.writing = db
	return db, nil
}

// openWriting makes the file and its tables where there are none. A write-ahead log lets plans read while a run records.
// Synchronous "normal" survives every kill; a power cut may take the last transactions, never the file.
func openWriting(ctx context.Context, path string) (*sql.DB, error) {
	db, err := connect(ctx, path, "_pragma=journal_mode(WAL)", "_pragma=synchronous(NORMAL)")
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// read calls query with a connection. Where there is no history, or no legible one, the answer is the zero value.
func read[T any](ctx context.Context, h *DB, query func(*sql.DB) (T, error)) (T, error) {
	var none T
	db, err := h.reader(ctx)
	if err == nil && db == nil {
		return none, nil
	}
	var answer T
	if err == nil {
		answer, err = query(db)
	}
	switch {
	case err == nil:
		return answer, nil
	case isDamage(err):
		h.warn(fmt.Sprintf("the run history %s is damaged (%v) and is taken for empty; the next run sets it aside", h.path, err))
		return none, nil
	}
	return none, fmt.Errorf("reading the run history %s: %w", h.path, err)
}

// write calls record in a transaction. A damaged file is set aside, and the record goes to a new one; before that,
// again writes there what the record builds on.
func (h *DB) write(ctx context.Context, again, record func(*transaction) error) error {
	err := h.transact(ctx, record)
	if isDamage(err) {
		aside, moveErr := h.setAside()
		if moveErr != nil {
			return fmt.Errorf("the run history %s is damaged (%w) and cannot be set aside: %w", h.path, err, moveErr)
		}
		h.warn(fmt.Sprintf("the run history was damaged (%v); it was renamed to %s and a new one begun", err, aside))
		err = h.transact(ctx, func(tx *transaction) error {
			if err := again(tx); err != nil {
				return err
			}
			return record(tx)
		})
	}
	if err != nil {
		return fmt.Errorf("recording in the run history %s: %w", h.path, explained(err))
	}
	return nil
}

// explained is an error of SQLite as the system would have it. SQLite says that a disk is full, and calls all else that a
// disk refuses by a number.
func explained(err error) error {
	switch codeOf(err) {
	case sqlite3.SQLITE_FULL:
		return syscall.ENOSPC
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("%w: the disk is full, or does not work: %s", err, disk.Remedy)
	}
	return err
}

func (h *DB) transact(ctx context.Context, record func(*transaction) error) error {
	db, err := h.writer(ctx)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := record(&transaction{tx: tx, prepared: map[string]*sql.Stmt{}}); err != nil {
		return err
	}
	return tx.Commit()
}

// A transaction prepares each statement once: a run of ten thousand stages says the same five fifty thousand times.
type transaction struct {
	tx       *sql.Tx
	prepared map[string]*sql.Stmt // closed by the end of the transaction
}

// ExecContext is that of sql.Tx.
func (t *transaction) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s := t.prepared[query]
	if s == nil {
		var err error
		if s, err = t.tx.PrepareContext(ctx, query); err != nil {
			return nil, err
		}
		t.prepared[query] = s
	}
	return s.ExecContext(ctx, args...)
}

// setAside renames the file, with its log so that it can be looked into, to the first free name history.db.bad-N.
func (h *DB) setAside() (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_ = h.close() // a damaged file may not close cleanly
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.bad-%d", h.path, n)
		if _, err := os.Lstat(aside); err == nil {
			continue
		}
		if err := os.Rename(h.path, aside); err != nil {
			return "", err
		}
		for _, part := range []string{"-wal", "-shm"} {
			if err := os.Rename(h.path+part, aside+part); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", err
			}
		}
		return aside, nil
	}
}

// codeOf returns SQLite's primary result code, 0 when err is not from SQLite.
func codeOf(err error) int {
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

func isDamage(err error) bool {
	code := codeOf(err)
	return code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
}
