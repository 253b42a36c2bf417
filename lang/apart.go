package lang

import (
	"slices"
	"strconv"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// seenPart is the member of a port with Unseen that may hold what the model has seen: it is measured by resubstitution.
const seenPart = "train"

// checkApart reports rows that come in at two places of which one is to judge the other. It compares references: what
// two outputs share is known only when they are there, and found then.
func (l *loader) checkApart(in *instance, byAddr map[spec.Addr]*instance) {
	for _, port := range in.ports.In {
		if port.Apart != "" {
			l.apart(in, port.Name, l.free(in.refs(port.Apart), byAddr), func(at diag.Range, r spec.Ref) {
				l.errorf(at, "seen-rows", "Rows of training judge it",
					"%s is both %s and %s of %s. What is measured on rows that a model has seen means nothing: give %s a held-out part.",
					r, port.Apart, port.Name, in.block.Addr, port.Name)
			})
		}
		if port.Unseen == "" {
			continue
		}
		for _, m := range in.refs(port.Unseen) {
			model := byAddr[m.Addr]
			if model == nil {
				continue
			}
			for _, trains := range model.ports.In {
				if !trains.Training {
					continue
				}
				l.apart(in, port.Name, l.free(model.refs(trains.Name), byAddr), func(at diag.Range, r spec.Ref) {
					l.errorf(at, "seen-rows", "Rows of training judge it",
						"%s was trained on %s, so what it scores there is no evaluation. Measure it on a held-out part, or call this one %s.", m, r, seenPart)
				})
			}
		}
	}
}

// apart calls report for each reference of a port that is among others.
func (l *loader) apart(in *instance, port string, others []spec.Ref, report func(diag.Range, spec.Ref)) {
	for _, input := range in.block.Inputs {
		if input.Port != port || input.Member == seenPart {
			continue
		}
		for i, r := range input.Refs {
			if !slices.Contains(others, r) {
				continue
			}
			path := []string{port, strconv.Itoa(i)}
			if input.Member != "" {
				path[1] = input.Member
			}
			report(in.block.Place(path...), r)
		}
	}
}

// free leaves out what is held out: that it trains is reported where it does.
func (l *loader) free(refs []spec.Ref, byAddr map[spec.Addr]*instance) (list []spec.Ref) {
	for _, r := range refs {
		if source := byAddr[r.Addr]; source == nil || l.taints(source, byAddr)[r.Port] == nil {
			list = append(list, r)
		}
	}
	return list
}

// refs returns all that an instance reads at a port.
func (in *instance) refs(port string) (list []spec.Ref) {
	for _, input := range in.block.Inputs {
		if input.Port == port {
			list = append(list, input.Refs...)
		}
	}
	return list
}
