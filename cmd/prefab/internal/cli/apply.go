package cli

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prefab-build/prefab/cmd/prefab/internal/view"
	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/disk"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

type applyFlags struct {
	variables
	narrowing
	reports
	yes, failFast, force, keepGoing bool
	isolate                         bool // each stage in a process of its own
	saved                           bool // the plan is a saved one, which nobody is asked about
	parallelism                     int
	memory                          string
	ignoreSpace                     bool
	lockTimeout                     time.Duration
}

func (a *app) applyCommand() *cobra.Command {
	var f applyFlags
	c := &cobra.Command{
		Use:   "apply [PLAN]",
		Short: "Run what the plan says, once, and judge the gates",
		Long: "Run what the plan says, once, and judge the gates. With a saved plan, run exactly that.\n\n" +
			"Exit codes: 0 done or nothing to do, 1 an error, 3 a gate or guarding threshold did not pass, 4 another run " +
			"holds the project, 5 the saved plan is stale, 6 damage in the cache, 7 something waits, 130 interrupted.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(f.check(cmd.Flags()), f.reports.prepare(a)); err != nil {
				return err
			}
			if len(args) > 0 {
				return a.applySaved(cmd.Context(), &f, args[0])
			}
			return a.applyNew(cmd.Context(), &f)
		},
	}
	flags := c.Flags()
	f.variables.register(flags)
	f.narrowing.register(flags)
	f.reports.register(flags)
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	flags.BoolVar(&f.keepGoing, "keep-going", true, "go on with what does not depend on a stage that failed")
	flags.BoolVar(&f.failFast, "fail-fast", false, "stop at the first stage that fails")
	flags.BoolVar(&f.force, "force", false, "let exports overwrite files that were changed by hand")
	flags.BoolVar(&f.isolate, "isolate", false, "run each stage in a process of its own, from the cache alone")
	flags.IntVarP(&f.parallelism, "jobs", "j", 0, "how many chunks and stages are worked on at once (default all cores)")
	flags.StringVar(&f.memory, "memory", "", "how much memory stages may need together, such as `8GB` (default three quarters of the machine's)")
	flags.BoolVar(&f.ignoreSpace, "ignore-space", false, "run even when the disk has less room than the run is likely to need")
	flags.DurationVar(&f.lockTimeout, "lock-timeout", 0, "how long to wait for another run of this project")
	return c
}

// check refuses what no run can be made with.
func (f *applyFlags) check(flags *pflag.FlagSet) error {
	if flags.Changed("jobs") && f.parallelism < 1 {
		return fmt.Errorf("--jobs: %d is no number of jobs: give 1 or more, or leave it out for all cores", f.parallelism)
	}
	if _, err := parseSize(f.memory); f.memory != "" && err != nil {
		return fmt.Errorf("--memory: %w", err)
	}
	if _, err := memoryGiven(); f.memory == "" && err != nil {
		return err
	}
	if f.lockTimeout < 0 {
		return fmt.Errorf("--lock-timeout: a time to wait is not negative: give one such as 10m, or leave it out")
	}
	return nil
}

// applyNew makes a plan, asks, and runs it.
func (a *app) applyNew(ctx context.Context, f *applyFlags) error {
	a.memory = a.remember(!a.json) // events of a run tell when each thing was looked up: there is nothing to repeat
	if code, ok := a.memory.apply(ctx); ok {
		return ended(code)
	}
	return a.apply(ctx, f, func(s *session) (*planner.Plan, error) {
		opts, err := f.options(s.pipeline)
		if err != nil {
			return nil, err
		}
		return s.plan(ctx, opts)
	})
}

// applySaved runs a saved plan as it is, once the spec and the inputs are seen to be those that it was made for.
func (a *app) applySaved(ctx context.Context, f *applyFlags, path string) error {
	saved, err := readPlan(path)
	if err != nil {
		return err
	}
	if f.narrows() {
		return fmt.Errorf("%s already says what is run: give --target, --exclude, --replace and --limit to prefab plan --out %s", path, path)
	}
	f.recorded, f.saved = saved.Recorded(), true
	return a.apply(ctx, f, func(s *session) (*planner.Plan, error) {
		facts, err := s.outside(ctx, saved.Options)
		if err != nil {
			return nil, err
		}
		plan, stale := saved.Bind(s.pipeline, facts, Version)
		if stale != "" {
			s.view.Error(fmt.Errorf("the saved plan is stale: %s. Make it again with prefab plan --out %s", stale, path))
			return nil, codeError(exitStale)
		}
		plan.Disk = s.rooms(plan, nil)
		return plan, nil
	})
}

// apply runs the plan that get makes, in a project that it holds alone.
func (a *app) apply(ctx context.Context, f *applyFlags, get func(*session) (*planner.Plan, error)) error {
	a.view.Stream()
	signal.Ignore(syscall.SIGPIPE) // a reader that has seen enough, such as head, must not end the run
	s, err := a.load(ctx, &f.variables)
	if err != nil {
		return err
	}
	if err := s.open(); err != nil {
		return err
	}
	defer s.history.Close()
	unlock, err := s.lock(ctx, f.lockTimeout)
	if err != nil {
		return err
	}
	defer func() { unlock() }()
	s.locked = f.locked
	defer s.keep().Close()
	plan, err := get(s)
	if err != nil {
		return err
	}
	if !f.yes && !f.saved && !plan.Idle() {
		unlock()
		unlock = func() {} // others need not wait for a person
		if err := s.ask(ctx, plan); err != nil {
			return err
		}
		if unlock, err = s.lock(ctx, f.lockTimeout); err != nil {
			unlock = func() {}
			return err
		}
		if err := s.unchanged(ctx, plan); err != nil {
			return err
		}
	}
	return s.run(ctx, plan, f)
}

