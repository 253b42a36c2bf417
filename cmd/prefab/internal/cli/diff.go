package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/history"
)

func (a *app) diffCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "diff [RUN1 [RUN2]]",
		Short: "Show what differs between two runs",
		Long: "Show what differs between two runs: inputs, keys, rows, metrics, verdicts and durations. With one run, it is " +
			"compared with the last; without any, the last is compared with the one before it. prefab log lists the runs.",
		Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return a.diff(cmd.Context(), args) },
	}
}

func (a *app) diff(ctx context.Context, args []string) error {
	h := history.Open(filepath.Join(a.dir, ".prefab", "history.db"), a.view.Warning)
	defer h.Close()
	ids, err := runsToCompare(ctx, h, args)
	if err != nil {
		return err
	}
	var records [2]*history.Record
	for i, id := range ids {
		if records[i], err = h.Run(ctx, id); err != nil {
			return err
		}
		if records[i] == nil {
			return fmt.Errorf("there is no run %d: prefab log lists them", id)
		}
	}
	d := history.Diff(records[0], records[1])
	store, err := a.openCache(ctx, nil)
	if err != nil {
		return err
	}
	for i := range d.Stages {
		if d.Stages[i].Rows, err = rowsDiff(ctx, store.Store, &d.Stages[i]); err != nil {
			return err
		}
	}
	a.view.Difference(d)
	return nil
}

// runsToCompare reads the numbers of two runs, or takes the last.
func runsToCompare(ctx context.Context, h *history.DB, args []string) (ids [2]int64, err error) {
	for i, text := range args {
		if ids[i], err = strconv.ParseInt(text, 10, 64); err != nil || ids[i] < 1 {
			return ids, fmt.Errorf("%q is no run: give its number, which prefab log tells", text)
		}
	}
	if len(args) == 2 {
		return ids, nil
	}
	last, err := h.Runs(ctx, 2)
	switch {
	case err != nil:
		return ids, err
	case len(args) == 1 && len(last) > 0:
		return [2]int64{ids[0], last[0].ID}, nil
	case len(last) < 2:
		return ids, errors.New("there are no two runs to compare: prefab apply makes one")
	}
	return [2]int64{last[1].ID, last[0].ID}, nil
}

// rowsDiff counts the rows that came and went, where both results still tell.
func rowsDiff(ctx context.Context, s *cas.Store, d *history.StageDiff) (*history.RowsDiff, error) {
	if d.Was == nil || d.Is == nil || !made(*d.Was) || !made(*d.Is) {
		return nil, nil
	}
	was, ok, err := executor.MadeRows(ctx, s, d.Was.BaseDigest, d.Was.InputsDigest)
	if !ok || err != nil {
		return nil, err
	}
	is, ok, err := executor.MadeRows(ctx, s, d.Is.BaseDigest, d.Is.InputsDigest)
	if !ok || err != nil {
		return nil, err
	}
	r := &history.RowsDiff{}
	for id := range is {
		if was[id] {
			r.Both++
		} else {
			r.Came++
		}
	}
	r.Went = len(was) - r.Both
	return r, nil
}
