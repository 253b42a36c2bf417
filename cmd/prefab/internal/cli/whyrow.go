package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/cmd/prefab/internal/view"
	"github.com/prefab-build/prefab/executor/lineage"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

func (a *app) whyRowCommand() *cobra.Command {
	var v variables
	c := &cobra.Command{
		Use:   "why-row EXPORT:LINE",
		Short: "Lead a line of an exported file back to its source, stage by stage",
		Long: "Lead a line of an exported file back to its source: file and line there, and every stage that the row came " +
			"through, with why it was kept. EXPORT is the exported file, or the address of the export. LINE counts from 1, in " +
			"a Parquet file rows, in a packed file the lines of what is packed.\n\n" +
			"It reads the cache and runs nothing. A file that an earlier run wrote is explained by what that run made, as far " +
			"as the cache still has it; what has changed since is said.\n\n" +
			"Exit codes: 0 the row was found, 1 an error.",
		Example: "  prefab why-row out/train.jsonl.zst:17\n  prefab why-row export.train:17",
		Args:    oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			i, err := a.inspect(cmd.Context(), &v)
			if err != nil {
				return err
			}
			defer i.history.Close()
			n, line, err := i.exportLine(args[0])
			if err != nil {
				return err
			}
			w, err := i.whyRow(cmd.Context(), n, line)
			if err != nil {
				return i.whole(cmd.Context(), err)
			}
			a.view.WhyRow(w)
			return nil
		},
	}
	v.register(c.Flags())
	return c
}

// exportLine reads EXPORT:LINE.
func (i *inspected) exportLine(text string) (*planner.Node, int64, error) {
	at := strings.LastIndexByte(text, ':')
	if at <= 0 {
		return nil, 0, fmt.Errorf("%q names no line: write EXPORT:LINE, as in out/train.jsonl:17 or export.train:17", text)
	}
	line, err := strconv.ParseInt(text[at+1:], 10, 64)
	if err != nil || line < 1 {
		return nil, 0, fmt.Errorf("%q is no number of a line: lines count from 1, as in %s:17", text[at+1:], text[:at])
	}
	n, err := i.export(text[:at])
	return n, line, err
}

