package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prefab-build/prefab/cmd/prefab/internal/view"
	"github.com/prefab-build/prefab/executor/disk"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// narrowing are the flags that plan and apply share.
type narrowing struct {
	target, exclude, replace []string
	limit                    int
	locked                   bool
}

func (n *narrowing) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&n.target, "target", nil, "plan only this stage and what it needs (may be repeated)")
	flags.StringArrayVar(&n.exclude, "exclude", nil, "leave out this stage and what reads it (may be repeated)")
	flags.StringArrayVar(&n.replace, "replace", nil, "run this stage again even when its result is cached (may be repeated)")
	flags.BoolVar(&n.locked, "locked", false, "refuse inputs that are not as prefab.lock.hcl pins them")
	flags.IntVar(&n.limit, "limit", 0, "take only the first `N` rows of each dataset, for a quick try")
}

// narrows reports whether a flag says what a plan covers.
func (n *narrowing) narrows() bool {
	return len(n.target)+len(n.exclude)+len(n.replace) > 0 || n.limit != 0
}

func (n *narrowing) options(p *spec.Pipeline) (planner.Options, error) {
	o := planner.Options{Limit: n.limit}
	var problems []error
	resolve := func(flag string, list []string) (out []spec.Addr) {
		for _, text := range list {
			found, err := addressed(p, text)
			if err != nil {
				problems = append(problems, fmt.Errorf("--%s: %w", flag, err))
			}
			out = append(out, found...)
		}
		return out
	}
	o.Targets = resolve("target", n.target)
	o.Exclude = resolve("exclude", n.exclude)
	o.Replace = resolve("replace", n.replace)
	if n.limit < 0 {
		problems = append(problems, errors.New("--limit: a number of rows is not negative"))
	}
	return o, errors.Join(problems...)
}

// addressed returns the stages that an address names: one, or all instances of a for_each.
func addressed(p *spec.Pipeline, text string) ([]spec.Addr, error) {
	a, err := spec.ParseAddr(text)
	if err != nil {
		return nil, err
	}
	var found []spec.Addr
	for i := range p.Blocks {
		b := p.Blocks[i].Addr
		if b == a || (a.Key == "" && b.Kind == a.Kind && b.Name == a.Name) {
			found = append(found, b)
		}
	}
	if len(found) == 0 {
		if what := noStage(p, a); what != "" {
			return nil, errors.New(what)
		}
		return nil, fmt.Errorf("the spec has no stage %s%s", text, suggest(p, text))
	}
	return found, nil
}

// noStage says of an address that is declared, but is no stage, what it is and what shows it.
func noStage(p *spec.Pipeline, a spec.Addr) string {
	for i := range p.Gates {
		if g := p.Gates[i].Addr; g == a || a.Key == "" && g.Kind == a.Kind && g.Name == a.Name {
			return fmt.Sprintf("%s is a gate: it is judged and makes nothing. prefab plan shows its checks and what was measured", g)
		}
	}
	for i := range p.Outputs {
		if a.Kind == "output" && p.Outputs[i].Name == a.Name {
			return fmt.Sprintf("%s is an output: prefab output %s prints it", a, a.Name)
		}
	}
	for i := range p.Backends {
		if p.Backends[i].Addr == a {
			return fmt.Sprintf("%s is a backend: prefab backend list says whether it works here", a)
		}
	}
	return ""
}

func (a *app) planCommand() *cobra.Command {
	var v variables
	var n narrowing
	var out string
	var detailed, all bool
	var files reports
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show what apply would do, and why",
		Long: "Show what apply would do, and why.\n\n" +
			"Exit codes: 0 the plan was made, 1 an error, 2 (with --detailed-exitcode) there is something to do.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := files.prepare(a); err != nil {
				return err
			}
			if _, err := memoryGiven(); err != nil {
				return err
			}
			a.memory = a.remember(out == "")
			if code, ok := a.memory.plan(); ok {
				return ended(code)
			}
			s, err := a.load(cmd.Context(), &v)
			if err != nil {
				return err
			}
			opts, err := n.options(s.pipeline)
			if err != nil {
				return err
			}
			if err := s.open(); err != nil {
				return err
			}
			defer s.history.Close()
			s.locked = n.locked
			plan, err := s.plan(cmd.Context(), opts)
			if err != nil {
				return err
			}
			if out != "" {
				if err := savePlan(out, plan); err != nil {
					return err
				}
			}
			a.view.Plan(plan, all, out)
			if err := files.write(a, view.ReportPlan(plan)); err != nil {
				return err
			}
			a.memory.keepPlan(s, plan)
			if detailed && !plan.Idle() {
				return codeError(exitChanges)
			}
			return nil
		},
	}
	v.register(c.Flags())
	n.register(c.Flags())
	files.register(c.Flags())
	c.Flags().StringVar(&out, "out", "", "save the plan to a `file`, for apply FILE")
	c.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 when there is something to do")
	c.Flags().BoolVar(&all, "all", false, "show cached stages too")
	return c
}

// A savedPlan is the file that plan --out writes.
type savedPlan struct {
	Format string        `json:"format"`
	Digest spec.Digest   `json:"digest"` // of the plan's bytes
	Plan   planner.Saved `json:"plan"`
}

const planFormat = "prefab-plan/1"

func savePlan(path string, p *planner.Plan) error {
	saved := planner.Save(p)
	saved.Disk = nil
	b, err := json.Marshal(savedPlan{Format: planFormat, Digest: spec.HashBytes(spec.Canonical(saved)), Plan: saved})
	if err != nil {
		return err
	}
	if err := disk.Replace(path, bytes.NewReader(append(b, '\n')), 0o600); err != nil {
		return fmt.Errorf("saving the plan: %w", err)
	}
	return nil
}

// readPlan reads a saved plan and refuses one that was damaged.
func readPlan(path string) (*planner.Saved, error) {
	b, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no saved plan %s: make one with prefab plan --out %s", path, path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the saved plan: %w", err)
	}
	var s savedPlan
	if err := json.Unmarshal(b, &s); err != nil || s.Format != planFormat {
		return nil, fmt.Errorf("%s is no saved plan: make one with prefab plan --out FILE", path)
	}
	if spec.HashBytes(spec.Canonical(s.Plan)) != s.Digest {
		return nil, fmt.Errorf("%s was damaged or changed since it was saved: make it again with prefab plan --out %s", path, path)
	}
	return &s.Plan, nil
}

// readFile reads a whole file, and refuses what is no regular one.
func readFile(path string) ([]byte, error) {
	f, err := resolve.Open(path)
	var named *fs.PathError
	if err != nil && !errors.As(err, &named) {
		err = fmt.Errorf("%s: %w", path, err)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}
