package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/cmd/prefab/internal/view"
	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/dataset/read"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// inspected is a pipeline as it stands in the store: the plan, and the results that it found there.
type inspected struct {
	*session
	plan  *planner.Plan
	known *executor.Known
	past  *pastRun // whose results they are, where they are not those of the plan
}

// made returns what is stored of a stage, or nil.
func (i *inspected) made(n *planner.Node) *executor.Result {
	if i.past != nil {
		return i.past.results[n.Index]
	}
	return i.known.Result(n)
}

// inspect loads a pipeline and looks up its results; nothing runs and nothing is printed.
func (a *app) inspect(ctx context.Context, v *variables) (*inspected, error) {
	s, err := a.load(ctx, v)
	if err != nil {
		return nil, err
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	facts, err := s.facts(ctx)
	if err != nil {
		return nil, err
	}
	plan, known, err := s.make(ctx, facts, planner.Options{})
	if err != nil {
		return nil, err
	}
	return &inspected{session: s, plan: plan, known: known}, nil
}

// node finds the one stage that an address names.
func (i *inspected) node(text string) (*planner.Node, error) {
	found, err := addressed(i.pipeline, text)
	if err != nil {
		return nil, err
	}
	if len(found) > 1 {
		return nil, fmt.Errorf("%s has %d instances: name one, such as %s", text, len(found), found[0])
	}
	n, ok := i.plan.Node(found[0])
	if !ok {
		return nil, fmt.Errorf("the plan has no %s", found[0])
	}
	return n, nil
}

// result returns what is stored of a stage, or why nothing is.
func (i *inspected) result(n *planner.Node) (*executor.Result, error) {
	if r := i.known.Result(n); r != nil {
		return r, nil
	}
	if n.State == planner.Blocked {
		return nil, fmt.Errorf("%s is blocked: %s", n.Addr, n.Reason)
	}
	return nil, fmt.Errorf("%s has no stored result for the spec and inputs as they are: run prefab apply", n.Addr)
}

// whole passes an error on. Where it is that the store has lost something, every result is looked at in depth, which takes
// the ones that are not whole out of the store: the next apply makes them again.
func (i *inspected) whole(ctx context.Context, err error) error {
	if errors.Is(err, cas.ErrNotFound) && !i.deep {
		i.deep = true
		if _, _, deepErr := i.make(ctx, i.plan.Facts, planner.Options{}); deepErr != nil {
			return deepErr
		}
	}
	return err
}

// stageCommand is a command that looks at one stage as it stands in the store.
func (a *app) stageCommand(use, short string, look func(ctx context.Context, i *inspected, n *planner.Node) error) *cobra.Command {
	var v variables
	c := &cobra.Command{
		Use: use, Short: short, Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			i, err := a.inspect(cmd.Context(), &v)
			if err != nil {
				return err
			}
			defer i.history.Close()
			n, err := i.node(args[0])
			if err != nil {
				return err
			}
			return i.whole(cmd.Context(), look(cmd.Context(), i, n))
		},
	}
	v.register(c.Flags())
	return c
}

func (a *app) whyCommand() *cobra.Command {
	return a.stageCommand("why ADDR", "Explain why a stage would run, from the difference of two keys",
		func(ctx context.Context, i *inspected, n *planner.Node) error {
			w := view.Why{Node: n}
			if p := i.history.View(ctx).Previous(); p != nil {
				if was, ok := p.Nodes[n.Addr.String()]; ok {
					w.Previous, w.Run = &was, p.Run
					w.Differences = planner.Differences(was, n, i.plan.Changes)
				}
			}
			a.view.Why(w)
			return nil
		})
}

func (a *app) showCommand() *cobra.Command {
	return a.stageCommand("show ADDR", "Show what a stage made: schema, rows, a sample, metrics, ledger",
		func(ctx context.Context, i *inspected, n *planner.Node) error {
			shown, err := i.shown(ctx, n)
			if err == nil {
				a.view.Show(shown)
			}
			return err
		})
}

// shown gathers what show prints of a stage.
func (i *inspected) shown(ctx context.Context, n *planner.Node) (view.Shown, error) {
	r, err := i.result(n)
	if err != nil {
		return view.Shown{}, err
	}
	ledger, err := executor.LoadLedger(ctx, i.store, r)
	if err != nil {
		return view.Shown{}, err
	}
	shown := view.Shown{Node: n, Result: r}
	if !i.json {
		// What where leaves out is counted. Listed, it would hide what went wrong.
		ledger = slices.DeleteFunc(ledger, func(l executor.LedgerLine) bool { return l.Reason == read.NotSelected })
		shown.More = max(len(ledger)-view.LedgerLines, 0)
		ledger = ledger[:len(ledger)-shown.More]
	}
	if shown.Ledger, err = i.cite(ctx, n, ledger); err != nil {
		return shown, err
	}
	for name, o := range r.Outputs {
		if o.Table != nil {
			sample, err := sampleRows(ctx, o, 2)
			if err != nil {
				return shown, err
			}
			shown.Samples = append(shown.Samples, view.Sample{Port: name, Output: o, Rows: sample})
			continue
		}
		files := map[string][]byte{}
		for _, f := range o.Files {
			const most = 4 << 20 // a model's features are readable; an export is not for here
			if f.Size > most {
				continue
			}
			if files[f.Name], err = i.store.Get(ctx, f.Digest); err != nil {
				return shown, err
			}
		}
		shown.Files = append(shown.Files, view.ShownFiles{Port: name, Output: o, Content: files})
	}
	return shown, nil
}

// sampleRows returns the first rows of a table as JSON.
func sampleRows(ctx context.Context, o executor.Output, n int) ([]string, error) {
	var rows []string
	names := o.Table.Names(o.Artifact)
	for c := 0; c < o.Table.Chunks() && len(rows) < n; c++ {
		chunk, err := o.Table.Load(ctx, c, names)
		if err != nil {
			return nil, err
		}
		w := chunk.RowJSON(names...)
		for r := 0; r < chunk.Rows && len(rows) < n; r++ {
			rows = append(rows, string(w.Append(nil, r)))
		}
	}
	return rows, nil
}

// noOutput says which outputs there are.
func noOutput(list []view.Value, name string) error {
	var names []string
	for _, o := range list {
		names = append(names, o.Name)
	}
	text := "it has none"
	if len(names) > 0 {
		text = "it has " + strings.Join(names, ", ")
	}
	return fmt.Errorf("the spec has no output %q: %s", name, text)
}

func (a *app) outputCommand() *cobra.Command {
	var v variables
	c := &cobra.Command{
		Use:   "output [NAME]",
		Short: "Print the pipeline's outputs from stored metrics",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			i, err := a.inspect(cmd.Context(), &v)
			if err != nil {
				return err
			}
			defer i.history.Close()
			list := values(i.pipeline, func(addr spec.Addr) ([]spec.Metric, planner.Outcome) {
				n, ok := i.plan.Node(addr)
				if !ok || i.known.Result(n) == nil {
					return nil, planner.Pending
				}
				return i.known.Result(n).Metrics, planner.Pass
			})
			if len(args) == 1 {
				for _, o := range list {
					switch {
					case o.Name != args[0]:
						continue
					case o.Problem != "":
						return fmt.Errorf("output %s has no value: %s. Run prefab apply", o.Name, o.Problem)
					}
					a.view.OneOutput(o)
					return nil
				}
				return noOutput(list, args[0])
			}
			a.view.OutputList(list)
			return nil
		},
	}
	v.register(c.Flags())
	return c
}
