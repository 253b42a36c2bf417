package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/cmd/prefab/internal/view"
	"github.com/prefab-build/prefab/executor/stages"
	"github.com/prefab-build/prefab/lang"
	"github.com/prefab-build/prefab/spec"
)

func (a *app) stagesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "stages [NAME]",
		Short: "Explain the stage kinds, and all else that a spec may hold",
		Long: "Explain the stage kinds: what they do, read, make and measure; the blocks that are no stages (gate, threshold, project, ...); " +
			"the attributes that every stage takes (arguments); and the columns of each type of rows (pairs, votes, ...). " +
			"The name of an attribute or of a nested block says where it belongs.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			r := newReference()
			if len(args) == 0 {
				a.view.Reference(r.kinds, r.topics, r.tables)
				return nil
			}
			return a.explain(r, args[0])
		},
	}
}

// A reference is all that prefab stages can explain.
type reference struct {
	kinds  []spec.KindSpec
	topics []lang.Topic
	tables []spec.Artifact
}

func newReference() *reference {
	return &reference{
		kindSpecs(stages.All()), lang.Topics(backendDrivers),
		[]spec.Artifact{spec.Pairs, spec.Prompts, spec.Samples, spec.Votes, spec.Items, spec.Scores},
	}
}

// names lists what has a page of its own.
func (r *reference) names() (list []string) {
	for i := range r.kinds {
		list = append(list, r.kinds[i].Name)
	}
	for i := range r.topics {
		list = append(list, r.topics[i].Name)
	}
	for _, t := range r.tables {
		list = append(list, string(t))
	}
	return list
}

// explain prints the page of that name, or where an attribute or a nested block of that name belongs.
func (a *app) explain(r *reference, name string) error {
	for i := range r.kinds {
		if r.kinds[i].Name == name {
			a.view.Kind(&r.kinds[i])
			return nil
		}
	}
	for i := range r.topics {
		if r.topics[i].Name == name {
			a.view.Topic(&r.topics[i])
			return nil
		}
	}
	if slices.Contains(r.tables, spec.Artifact(name)) {
		a.view.Table(spec.Artifact(name))
		return nil
	}
	if found := r.mentions(name); len(found) > 0 {
		a.view.Mentions(name, found)
		return nil
	}
	all := r.names()
	return fmt.Errorf("there is no stage kind %q, and no other word of a spec%s (there are %s)", name, nearest(all, name), strings.Join(all, ", "))
}

// mentions finds the attributes and nested blocks of that name.
func (r *reference) mentions(name string) (found []view.Mention) {
	var look func(in string, s *spec.Schema)
	look = func(in string, s *spec.Schema) {
		if s == nil {
			return
		}
		for i := range s.Attrs {
			if s.Attrs[i].Name == name {
				found = append(found, view.Mention{In: in, Attr: &s.Attrs[i]})
			}
		}
		for i := range s.Blocks {
			b := &s.Blocks[i]
			if b.Name == name {
				found = append(found, view.Mention{In: in, Block: b})
			}
			look(in+", block "+b.Name, b.Schema)
			for d := range b.Drivers {
				look(fmt.Sprintf("%s, %s %q", in, b.Name, b.Drivers[d].Label), &b.Drivers[d].Schema)
			}
		}
	}
	for i := range r.topics {
		look(r.topics[i].Name, r.topics[i].Schema)
		for d := range r.topics[i].Drivers {
			look(fmt.Sprintf("%s %q", r.topics[i].Name, r.topics[i].Drivers[d].Label), &r.topics[i].Drivers[d].Schema)
		}
	}
	for i := range r.kinds {
		look(r.kinds[i].Name, &r.kinds[i].Schema)
	}
	return found
}
