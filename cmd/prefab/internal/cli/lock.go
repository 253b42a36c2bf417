package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// A holder is who runs in a project; it is written into the lock file for others to read.
type holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Command []string  `json:"command"`
	Since   time.Time `json:"since"`
}

// lock takes the project for this process. The kernel gives it back when the process ends, however it ends.
func (s *session) lock(ctx context.Context, timeout time.Duration) (unlock func(), err error) {
	if err := os.MkdirAll(s.stateDir(), 0o755); err != nil {
		return nil, fmt.Errorf("the folder .prefab, where the lock and the history of the project are kept, cannot be made: %w. "+
			"Make the pipeline's folder writable, and move away what is named .prefab and is no folder", err)
	}
	path := filepath.Join(s.stateDir(), "lock")
	l := flock.New(path)
	locked, err := l.TryLock()
	if err == nil && !locked && timeout > 0 {
		s.view.Note("Waiting for " + s.holder() + ".")
		wait, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		locked, _ = l.TryLockContext(wait, 100*time.Millisecond)
		if ctx.Err() != nil {
			return nil, codeError(exitInterrupted)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("locking the project: %w", err)
	}
	if !locked {
		s.view.Error(fmt.Errorf("another run holds this project: %s. Wait for it with --lock-timeout 10m", s.holder()))
		return nil, codeError(exitLocked)
	}
	return s.hold(l)
}

// tryLock takes the project when that can be done at once and without a word.
func (s *session) tryLock() (unlock func(), ok bool) {
	l := flock.New(filepath.Join(s.stateDir(), "lock"))
	if locked, err := l.TryLock(); err != nil || !locked {
		return nil, false
	}
	unlock, err := s.hold(l)
	return unlock, err == nil
}

// hold writes down who holds the lock.
func (s *session) hold(l *flock.Flock) (unlock func(), err error) {
	host, _ := os.Hostname()
	b, err := json.Marshal(holder{PID: os.Getpid(), Host: host, Command: s.commandLine(), Since: s.now()})
	if err == nil {
		err = os.WriteFile(s.holderPath(), b, 0o600)
	}
	if err != nil {
		_ = l.Unlock()
		return nil, fmt.Errorf("locking the project: %w", err)
	}
	return func() { _ = os.Remove(s.holderPath()); _ = l.Unlock() }, nil
}

// holderPath is beside the lock: on Windows a locked file cannot be read.
func (s *session) holderPath() string { return filepath.Join(s.stateDir(), "holder.json") }

// holder says who holds the lock, as far as it can be told.
func (s *session) holder() string {
	var h holder
	b, err := os.ReadFile(s.holderPath())
	if err != nil || json.Unmarshal(b, &h) != nil {
		return "a process that did not say who it is"
	}
	return fmt.Sprintf("process %d on %s, since %s", h.PID, h.Host, h.Since.Format(time.DateTime))
}
