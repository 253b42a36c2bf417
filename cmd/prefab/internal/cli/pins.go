package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/lang"
	"github.com/prefab-build/prefab/planner"
)

func (a *app) lockCommand() *cobra.Command {
	var v variables
	c := &cobra.Command{
		Use:   "lock",
		Short: "Pin the inputs that the spec marks with pin = true, as they are now",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.load(cmd.Context(), &v)
			if err != nil {
				return err
			}
			if err := s.open(); err != nil {
				return err
			}
			defer s.history.Close()
			facts, err := s.facts(cmd.Context())
			if err != nil {
				return err
			}
			return s.writePins(facts)
		},
	}
	v.register(c.Flags())
	return c
}

// pins lists what the spec pins, as it is now.
func (s *session) pins(facts planner.Facts) []lang.Pin {
	var list []lang.Pin
	for i := range s.pipeline.Blocks {
		b := &s.pipeline.Blocks[i]
		k := s.specs[b.Addr.Kind]
		if k.Sources == nil {
			continue
		}
		pin := lang.Pin{Addr: b.Addr.String(), Files: map[string]string{}}
		sources := k.Sources(b.Full())
		for _, f := range facts.Files[pin.Addr] {
			if f.Path != "" && sources[f.Source].Pin {
				pin.Files[f.Path] = "sha256:" + planner.FileDigest(f).String()
				pin.Records += f.Records()
			}
		}
		if len(pin.Files) > 0 {
			list = append(list, pin)
		}
	}
	return list
}

func (s *session) lockPath() string { return filepath.Join(s.dir, lang.LockName) }

// readPins reads the lock file; there is none before the first apply.
func (s *session) readPins() (map[string]lang.Pin, error) {
	src, err := os.ReadFile(s.lockPath())
	if s.memory != nil {
		s.memory.witness.File(s.lockPath(), src, err)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, problems := lang.ReadLock(lang.LockName, src)
	if problems.HasErrors() {
		s.view.Diagnostics(problems, lang.Files{lang.LockName: src})
		return nil, codeError(exitError)
	}
	pins := make(map[string]lang.Pin, len(list))
	for _, p := range list {
		pins[p.Addr] = p
	}
	return pins, nil
}

// checkPins compares the inputs with the lock file: with --locked a difference is an error, else a warning.
func (s *session) checkPins(facts planner.Facts, locked bool) error {
	was, err := s.readPins()
	if err != nil {
		return err
	}
	var drift []error
	for _, p := range s.pins(facts) {
		old, pinned := was[p.Addr]
		switch {
		case !pinned && locked:
			drift = append(drift, fmt.Errorf("%s is not pinned in %s: run prefab lock", p.Addr, lang.LockName))
		case pinned && !old.Equal(p) && locked:
			drift = append(drift, fmt.Errorf("%s is not what %s pins (%d records then, %d now): restore the input, or accept it with prefab lock",
				p.Addr, lang.LockName, old.Records, p.Records))
		case pinned && !old.Equal(p):
			s.warn(fmt.Sprintf("%s is not what %s pins: %d records then, %d now. apply pins it anew; --locked refuses it.",
				p.Addr, lang.LockName, old.Records, p.Records))
		}
	}
	return errors.Join(drift...)
}

// writePins brings the lock file up to date; a spec without pins has none.
func (s *session) writePins(facts planner.Facts) error {
	pins := s.pins(facts)
	have, err := os.ReadFile(s.lockPath())
	if len(pins) == 0 || (err == nil && bytes.Equal(have, lang.FormatLock(pins))) {
		return nil
	}
	if err := os.WriteFile(s.lockPath(), lang.FormatLock(pins), 0o644); err != nil {
		return fmt.Errorf("writing the lock file: %w", err)
	}
	s.view.Note(fmt.Sprintf("Pinned %d inputs in %s.", len(pins), lang.LockName))
	return nil
}
