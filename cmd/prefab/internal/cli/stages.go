package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/executor/stages"
)

func (a *app) stagesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "stages [KIND]",
		Short: "Explain the stage kinds: what they do, read, make and measure",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			list := kindSpecs(stages.All())
			if len(args) == 0 {
				a.view.Kinds(list)
				return nil
			}
			for i := range list {
				if list[i].Name == args[0] {
					a.view.Kind(&list[i])
					return nil
				}
			}
			names := make([]string, len(list))
			for i, k := range list {
				names[i] = k.Name
			}
			return fmt.Errorf("there is no stage kind %q%s (the kinds are %s)", args[0], nearest(names, args[0]), strings.Join(names, ", "))
		},
	}
}
