package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/executor/cas/remote"
	"github.com/prefab-build/prefab/executor/gc"
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
	survey, err := gc.Look(ctx, s.local)
	if err != nil {
		return err
	}
	dir, err := s.project()
	if err != nil {
		return err
	}
	var parcels []remote.Parcel
	for _, e := range survey.Held(dir) {
		p := remote.Parcel{Base: e.Base, Inputs: e.Inputs, Blobs: slices.Clone(e.Lost)}
		for _, b := range e.Blobs {
			p.Blobs = append(p.Blobs, survey.Blobs[b].Digest)
		}
		parcels = append(parcels, p)
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