// export finds an export by its address, or by the path of the file that it places.
func (i *inspected) export(text string) (*planner.Node, error) {
	var known []string
	for _, n := range i.plan.Nodes {
		if !i.places(n) {
			continue
		}
		path := resolve.Destination(n.Block)
		full := resolve.Real(resolve.Path(i.dir, path))
		for _, given := range []string{text, resolve.Path(i.dir, text)} {
			if resolve.Real(given) == full {
				return n, nil
			}
			for _, suffix := range append([]string{resolve.ProvenanceName("")}, i.specs[n.Kind].Beside...) {
				if resolve.Real(given) == full+suffix {
					return nil, fmt.Errorf("%s holds no rows: it lies beside %s, which does", text, path)
				}
			}
		}
		known = append(known, fmt.Sprintf("%s (%s)", n.Addr, path))
	}
	if len(known) == 0 {
		return nil, errors.New("this pipeline exports nothing")
	}
	n, err := i.node(text)
	switch {
	case err == nil && i.places(n):
		return n, nil
	case err == nil:
		return nil, fmt.Errorf("%s exports nothing: name one of %s", n.Addr, strings.Join(known, ", "))
	case strings.ContainsAny(text, `/\`) || strings.HasPrefix(text, "."):
		return nil, fmt.Errorf("no export of this pipeline writes %s: they are %s", text, strings.Join(known, ", "))
	}
	return nil, err
}

// whyRow leads a line of an exported file back to its source.
func (i *inspected) whyRow(ctx context.Context, n *planner.Node, line int64) (view.WhyRow, error) {
	w := view.WhyRow{Export: n.Addr, Path: resolve.Destination(n.Block), Line: line, Parquet: containerOf(n) == "parquet"}
	then, record, err := i.written(ctx, n, &w)
	if err != nil {
		return w, err
	}
	run, id := then.lineage(), spec.Digest{}
	if err := run.Written(ctx, n, func(r int64, row spec.Digest) bool { id = row; return r < record }); err != nil {
		return w, err
	}
	w.Record, w.Row = record, id.String()
	steps, err := run.Back(ctx, n, id)
	if err != nil {
		return w, err
	}
	for _, s := range steps {
		step, err := then.shownStep(ctx, s)
		if err != nil {
			return w, err
		}
		w.Steps = append(w.Steps, step)
	}
	return w, nil
}

// written finds the run that wrote an exported file, and the number of the record at a line of it. What a person must know
// of the file goes into the notes.
func (i *inspected) written(ctx context.Context, n *planner.Node, w *view.WhyRow) (then *inspected, record int64, err error) {
	full, container := resolve.Path(i.dir, w.Path), containerOf(n)
	have, err := resolve.HashFile(full)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return nil, 0, resolve.Named(w.Path, err)
	}
	ours := resolve.ReadPlaced(full).Digest
	runs, err := i.runs(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, r := range runs {
		if f, ok := r.rendered(n); ok && (missing || f.Digest == have || f.Digest == ours) && then == nil {
			then = r
		}
	}
	switch {
	case then != nil:
	case missing:
		_, err := i.result(n)
		return nil, 0, err
	case ours.IsZero():
		return nil, 0, fmt.Errorf("nothing says that prefab wrote %s: there is no provenance file beside it. Name the export, as in %s:%d", w.Path, n.Addr, w.Line)
	default:
		return nil, 0, fmt.Errorf("the cache does not have, or cannot put together under the spec as it is now, what wrote %s: go back to that "+
			"spec, or run prefab apply, which writes the file again", w.Path)
	}
	if then.past != nil {
		w.Notes = append(w.Notes, fmt.Sprintf("The spec or an input has changed since this file was written. What follows is how %s made it.", then.runName()))
	}
	f, _ := then.rendered(n)
	stored := then.inStore(ctx, f, w.Path, container)
	if missing {
		w.Notes = append(w.Notes, fmt.Sprintf("%s is not there. This is about the file as the cache has it.", w.Path))
	}
	if missing || have == f.Digest {
		list, err := stored.places()
		if err == nil {
			record, err = stored.recordAt(list, w.Line)
		}
		return then, record, err
	}
	record, err = then.edited(w, onDisk(full, w.Path, container), stored)
	return then, record, err
}

// edited finds a line of a file that was changed since prefab wrote it among those that prefab wrote.
func (i *inspected) edited(w *view.WhyRow, disk, stored exported) (int64, error) {
	changed := fmt.Errorf("%s was changed since prefab wrote it, and line %d of it is none that prefab wrote. Name the export for the file as "+
		"it was, as in %s:%d", w.Path, w.Line, w.Export, w.Line)
	if w.Parquet {
		return 0, changed
	}
	now, err := disk.lines()
	if err != nil {
		return 0, changed
	}
	was, err := stored.lines()
	if err != nil {
		return 0, err
	}
	if w.Line > int64(len(now)) {
		return 0, fmt.Errorf("%s was changed since prefab wrote it, and has no line %d", w.Path, w.Line)
	}
	trim := func(b []byte) string { return strings.TrimRight(string(b), "\r,") }
	line, at, times := trim(now[w.Line-1]), 0, 0
	for k, text := range was {
		if line != "" && trim(text) == line {
			if times++; times == 1 {
				at = k + 1
			}
		}
	}
	list, err := stored.places()
	if err != nil {
		return 0, err
	}
	record, err := stored.recordAt(list, int64(at))
	if times == 0 || err != nil {
		return 0, changed
	}
	w.Notes = append(w.Notes, fmt.Sprintf("%s was changed since prefab wrote it. This line of it was line %d then.", w.Path, at))
	if times > 1 {
		w.Notes = append(w.Notes, fmt.Sprintf("%d lines that prefab wrote read the same; this is about the first.", times))
	}
	return record, nil
}

// shownStep finds the places and ids of all that a step speaks of.
func (i *inspected) shownStep(ctx context.Context, s lineage.Step) (view.RowStep, error) {
	out := view.RowStep{Node: s.Node, Other: s.Other}
	at, err := i.standing(ctx, s)
	if err != nil {
		return out, err
	}
	for _, r := range s.Rows {
		row := view.StepRow{ID: r.ID.String(), Port: r.Port, Why: r.Why, Place: at[r.ID]}
		for _, of := range r.Of {
			row.Of = append(row.Of, of.String())
		}
		for _, v := range r.Added {
			row.Added = append(row.Added, view.Added{Column: v.Column, Value: v.JSON})
		}
		if row.Noted, err = i.cite(ctx, s.Node, r.Noted); err != nil {
			return out, err
		}
		if row.Named, err = i.cite(ctx, s.Node, r.Named); err != nil {
			return out, err
		}
		out.Rows = append(out.Rows, row)
	}
	slices.SortStableFunc(out.Rows, func(a, b view.StepRow) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return out, nil
}

// standing finds where the rows of a stage that reads files stand in them. Where the files are others now, the texts of the
// rows are looked for.
func (i *inspected) standing(ctx context.Context, s lineage.Step) (map[spec.Digest]view.Place, error) {
	out := map[spec.Digest]view.Place{}
	if !i.reads(s.Node) {
		return out, nil
	}
	if i.past != nil && i.past.edited(s.Node) {
		for _, r := range s.Rows {
			texts, err := i.texts(ctx, s.Node, r.ID)
			if err != nil {
				return nil, err
			}
			p := view.Place{Edited: true}
			found, err := i.seek(s.Node, texts)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return nil, err
			}
			if len(found) > 0 {
				p.File, p.Line = found[0].File, found[0].Line
			}
			out[r.ID] = p
		}
		return out, nil
	}
	ids := make([]spec.Digest, len(s.Rows))
	for k, r := range s.Rows {
		ids[k] = r.ID
	}
	return i.located(ctx, s.Node, ids)
}

// located finds the records that rows of a stage were read from.
func (i *inspected) located(ctx context.Context, n *planner.Node, ids []spec.Digest) (map[spec.Digest]view.Place, error) {
	list, from, index := make([]view.Cited, len(ids)), map[int]origin{}, map[spec.Digest]int{}
	for k, id := range ids {
		index[id] = k
	}
	if err := i.origins(ctx, n, func(id spec.Digest, o origin) {
		if k, ok := index[id]; ok {
			from[k] = o
		}
	}); err != nil {
		return nil, err
	}
	i.locate(list, from)
	out := map[spec.Digest]view.Place{}
	for k, id := range ids {
		out[id] = list[k].Place
	}
	return out, nil
}
