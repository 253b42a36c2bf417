package cli

import (
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"github.com/prefab-build/prefab/cmd/prefab/internal/view"
)

// reports are the files that a command reports to, beside what it prints.
type reports []string

func (r *reports) register(flags *pflag.FlagSet) {
	flags.StringArrayVar((*[]string)(r), "report", nil, "write the verdicts to a `file` too: .md or .xml (JUnit) (may be repeated)")
}

// prepare finds out before the work whether reports can be written, by emptying them. One that is empty when the command
// is over goes: a report that is there is of the command that ended last. (That a file is there at both times keeps an
// answer from memory possible, which knows the names in the project's folder.)
func (r reports) prepare(a *app) error {
	for _, path := range r {
		if err := view.CheckReport(path); err != nil {
			return err
		}
	}
	for _, path := range r {
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			return fmt.Errorf("--report: %w", err)
		}
		a.atEnd(func() {
			if info, err := os.Stat(path); err == nil && info.Size() == 0 {
				_ = os.Remove(path)
			}
		})
	}
	return nil
}

func (r reports) write(a *app, report *view.Report) error {
	for _, path := range r {
		if err := a.view.Report(report, path); err != nil {
			return err
		}
	}
	return nil
}
