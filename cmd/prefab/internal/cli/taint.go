package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/cmd/prefab/internal/view"
	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/lineage"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

func (a *app) taintCommand() *cobra.Command {
	var v variables
	var row string
	c := &cobra.Command{
		Use:   "taint DATASET --row ID",
		Short: "Name the exports and the models that hold a row of a dataset",
		Long: "Name the exports that hold a row of a dataset, or a row that was made of it, with the lines, and the models that " +
			"saw it. " + rowHelp + "\n\nIt looks at the results for the spec and the inputs as they are, and at those of earlier " +
			"runs that the cache keeps: the last one, the last successful one, and those that were kept with log --keep.\n\n" +
			"Exit codes: 0 no export and no model holds the row, 2 something does, 1 an error, or that it cannot be told.",
		Example: "  prefab taint dataset.hh --row 15673aa4fc77\n  prefab taint dataset.hh --row data/hh.jsonl:17",
		Args:    oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			if row == "" {
				return errors.New("which row? Give --row ID")
			}
			i, err := a.inspect(cmd.Context(), &v)
			if err != nil {
				return err
			}
			defer i.history.Close()
			n, err := i.source(args[0])
			if err != nil {
				return err
			}
			t, err := i.taint(cmd.Context(), n, row)
			if err != nil {
				return i.whole(cmd.Context(), err)
			}
			a.view.Taint(t)
			switch {
			case t.Holds():
				return codeError(exitChanges)
			case t.Open():
				return codeError(exitError)
			}
			return nil
		},
	}
	v.register(c.Flags())
	c.Flags().StringVar(&row, "row", "", "the row: its `ID` or key, or FILE:LINE")
	return c
}

// taint finds what holds a row.
func (i *inspected) taint(ctx context.Context, n *planner.Node, text string) (view.Taint, error) {
	t := view.Taint{Dataset: n.Addr}
	runs, err := i.runs(ctx)
	if err != nil {
		return t, err
	}
	id, err := i.row(ctx, runs, n, text)
	if err != nil {
		return t, err
	}
	t.Row = id.String()
	for _, r := range runs {
		content, err := r.content(ctx, n, id)
		if err != nil {
			return t, err
		}
		if content == nil {
			t.Runs = append(t.Runs, view.TaintRun{Name: r.runName(), Absent: r.made(n) != nil, Unread: r.made(n) == nil})
			continue
		}
		if r.past == nil || !r.past.edited(n) {
			at, err := r.located(ctx, n, []spec.Digest{id})
			if err != nil {
				return t, err
			}
			t.Place = at[id]
		}
		copies, err := r.copies(ctx, n, id)
		if err != nil {
			return t, err
		}
		s, err := r.lineage().Forward(ctx, n, append(copies, id)...)
		if err != nil {
			return t, err
		}
		run, err := r.shownSpread(ctx, s)
		if err != nil {
			return t, err
		}
		for _, c := range copies {
			run.Copies = append(run.Copies, c.String())
		}
		t.Runs = append(t.Runs, run)
	}
	return t, nil
}

// copies are the other rows of a stage that have the texts of a row. Whoever asks where a row went means what it says, and
// of equal rows one may stay in place of the others. Votes on the same texts are no copies of one another.
func (i *inspected) copies(ctx context.Context, n *planner.Node, id spec.Digest) ([]spec.Digest, error) {
	byContent, own := map[spec.Digest][]spec.Digest{}, spec.Digest{}
	for _, o := range i.made(n).Outputs {
		if o.Table == nil || o.Artifact == spec.Votes {
			continue
		}
		var texts []spec.Column
		names := []string{spec.ID}
		for _, c := range o.Artifact.Columns() {
			if c.Type == spec.Messages {
				texts, names = append(texts, c), append(names, c.Name)
			}
		}
		for c := range o.Table.Chunks() {
			chunk, err := o.Table.Load(ctx, c, names)
			if err != nil {
				return nil, err
			}
			ids := chunk.IDs()
			for row, content := range dataset.RowContents(chunk, texts) {
				if ids.Digest(row) == id {
					own = content
					continue
				}
				byContent[content] = append(byContent[content], ids.Digest(row))
			}
		}
	}
	return byContent[own], nil
}

// shownSpread adds paths, lines and the state of the files to what holds a row.
func (i *inspected) shownSpread(ctx context.Context, s *lineage.Spread) (view.TaintRun, error) {
	out := view.TaintRun{Name: i.runName(), Models: []view.TaintModel{}, Exports: []view.TaintExport{}}
	for _, h := range s.Stages {
		out.Stages = append(out.Stages, view.TaintStage{Addr: h.Node.Addr, Port: h.Port, Rows: len(h.Rows)})
	}
	for _, m := range s.Models {
		out.Models = append(out.Models, view.TaintModel{Addr: m.Node.Addr, Inputs: m.Ports})
	}
	for _, went := range s.Went {
		lines, err := i.cite(ctx, went.Node, went.Ledger)
		if err != nil {
			return out, err
		}
		out.Went = append(out.Went, view.TaintWent{Addr: went.Node.Addr, Ledger: lines})
	}
	for _, n := range s.Unsure {
		out.Unsure = append(out.Unsure, n.Addr)
	}
	for _, n := range s.Unknown {
		switch {
		case i.past == nil && n.State == planner.Blocked:
			out.Blocked = append(out.Blocked, n.Addr)
		case i.past == nil || !i.past.keys[n.Addr].Base.IsZero(): // else that run made nothing of it
			out.Unknown = append(out.Unknown, n.Addr)
		}
	}
	for _, e := range s.Exports {
		path, container := resolve.Destination(e.Node.Block), containerOf(e.Node)
		f, ok := i.rendered(e.Node)
		if !ok {
			return out, fmt.Errorf("%s has no file: this is a bug of prefab", e.Node.Addr)
		}
		lines, err := i.inStore(ctx, f, path, container).lineOf(e.Records)
		if err != nil {
			return out, err
		}
		x := view.TaintExport{Addr: e.Node.Addr, Path: path, Lines: lines, Parquet: container == "parquet", File: view.FileOther}
		have, err := resolve.HashFile(resolve.Path(i.dir, path))
		switch {
		case err == nil && have == f.Digest:
			x.File = view.FileThis
		case errors.Is(err, fs.ErrNotExist):
			x.File = view.FileMissing
		}
		out.Exports = append(out.Exports, x)
	}
	return out, nil
}
