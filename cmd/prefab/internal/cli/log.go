package cli

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/cmd/prefab/internal/view"
	"github.com/prefab-build/prefab/executor/history"
	"github.com/prefab-build/prefab/spec"
)

func (a *app) logCommand() *cobra.Command {
	var most int
	var run, keep, unkeep int64
	var files reports
	c := &cobra.Command{
		Use:   "log [ADDR]",
		Short: "List past runs, show one, or show the last of a stage",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			h := history.Open(filepath.Join(a.dir, ".prefab", "history.db"), a.view.Warning)
			defer h.Close()
			ctx := cmd.Context()
			flags := cmd.Flags()
			if flags.Changed("number") && most < 1 {
				return fmt.Errorf("--number: %d is no number of runs: give 1 or more", most)
			}
			if flags.Changed("run") && run < 1 {
				return fmt.Errorf("--run: %d is no run: prefab log lists them", run)
			}
			if err := files.prepare(a); err != nil {
				return err
			}
			if len(files) > 0 && run == 0 && len(args) == 0 {
				last, err := h.Runs(ctx, 1)
				if err != nil {
					return err
				}
				if len(last) == 0 {
					return fmt.Errorf("--report: no run is recorded yet: prefab apply makes the first")
				}
				run = last[0].ID
			}
			switch {
			case keep > 0:
				return a.keep(ctx, h, keep, true)
			case unkeep > 0:
				return a.keep(ctx, h, unkeep, false)
			case len(args) == 1 && len(files) > 0:
				return fmt.Errorf("--report is of a run, and not of one stage: leave out %s", args[0])
			case len(args) == 1:
				if n, err := strconv.ParseInt(args[0], 10, 64); err == nil {
					return fmt.Errorf("log takes the address of a stage, and %d is a number: a run is shown with --run %d", n, n)
				}
				addr, err := spec.ParseAddr(args[0])
				if err != nil {
					return err
				}
				n, err := h.LastOf(ctx, addr)
				if err != nil {
					return err
				}
				if n == nil {
					return fmt.Errorf("no run is recorded of %s", addr)
				}
				lines, err := h.LogOf(ctx, addr)
				if err != nil {
					return err
				}
				a.view.StageLog(n, lines)
			case run > 0:
				r, err := h.Run(ctx, run)
				if err != nil {
					return err
				}
				if r == nil {
					return fmt.Errorf("there is no run %d", run)
				}
				a.view.RunLog(r)
				return files.write(a, view.ReportRecord(r))
			default:
				runs, err := h.Runs(ctx, most)
				if err != nil {
					return err
				}
				a.view.Runs(runs)
			}
			return nil
		},
	}
	files.register(c.Flags())
	c.Flags().IntVarP(&most, "number", "n", 20, "how many runs to list")
	c.Flags().Int64Var(&run, "run", 0, "show this run")
	c.Flags().Int64Var(&keep, "keep", 0, "keep the results of this run in the cache, whatever happens later")
	c.Flags().Int64Var(&unkeep, "unkeep", 0, "do not keep them any more")
	return c
}
