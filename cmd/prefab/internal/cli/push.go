package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas/remote"
	"github.com/prefab-build/prefab/spec"
)

func (a *app) cachePushCommand() *cobra.Command {
	var v variables
	c := &cobra.Command{
		Use:   "push",
		Short: "Send to the remote cache what it lacks of this project's results",
		Long: "Send to the remote cache what it lacks of this project's results: of its last run and of those that were kept. " +
			"apply sends what it makes; this is for what was made before the remote was there, or while it was away. What the " +
			"remote has stays, and a push that was broken off goes on where it stopped.\n\n" +
			"Exit codes: 0 the remote has everything, 1 an error, 6 something is in neither cache, 130 interrupted.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.push(cmd.Context(), &v) },
	}
	v.register(c.Flags())
	return c
}

func (a *app) push(ctx context.Context, v *variables) error {
	s, err := a.load(ctx, v)
	if err != nil {
		return err
	}
	r := s.pipeline.Project.Remote
	if r == nil {
		return errors.New("the pipeline has no remote cache: give its block cache a block remote \"http\" { url = \"...\" } or remote \"folder\" { path = \"...\" }")
	}
	if r.ReadOnly {
		return remote.ErrReadOnly
	}
	if err := s.open(); err != nil {
		return err
	}
	far, ok := s.store.(*remote.Store)
	if !ok {
		return codeError(exitError) // a warning said why
	}
	parcels, err := s.parcels(ctx)
	if err != nil {
		return err
	}
	sent, err := far.Push(ctx, parcels, a.view.Sending())
	if err != nil {
		return err
	}
	a.view.Pushed(sent)
	if sent.Lacking > 0 {
		return codeError(exitDamage)
	}
	return nil
}

// parcels are the entries that the project's roots need, each once, with the blobs that they name.
func (s *session) parcels(ctx context.Context) ([]remote.Parcel, error) {
	dir, err := s.project()
	if err != nil {
		return nil, err
	}
	roots, err := s.local.Roots()
	if err != nil {
		return nil, err
	}
	var list []remote.Parcel
	seen := map[spec.Digest]bool{}
	for _, r := range roots {
		for _, a := range r.Actions {
			if r.Project != dir || seen[a.Address()] {
				continue
			}
			seen[a.Address()] = true
			p := remote.Parcel{Base: a.Base, Inputs: a.Inputs}
			if entry, err := s.local.GetAction(a.Base, a.Inputs); err == nil { // one that is gone names nothing, and Push says so
				_, p.Blobs, err = executor.Inventory(entry, func(d spec.Digest) ([]byte, error) { return s.local.Get(ctx, d) })
				if err != nil {
					return nil, fmt.Errorf("the result of %s: %w", a.Addr, err)
				}
			}
			list = append(list, p)
		}
	}
	return list, ctx.Err()
}