// ask shows a plan and asks whether to apply it.
func (s *session) ask(ctx context.Context, plan *planner.Plan) error {
	if s.json {
		return errors.New("nothing is asked with --json: give --yes")
	}
	s.view.Plan(plan, false, "")
	return s.confirm(ctx)
}

// unchanged refuses a plan whose inputs changed while a person thought about it.
func (s *session) unchanged(ctx context.Context, plan *planner.Plan) error {
	facts, err := s.facts(ctx)
	if err != nil {
		return err
	}
	if spec.HashBytes(spec.Canonical(facts)) != spec.HashBytes(spec.Canonical(plan.Facts)) {
		s.view.Error(errors.New("an input changed since the plan was shown: run prefab apply again"))
		return codeError(exitStale)
	}
	return nil
}

// run executes the plan, records what happened, prints it and turns it into an exit code.
func (s *session) run(ctx context.Context, plan *planner.Plan, f *applyFlags) error {
	if plan.Options.Limit == 0 {
		if _, _, err := s.writePins(plan.Facts); err != nil {
			return err
		}
	}
	if s.closed != nil && plan.Summary.Run+plan.Summary.MayRun > 0 {
		return s.closed
	}
	if err := s.roomy(plan, f.ignoreSpace); err != nil {
		return err
	}
	rec, err := s.record(ctx, plan)
	if err != nil {
		return err
	}
	if !idle(plan) {
		s.memory.giveUp()
	}
	if s.pipeline.Project.Parallelism > 0 && f.parallelism == 0 {
		f.parallelism = s.pipeline.Project.Parallelism
	}
	out, err := s.execute(ctx, plan, f, rec)
	if err != nil {
		return err
	}
	for try := 0; out.Lost() && !out.Interrupted && try < 2; try++ {
		s.warn("The cache has lost some of what earlier runs made; it is made again.")
		s.deep = true
		if plan, err = s.plan(ctx, plan.Options); err != nil {
			return err
		}
		if out, err = s.execute(ctx, plan, f, rec); err != nil {
			return err
		}
	}
	if !out.Interrupted {
		s.flush()
	}
	s.locate(plan, out)
	code := exitCode(plan, out)
	s.view.Outcome(plan, out, s.outputs(plan, out))
	if err := f.reports.write(s.app, view.ReportRun(plan, out)); err != nil {
		s.view.Error(err)
		s.memory.giveUp()
		code = max(code, exitError)
	}
	// The run is over whatever became of ctx: an interrupted run is recorded too.
	err = rec.finish(context.WithoutCancel(ctx), out, code, s.now())
	if err = errors.Join(err, s.mark(plan, rec.rec.ID(), "ended")); err != nil {
		s.warn(disk.Advised(err).Error())
	}
	if err := s.root(plan, out, code); err != nil {
		s.warn(disk.Advised(err).Error())
	}
	s.memory.keepRun(s, plan, out, rec.rec.ID(), code)
	s.tidy(ctx)
	return ended(code)
}

func (s *session) execute(ctx context.Context, plan *planner.Plan, f *applyFlags, rec *recording) (*executor.Outcome, error) {
	memory, err := s.mayNeed(f.memory)
	if err != nil {
		return nil, err
	}
	progress := s.view.Progress(plan)
	defer progress.Close()
	var worker func(context.Context, spec.Addr, spec.Digest, bool, func(string)) ([]byte, error)
	if f.isolate {
		if s.store != executor.Store(s.local) {
			return nil, errors.New("--isolate does not go with a remote cache: the processes know the local one alone. Leave out one of the two")
		}
		worker = s.isolated(f.parallelism)
	}
	spare(plan)
	return executor.Run(ctx, plan, s.kinds, s.memory.watchStore(s), executor.Options{
		Worker: worker,
		Dir:    s.dir, Parallelism: f.parallelism, Memory: memory, FailFast: f.failFast, Force: f.force, Now: s.now, Deep: s.deep,
		Events: func(e executor.Event) {
			rec.event(e)
			progress.Event(e)
		},
		Previous: previousKey(s.history.View(ctx).Previous),
	})
}

// previousKey looks up the key that an address had in the last run, which is read when it is first asked for: a run in
// which nothing runs never asks.
func previousKey(last func() *planner.Previous) func(spec.Addr) (base, inputs spec.Digest, ok bool) {
	last = sync.OnceValue(last)
	return func(a spec.Addr) (base, inputs spec.Digest, ok bool) {
		p := last()
		if p == nil {
			return base, inputs, false
		}
		n, ok := p.Nodes[a.String()]
		return planner.Digest(n.Base), planner.Digest(n.Inputs), ok
	}
}

// exitCode is what a run came to, the gravest first.
func exitCode(plan *planner.Plan, out *executor.Outcome) int {
	judged := exitOK
	for _, v := range out.Verdicts {
		if v.Stops() {
			judged = exitGate
		}
	}
	switch {
	case out.Interrupted:
		return exitInterrupted
	case out.Lost():
		return exitDamage
	case out.Count(executor.Failed) > 0:
		return exitError
	case judged != exitOK:
		return judged
	case out.Count(executor.Waiting) > 0:
		return exitWaiting
	}
	return exitOK
}
