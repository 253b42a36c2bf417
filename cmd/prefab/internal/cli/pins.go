package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/executor/disk"
	"github.com/prefab-build/prefab/lang"
	"github.com/prefab-build/prefab/planner"
)

func (a *app) lockCommand() *cobra.Command {
	var v variables
	c := &cobra.Command{
		Use:   "lock",
		Short: "Pin the inputs that the spec marks with pin = true, as they are",
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
			n, wrote, err := s.writePins(facts)
			switch {
			case err != nil:
				return err
			case n == 0:
				s.view.Note("The spec pins no input: write pin = true in a source.")
			case !wrote:
				s.view.Note(lang.LockName + " pins the inputs as they are.")
			}
			return nil
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
				pin.Files[f.Path] = "sha256:" + f.Sum.String()
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
	s.memory.watch(s.lockPath())
	src, err := readFile(s.lockPath())
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
			drift = append(drift, fmt.Errorf("%s is not what %s pins (%s): restore the input, or accept it with prefab lock",
				p.Addr, lang.LockName, drifted(old, p)))
		case pinned && !old.Equal(p):
			s.warn(fmt.Sprintf("%s is not what %s pins: %s. apply pins it anew; --locked refuses it.",
				p.Addr, lang.LockName, drifted(old, p)))
		}
	}
	return errors.Join(drift...)
}

// drifted says which files are others than those that were pinned, and how many records there were and are where that
// differs.
func drifted(old, now lang.Pin) string {
	const most = 3
	names := maps.Clone(old.Files)
	maps.Copy(names, now.Files)
	var list []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, is := old.Files[name], now.Files[name]
		switch {
		case was == is:
		case was == "":
			list = append(list, name+" is new")
		case is == "":
			list = append(list, name+" is gone")
		default:
			list = append(list, fmt.Sprintf("%s was %s and is %s", name, shortened(was), shortened(is)))
		}
	}
	if more := len(list) - most; more > 0 {
		list = append(list[:most], fmt.Sprintf("%d more files differ", more))
	}
	if old.Records != now.Records {
		list = append(list, fmt.Sprintf("%d records then, %d now", old.Records, now.Records))
	}
	return strings.Join(list, "; ")
}

// shortened is a digest as people compare it.
func shortened(digest string) string {
	const most = len("sha256:") + 12
	return digest[:min(len(digest), most)]
}

// writePins brings the lock file up to date; a spec without pins has none. It returns how many inputs are pinned, and
// whether the file had to be written.
func (s *session) writePins(facts planner.Facts) (n int, wrote bool, err error) {
	pins := s.pins(facts)
	have, err := readFile(s.lockPath())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, false, err
	}
	if len(pins) == 0 || (err == nil && bytes.Equal(have, lang.FormatLock(pins))) {
		return len(pins), false, nil
	}
	if err := disk.Replace(s.lockPath(), bytes.NewReader(lang.FormatLock(pins)), 0o644); err != nil {
		return 0, false, fmt.Errorf("writing the lock file: %w", err)
	}
	s.view.Pinned(len(pins), lang.LockName)
	return len(pins), true, nil
}
