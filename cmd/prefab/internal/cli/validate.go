package cli

import (
	"github.com/spf13/cobra"
)

func (a *app) validateCommand() *cobra.Command {
	var v variables
	c := &cobra.Command{
		Use:   "validate",
		Short: "Check the spec without looking at any data",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.load(cmd.Context(), &v)
			if err != nil {
				return err
			}
			a.view.Valid(s.pipeline)
			return nil
		},
	}
	v.register(c.Flags())
	return c
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			a.view.Version(Version)
			return nil
		},
	}
}
