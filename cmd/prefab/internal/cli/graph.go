package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/planner"
)

func (a *app) graphCommand() *cobra.Command {
	var v variables
	var format string
	c := &cobra.Command{
		Use:   "graph",
		Short: "Print the pipeline as a graph: DOT, Mermaid or JSON",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.load(cmd.Context(), &v)
			if err != nil {
				return err
			}
			if a.json {
				format = "json"
			}
			g := planner.Edges(s.pipeline)
			switch format {
			case "dot", "mermaid", "json":
				a.view.Graph(g, format)
				return nil
			}
			return fmt.Errorf("--format is dot, mermaid or json, not %q", format)
		},
	}
	v.register(c.Flags())
	c.Flags().StringVar(&format, "format", "dot", "dot, mermaid or json")
	return c
}
