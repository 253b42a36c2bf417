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
		for _, m := range judged(in, port.Unseen, byAddr) {
			if model := byAddr[m.Addr]; model != nil {
				l.apart(in, port.Name, l.trainedOn(model, byAddr), func(at diag.Range, r spec.Ref) {
					l.errorf(at, "seen-rows", "Rows of training judge it",
						"%s was trained on %s, so what it scores there is no evaluation. Measure it on a held-out part, or call this one %s.", m, r, seenPart)
				})
			}
		}
	}
}

// judged returns the models at a port or, where there is none, those that made the scores which the stage reads instead.
func judged(in *instance, port string, byAddr map[spec.Addr]*instance) []spec.Ref {
	if models := in.refs(port); len(models) > 0 {
		return models
	}
	var models []spec.Ref
	for _, scores := range in.refsTo(spec.Scores) {
		if maker := byAddr[scores.Addr]; maker != nil {
			models = append(models, maker.refsTo(spec.Model)...)
		}
	}
	return models
}

// trainedOn returns what a model was trained on: what comes in at the ports that train or, where the stage that made it says of
// none, all rows that it was given.
func (l *loader) trainedOn(model *instance, byAddr map[spec.Addr]*instance) []spec.Ref {
	var rows []spec.Ref
	trains := false
	for _, port := range model.ports.In {
		switch {
		case port.Training && !trains:
			trains, rows = true, l.free(model.refs(port.Name), byAddr)
		case port.Training:
			rows = append(rows, l.free(model.refs(port.Name), byAddr)...)
		case port.Artifact.IsRows() && !port.Untainted && !trains:
			rows = append(rows, model.refs(port.Name)...)
		}
	}
	return rows
}

// refsTo returns all that an instance reads of one type.
func (in *instance) refsTo(a spec.Artifact) (list []spec.Ref) {
	for _, port := range in.ports.In {
		if port.Artifact == a {
			list = append(list, in.refs(port.Name)...)
		}
	}
	return list
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
