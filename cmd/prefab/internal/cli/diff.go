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
	"github.com/prefab-build/prefab/spec"
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
	was, is := past(store.Store, records[0]), past(store.Store, records[1])
	for i := range d.Stages {
		if d.Stages[i].Rows, err = rowsDiff(ctx, was, is, &d.Stages[i]); err != nil {
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

// past is a recorded run, whose tables the store may still tell.
func past(s *cas.Store, r *history.Record) *executor.Past {
	nodes := make(map[spec.Addr]executor.PastNode, len(r.Nodes))
	for _, n := range r.Nodes {
		p := executor.PastNode{Base: n.BaseDigest, Inputs: n.InputsDigest}
		for _, in := range n.Reads {
			p.Reads = append(p.Reads, executor.PastInput(in))
		}
		nodes[n.Addr] = p
	}
	return executor.NewPast(s, nodes)
}

// rowsDiff counts the rows of each output that came and went, where both runs' results still tell.
func rowsDiff(ctx context.Context, was, is *executor.Past, d *history.StageDiff) (map[string]history.RowsDiff, error) {
	if d.Was == nil || d.Is == nil {
		return nil, nil
	}
	before, ok, err := was.Rows(ctx, d.Was.Addr)
	if !ok || err != nil {
		return nil, err
	}
	after, ok, err := is.Rows(ctx, d.Is.Addr)
	if !ok || err != nil {
		return nil, err
	}
	list := map[string]history.RowsDiff{}
	for port, ids := range after {
		var r history.RowsDiff
		for id := range ids {
			if before[port][id] {
				r.Both++
			} else {
				r.Came++
			}
		}
		if r.Went = len(before[port]) - r.Both; r.Came+r.Went > 0 {
			list[port] = r
		}
	}
	return list, nil
}
