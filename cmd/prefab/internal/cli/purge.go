package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/cmd/prefab/internal/view"
	"github.com/prefab-build/prefab/executor/cas/remote"
	"github.com/prefab-build/prefab/executor/dataset/find"
	"github.com/prefab-build/prefab/executor/gc"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

type purgeFlags struct {
	variables
	row        string
	yes, force bool
}

func (a *app) cachePurgeCommand() *cobra.Command {
	var f purgeFlags
	c := &cobra.Command{
		Use:   "purge DATASET --row ID",
		Short: "Remove a row, and all that holds it, from the cache",
		Long: "Remove a row of a dataset, and all that holds it, from the cache: as it was read, as it was exported, the models " +
			"that were trained on it, and whatever quotes a text that only it has; of all projects. " + rowHelp + "\n\n" +
			"First take the row out of the source, since the next apply would read it again: while it stands there, nothing is " +
			"removed without --force. Files that were exported are not touched; those that hold the row are named, and so is " +
			"what the next apply makes again. A remote cache that is a folder is purged, too; from a server nothing can be " +
			"removed, and that is said.\n\n" +
			"What is left names the row by its id, a hash, in ledgers. Texts of less than " + fmt.Sprint(find.Least) + " letters and " +
			"digits, and those that other rows of the dataset have too, are not looked for: only what is known to hold the row goes.\n\n" +
			"Exit codes: 0 nothing in the cache holds the row any more, 1 an error, or a running process uses some of it, 4 a " +
			"run holds the project.",
		Example: "  prefab cache purge dataset.hh --row 15673aa4fc77 --yes",
		Args:    oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.row == "" {
				return errors.New("which row? Give --row ID")
			}
			return a.cachePurge(cmd.Context(), &f, args[0])
		},
	}
	f.register(c.Flags())
	c.Flags().StringVar(&f.row, "row", "", "the row: its `ID` or key, or FILE:LINE")
	c.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&f.force, "force", false, "although the source still has the row")
	return c
}

func (a *app) cachePurge(ctx context.Context, f *purgeFlags, dataset string) error {
	i, err := a.inspect(ctx, &f.variables)
	if err != nil {
		return err
	}
	defer i.history.Close()
	if i.onlyRead() {
		return i.closed
	}
	unlock, err := i.lock(ctx, 0)
	if err != nil {
		return err
	}
	defer func() { unlock() }()
	n, err := i.source(dataset)
	if err != nil {
		return err
	}
	h, err := i.hunt(ctx, n, f.row)
	if err != nil {
		return i.whole(ctx, err)
	}
	if len(h.still) > 0 && !f.force {
		return fmt.Errorf("%s still has the row: the next apply would read it again. Take it out of there first, or give --force", a.view.PlaceList(h.still))
	}
	plan, err := h.plan(ctx)
	if err != nil {
		return err
	}
	if !f.yes {
		if a.json {
			return errors.New("nothing is asked with --json: give --yes")
		}
		a.view.PurgePlan(plan)
		if err := a.confirmed(ctx, "Remove this from the cache? y or yes, all else is no: ", "Nothing was removed."); err != nil {
			return err
		}
	}
	if err := h.purge(ctx, &plan); err != nil {
		return err
	}
	a.view.Purged(plan)
	if plan.InUse() > 0 {
		return codeError(exitError)
	}
	return nil
}

// A hunt is for a row that is to be purged.
type hunt struct {
	*inspected
	runs   []*inspected
	node   *planner.Node
	id     spec.Digest
	quarry gc.Quarry
	still  []view.Place // where the source still has it
	traces *gc.Traces
}

// hunt finds out what a row says, what is known to be made of it, and whether its source still has it.
func (i *inspected) hunt(ctx context.Context, n *planner.Node, text string) (*hunt, error) {
	h := &hunt{inspected: i, node: n}
	var err error
	if h.runs, err = i.runs(ctx); err != nil {
		return nil, err
	}
	earlier, err := i.earlier(ctx, n)
	if err != nil {
		return nil, err
	}
	h.runs = append(h.runs, earlier...)
	if h.id, err = i.row(ctx, h.runs, n, text); err != nil {
		if h.id, _ = spec.ParseDigest(text); h.id.IsZero() {
			return nil, err
		} // a whole id is looked for even where no reading of the dataset is left
	}
	h.quarry = gc.Quarry{ID: h.id, Blobs: map[spec.Digest]bool{}}
	if err := h.read(ctx); err != nil {
		return nil, err
	}
	return h, h.known(ctx)
}

