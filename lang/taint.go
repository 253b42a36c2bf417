package lang

import (
	"slices"
	"strconv"
	"strings"

	"github.com/prefab-build/prefab/spec"
)

// A taint says that rows descend from a part that is held out, and by which outputs they came.
type taint struct {
	part string // validation or test
	at   spec.Ref
	from *taint
}

// path writes the way of the rows, from the held-out part on.
func (t *taint) path() string {
	var steps []string
	for ; t != nil; t = t.from {
		steps = append(steps, t.at.String())
	}
	slices.Reverse(steps)
	return strings.Join(steps, " -> ")
}

// checkTaint follows held-out rows through the graph and reports where they reach a port that trains. It asks no data:
// where rows may go is known from the references.
func (l *loader) checkTaint() {
	byAddr := map[spec.Addr]*instance{}
	for _, b := range l.decls.stages {
		for _, in := range b.instances {
			if in.enabled {
				byAddr[in.block.Addr] = in
			}
		}
	}
	for _, b := range l.decls.stages {
		for _, in := range b.instances {
			if in.enabled {
				l.taints(in, byAddr)
				l.checkApart(in, byAddr)
			}
		}
	}
}

// taints returns, by output of an instance, what its rows are tainted with. Inputs come first: references among
// instances that were evaluated form no cycle.
func (l *loader) taints(in *instance, byAddr map[spec.Addr]*instance) map[string]*taint {
	if in.taints != nil {
		return in.taints
	}
	in.taints = map[string]*taint{}
	var inherited *taint
	for _, input := range in.block.Inputs {
		for i, ref := range input.Refs {
			source := byAddr[ref.Addr]
			if source == nil {
				continue
			}
			t := l.taints(source, byAddr)[ref.Port]
			if t == nil {
				continue
			}
			if inherited == nil && !in.untainted(input.Port) {
				inherited = t
			}
			l.checkTraining(in, input, i, t)
		}
	}
	for _, out := range in.ports.Out {
		self := spec.Ref{Addr: in.block.Addr, Port: out.Name}
		switch {
		case out.Taint != "":
			in.taints[out.Name] = &taint{part: out.Taint, at: self}
		case !out.Clean && inherited != nil:
			in.taints[out.Name] = &taint{part: inherited.part, at: self, from: inherited}
		}
	}
	return in.taints
}

// checkTraining reports held-out rows at a port that trains.
func (l *loader) checkTraining(in *instance, input spec.Input, i int, t *taint) {
	for _, port := range in.ports.In {
		if port.Name != input.Port || !port.Training {
			continue
		}
		path := []string{input.Port}
		if input.Member != "" {
			path = append(path, input.Member)
		} else {
			path = append(path, strconv.Itoa(i))
		}
		l.errorf(in.block.Place(path...), "held-out-rows", "Held-out rows in training",
			"%s.%s trains, and rows that are held out for %s reach it: %s -> %s.%s. "+
				"What is measured on rows that a model has seen means nothing. Use the training part of the split.",
			in.block.Addr, input.Port, t.part, t.path(), in.block.Addr, input.Port)
	}
}

// untainted reports whether the rows of a port pass no taint on.
func (in *instance) untainted(port string) bool {
	for _, p := range in.ports.In {
		if p.Name == port {
			return p.Untainted
		}
	}
	return false
}
