package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/machine"
	"github.com/prefab-build/prefab/executor/stages"
	"github.com/prefab-build/prefab/spec"
)

// arch is the numerics class of this machine.
const arch = runtime.GOARCH + "/1"

func (a *app) runActionCommand() *cobra.Command {
	var again bool
	var jobs int
	c := &cobra.Command{
		Use:   "run-action DIGEST",
		Short: "Run one stage's work from the cache alone",
		Long: "Run one stage's work from the cache alone, without a spec and without a project, and publish the result last. " +
			"The action is plain data that lies in the cache: apply --isolate puts it there and has it run so. Several may be " +
			"at the same work; the first result stays, and another one is reported.\n\n" +
			"The cache is that of PREFAB_CACHE, or the user's.\n\n" +
			"Exit codes: 0 the result is in the cache, 1 an error, 6 what the action needs is not in the cache, 130 interrupted.",
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := spec.ParseDigest(args[0])
			if err != nil {
				return fmt.Errorf("%w: prefab apply --isolate --json tells the digests of actions", err)
			}
			return a.runAction(cmd.Context(), d, executor.WorkerOptions{
				Again: again, Parallelism: jobs, Arch: arch,
				Class: func(b spec.Setting) (string, error) { return backendAsked(b).class() },
			})
		},
	}
	c.Flags().BoolVar(&again, "again", false, "do the work even when its result is there")
	c.Flags().IntVarP(&jobs, "jobs", "j", 0, "how many chunks are worked on at once (default all cores)")
	return c
}

func (a *app) runAction(ctx context.Context, d spec.Digest, opts executor.WorkerOptions) error {
	dir, err := a.cacheDir(nil)
	if err != nil {
		return err
	}
	store, err := cas.Open(dir, cas.Options{Now: a.now})
	if err != nil {
		return err
	}
	defer store.Close()
	began := a.now()
	opts.Events = a.view.Working()
	collectSooner()
	w, err := executor.RunAction(ctx, d, stages.All(), store, opts)
	switch {
	case ctx.Err() != nil:
		return codeError(exitInterrupted)
	case errors.Is(err, cas.ErrNotFound):
		a.view.Error(fmt.Errorf("%w. Run prefab apply --isolate where the spec is: it puts everything there", err))
		return codeError(exitDamage)
	case err != nil:
		return err
	}
	a.view.Worked(w, d, a.now().Sub(began))
	return nil
}

// isolated runs each action in a process of its own that is given the cache and no more.
func (s *session) isolated(jobs int) func(context.Context, spec.Addr, spec.Digest, bool, func(string)) ([]byte, error) {
	return func(ctx context.Context, addr spec.Addr, action spec.Digest, fresh bool, log func(string)) ([]byte, error) {
		exe, err := os.Executable()
		if err != nil {
			return nil, err
		}
		args := []string{"run-action", action.String(), "--json", "--jobs", strconv.Itoa(jobs)}
		if fresh {
			args = append(args, "--again")
		}
		cmd := exec.CommandContext(ctx, exe, args...)
		cmd.Dir = s.local.Dir()
		cmd.Env = append(os.Environ(), "PREFAB_CACHE="+s.local.Dir())
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = 10 * time.Second // then it is killed, which leaves nothing half done
		machine.EndWithUs(cmd)
		runtime.LockOSThread() // as that asks
		defer runtime.UnlockOSThread()
		var stderr bytes.Buffer
		said := workerSaid{log: log}
		cmd.Stdout, cmd.Stderr = &said, &stderr
		err = cmd.Run()
		if stopped(err) {
			select { // a terminal's Ctrl-C reaches both, and the worker may be the first to end
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			case <-time.After(time.Second):
			}
		}
		return s.believe(addr, said.last, stderr.Bytes(), err)
	}
}

// stopped reports whether a process ended for a signal.
func stopped(ended error) bool {
	var exit *exec.ExitError
	return errors.As(ended, &exit) && (exit.ExitCode() == exitInterrupted || exit.ExitCode() < 0)
}

// workerSaid takes down what a worker prints, line by line: its log goes on at once, the last of the others is kept.
type workerSaid struct {
	log  func(string)
	rest []byte
	last []byte
}

func (w *workerSaid) Write(b []byte) (int, error) {
	w.rest = append(w.rest, b...)
	for {
		i := bytes.IndexByte(w.rest, '\n')
		if i < 0 {
			return len(b), nil
		}
		line := w.rest[:i]
		w.rest = w.rest[i+1:]
		var event struct{ Type, Text string }
		if json.Unmarshal(line, &event) == nil && event.Type == "log" {
			w.log(event.Text)
			continue
		}
		w.last = bytes.Clone(line)
	}
}

// believe reads the last that a worker printed, and then believes the cache.
func (s *session) believe(addr spec.Addr, last, stderr []byte, ended error) ([]byte, error) {
	var said struct {
		Text         string
		Base, Inputs spec.Digest
		Conflict     bool
	}
	broken := json.Unmarshal(last, &said) != nil
	var exit *exec.ExitError
	switch {
	case errors.As(ended, &exit) && exit.ExitCode() == exitDamage:
		return nil, fmt.Errorf("%s: %w", said.Text, cas.ErrNotFound)
	case ended != nil && said.Text != "":
		return nil, errors.New(said.Text)
	case ended != nil || broken:
		return nil, fmt.Errorf("the process that ran it ended with %w: %s", ended, bytes.TrimSpace(stderr))
	}
	if said.Conflict {
		s.warn(fmt.Sprintf("%s is not deterministic: the cache holds another result for base %s and inputs %s, which stays",
			addr, said.Base.Short(), said.Inputs.Short()))
	}
	return s.store.GetAction(said.Base, said.Inputs)
}