// read looks at all versions of the row. One that its source has, while there are others, is not what is to go.
func (h *hunt) read(ctx context.Context) error {
	var versions [][]byte
	for _, r := range h.runs {
		b, err := r.content(ctx, h.node, h.id)
		if err != nil {
			return err
		}
		if b != nil && !slices.ContainsFunc(versions, func(v []byte) bool { return string(v) == string(b) }) {
			versions = append(versions, b)
		}
	}
	var own []string
	for _, v := range versions {
		list, err := stringsIn(v)
		if err != nil {
			return err
		}
		places, err := h.stands(ctx, v, find.New(list...))
		if err != nil {
			return err
		}
		if places != nil && len(versions) > 1 {
			continue
		}
		own = append(own, list...)
		h.still = append(h.still, places...)
	}
	slices.Sort(own)
	h.quarry.Texts = find.New(slices.Compact(own)...)
	return h.spare()
}

// stands returns where the source, as it is now, has a version of the row.
func (h *hunt) stands(ctx context.Context, version []byte, texts *find.Texts) ([]view.Place, error) {
	for _, r := range h.runs {
		if r.made(h.node) == nil || r.past != nil && r.past.edited(h.node) {
			continue
		}
		b, err := r.content(ctx, h.node, h.id) // the files are those that were read
		if err != nil || string(b) != string(version) {
			return nil, err
		}
		at, err := r.located(ctx, h.node, []spec.Digest{h.id})
		return []view.Place{at[h.id]}, err
	}
	return h.seek(h.node, texts)
}

// spare leaves out the texts that other records of the source have, too: they are theirs.
func (h *hunt) spare() error {
	own := *h.quarry.Texts
	return h.eachRecord(h.node, &own, func(at view.Place, folded []byte) {
		if !slices.ContainsFunc(h.still, func(p view.Place) bool { return p.File == at.File && p.Line == at.Line }) {
			h.quarry.Texts.Drop(folded)
		}
	})
}

// known follows the row to the files and models that were made of it, in whichever run.
func (h *hunt) known(ctx context.Context) error {
	for _, r := range h.runs {
		if r.made(h.node) == nil {
			continue
		}
		s, err := r.lineage().Forward(ctx, h.node, h.id)
		if err != nil {
			return err
		}
		var nodes []*planner.Node
		for _, e := range s.Exports {
			nodes = append(nodes, e.Node)
		}
		for _, m := range s.Models {
			nodes = append(nodes, m.Node)
		}
		for _, n := range nodes {
			for _, o := range r.made(n).Outputs {
				for _, f := range o.Files {
					h.quarry.Blobs[f.Digest] = true
				}
			}
		}
	}
	return nil
}

// plan finds out what would be removed, and what holds the row outside the cache.
func (h *hunt) plan(ctx context.Context) (p view.Purge, err error) {
	if h.traces, err = gc.Trace(ctx, h.local, h.quarry); err != nil {
		return p, err
	}
	dir, err := h.project()
	if err != nil {
		return p, err
	}
	p = view.Purge{Project: dir, Dataset: h.node.Addr, Row: h.id.String(), Cache: h.local.Dir(), Texts: h.quarry.Texts.Len(), Still: h.still}
	p.Results, p.Kept = h.traces.Results()
	p.Entries, p.Blobs, p.Bytes = h.traces.Count()
	for _, n := range h.inspected.plan.Nodes {
		if !h.places(n) {
			continue
		}
		path := resolve.Destination(n.Block)
		b, err := os.ReadFile(resolve.Path(h.dir, path))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return p, resolve.Named(path, err)
		case h.quarry.Blobs[spec.HashBytes(b)] || h.quarry.Holds(b):
			p.Files = append(p.Files, path)
		}
	}
	return p, nil
}

// purge removes it, here and from a remote cache that is a folder.
func (h *hunt) purge(ctx context.Context, p *view.Purge) (err error) {
	if p.Local, err = h.traces.Purge(ctx, h.local, h.now()); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(h.stateDir(), "recall")); err != nil {
		return err
	}
	quoted, err := h.history.Quotes(ctx, h.quarry.Holds)
	if err != nil {
		return err
	}
	if p.History = ""; quoted {
		p.History = h.historyPath()
	}
	r := h.pipeline.Project.Remote
	if r == nil {
		return nil
	}
	if far, ok := h.store.(*remote.Store); ok && far.Folder() != nil {
		traces, err := gc.Trace(ctx, far.Folder(), h.quarry)
		if err != nil {
			return err
		}
		p.Shared, err = traces.Purge(ctx, far.Folder(), h.now())
		return err
	}
	p.Remote = r.URL + r.Path
	return nil
}
