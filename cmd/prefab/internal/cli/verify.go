package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/cmd/prefab/internal/view"
	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
)

func (a *app) verifyCommand() *cobra.Command {
	var v variables
	var jobs int
	c := &cobra.Command{
		Use:   "verify [ADDR...]",
		Short: "Run stages again in an empty cache, and compare",
		Long: "Run stages again from the inputs in an empty cache, and compare what they give with what is stored, by what " +
			"each kind promises: the same bytes, the same bytes on machines of one numerics class, the same within a " +
			"tolerance. It takes as long as the first apply took, changes neither cache nor exports, and needs room for a " +
			"second cache among the temporary files. Without ADDR it is about all stages.\n\n" +
			"Exit codes: 0 everything that could be compared agrees, 1 an error or a difference, 130 interrupted.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.verify(cmd.Context(), &v, args, jobs) },
	}
	v.register(c.Flags())
	c.Flags().IntVarP(&jobs, "jobs", "j", 0, "how many chunks and stages are worked on at once (default all cores)")
	return c
}

func (a *app) verify(ctx context.Context, v *variables, args []string, jobs int) error {
	a.view.Stream()
	stored, err := a.inspect(ctx, v)
	if err != nil {
		return err
	}
	defer stored.history.Close()
	narrow := narrowing{target: args}
	opts, err := narrow.options(stored.pipeline)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "prefab-verify-")
	if err != nil {
		return fmt.Errorf("making an empty cache: %w. Set TMPDIR to a folder with room", err)
	}
	defer os.RemoveAll(dir)
	fresh := &session{
		app: a, kinds: stored.kinds, specs: stored.specs, pipeline: stored.pipeline, files: stored.files, history: stored.history,
	}
	if fresh.local, err = cas.Open(dir, cas.Options{Now: a.now}); err != nil {
		return err
	}
	defer fresh.local.Close()
	fresh.store = fresh.local // a remote would give what others made
	plan, err := fresh.plan(ctx, opts)
	if err != nil {
		return err
	}
	memory, err := fresh.mayNeed("")
	if err != nil {
		return err
	}
	progress := a.view.Progress(plan)
	spare(plan)
	out, err := executor.Run(ctx, plan, fresh.kinds, fresh.store, executor.Options{
		Dir: a.dir, Parallelism: jobs, Memory: memory, Now: a.now, NoPlace: true, Events: progress.Event,
	})
	progress.Close()
	if err != nil {
		return err
	}
	list, err := compared(stored, out, fresh.store)
	if err != nil {
		return err
	}
	a.view.Verified(list)
	switch {
	case out.Interrupted:
		return codeError(exitInterrupted)
	case view.Disagree(list):
		return codeError(exitError)
	}
	return nil
}

// compared says of every stage of the fresh run how it compares with what is stored.
func compared(stored *inspected, out *executor.Outcome, fresh executor.Store) ([]view.Comparison, error) {
	var list []view.Comparison
	differs := map[int]string{} // stages whose outputs are others than those stored, and the first cause
	for i := range out.Nodes {
		o := &out.Nodes[i]
		if o.State == executor.Excluded {
			continue
		}
		c := view.Comparison{Addr: o.Node.Addr, Determinism: "bitwise"} // a union
		if k := stored.specs[o.Node.Kind]; k != nil {
			c.Determinism = k.Promised(o.Node.Block.Full())
		}
		for _, in := range o.Node.Inputs {
			if cause := differs[in.Node]; cause != "" && c.Behind == "" {
				c.Behind = cause
			}
		}
		if err := compareOne(stored, o, fresh, &c); err != nil {
			return nil, err
		}
		switch {
		case c.Outcome == view.Behind:
			differs[i] = c.Behind
		case len(c.Differences) > 0:
			differs[i] = c.Addr.String()
		}
		list = append(list, c)
	}
	return list, nil
}

func compareOne(stored *inspected, o *executor.NodeOutcome, fresh executor.Store, c *view.Comparison) error {
	was, ok := stored.plan.Node(o.Node.Addr)
	switch {
	case o.State == executor.Failed:
		c.Outcome, c.Reason = view.Failed, o.Reason
		return nil
	case o.Result == nil:
		c.Outcome, c.Reason = view.NotCompared, o.Reason
		return nil
	case !ok || stored.known.Result(was) == nil:
		c.Outcome, c.Reason = view.NotCompared, "nothing is stored of it"
		return nil
	case was.BaseDigest != o.Node.BaseDigest || was.Key.InputsDigest != o.Key.InputsDigest:
		c.Outcome = view.Behind
		return nil
	}
	c.Base, c.Inputs = was.BaseDigest, was.Key.InputsDigest
	before, err := stored.store.GetAction(c.Base, c.Inputs)
	if errors.Is(err, cas.ErrNotFound) {
		c.Outcome, c.Reason = view.NotCompared, "what was stored of it is gone"
		return nil
	}
	if err != nil {
		return err
	}
	after, err := fresh.GetAction(c.Base, c.Inputs)
	if err != nil {
		return fmt.Errorf("%s: reading what was just made: %w", c.Addr, err)
	}
	if c.Comparison, err = executor.Compare(c.Determinism, before, after); err != nil {
		return err
	}
	c.Outcome = view.Agrees
	if !c.Equal {
		c.Outcome = view.Differs
	}
	return nil
}
