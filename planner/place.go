package planner

import (
	"maps"
	"slices"

	"github.com/prefab-build/prefab/spec"
)

// A Destination is what lies where a stage places its files.
type Destination struct {
	Path  string           `json:"path"`
	Files map[string]Found `json:"files"` // by what their names add to the path; what could not be looked at is missing
}

// Found is one file of a destination, by the digests of its content.
type Found struct {
	Is  spec.Digest `json:"is,omitzero"`  // zero: there is no such file
	Was spec.Digest `json:"was,omitzero"` // as prefab wrote it last; zero: it never did
}

// A PlaceState says what is wrong with a file that is not as it should be.
type PlaceState string

// The states of a destination. Only a missing and an outdated file are written without --force.
const (
	Missing  PlaceState = "missing"
	Outdated PlaceState = "outdated" // what an earlier run put there, and the spec asks for another
	Edited   PlaceState = "edited"   // changed since prefab wrote it
	Foreign  PlaceState = "foreign"  // prefab never wrote it
)

// A Placement is a file outside the store that is not what its stage is to put there.
type Placement struct {
	Addr  spec.Addr  `json:"addr"`
	Path  string     `json:"path"`
	State PlaceState `json:"state"`
}

// placements compares the destinations with what the stages made. Of a stage that has yet to run only those can be told
// that it may not overwrite.
func placements(nodes []*Node, results []*Result, dests map[string]Destination) (list []Placement) {
	for _, n := range nodes {
		d, ok := dests[n.Addr.String()]
		if !ok {
			continue
		}
		for _, suffix := range slices.Sorted(maps.Keys(d.Files)) {
			f := d.Files[suffix]
			state := f.state()
			switch r := results[n.Index]; {
			case n.State == Cached && r != nil:
				if want, made := r.Files[suffix]; !made || want == f.Is {
					continue
				}
			case n.State != WillRun && n.State != MayRun:
				continue
			case state == Missing, state == Outdated:
				continue
			}
			list = append(list, Placement{Addr: n.Addr, Path: d.Path + suffix, State: state})
			if suffix == "" && (state == Edited || state == Foreign) {
				break // nothing is put beside it before that is settled
			}
		}
	}
	return list
}

func (f Found) state() PlaceState {
	switch {
	case f.Is.IsZero():
		return Missing
	case f.Was.IsZero():
		return Foreign
	case f.Is != f.Was:
		return Edited
	}
	return Outdated
}
