package cli

import (
	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/backends"
)

func (a *app) backendCommand() *cobra.Command {
	c := &cobra.Command{Use: "backend", Short: "List and install compute backends"}
	var plugin string
	list := &cobra.Command{
		Use:   "list",
		Short: "Say which backends this machine has, and why not the others",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			found, err := backends.List(cmd.Context(), backends.Options{Plugin: plugin})
			if err != nil {
				return err
			}
			a.view.Backends(found)
			return nil
		},
	}
	install := &cobra.Command{
		Use:   "install NAME",
		Short: "Install what a backend needs, and train a tiny model on it",
		Long: "Install what a backend needs, and train a tiny model on it. The plugin is fetched by your own pip or uv from the " +
			"index that you have configured, verified against a pinned SHA-256, and unpacked into your cache folder.",
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := backends.Install(cmd.Context(), args[0], backends.Options{Plugin: plugin}, a.view.Note)
			if err != nil {
				return err
			}
			a.view.Note("Installed " + args[0] + ": " + p.Path)
			return nil
		},
	}
	for _, sub := range []*cobra.Command{list, install} {
		sub.Flags().StringVar(&plugin, "plugin", "", "use the PJRT plugin at this absolute `path`")
		c.AddCommand(sub)
	}
	return c
}
