package planner

import (
	"strconv"

	"github.com/prefab-build/prefab/spec"
)

// What follows is for those who are given an action and have to find out whether its key is that of its parts. The first
// components of a base are those of the kind, then come those of the config.

// KindComponents are the components that name a kind and what its results depend on.
func KindComponents(k *spec.KindSpec) []Component {
	list := []Component{
		{"kind", k.Name},
		{"version", strconv.Itoa(k.Version)},
	}
	for _, m := range k.Methods {
		list = append(list, Component{"method", m})
	}
	return list
}

// ConfigComponents are the leaves of a config, by path.
func ConfigComponents(c spec.Config) []Component { return flatten("", c) }

// UnionSpec is the kind of the node that joins tables of an artifact.
func UnionSpec(a spec.Artifact) *spec.KindSpec { return unionSpec(a) }
