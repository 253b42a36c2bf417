package planner

import (
	"slices"
	"testing"

	"github.com/prefab-build/prefab/spec"
)

func TestPlacements(t *testing.T) {
	was, is := spec.HashBytes([]byte("was")), spec.HashBytes([]byte("is"))
	mine := spec.HashBytes([]byte("a hand's work"))
	for _, c := range []struct {
		name  string
		state State
		found map[string]Found
		want  []PlaceState
	}{
		{"in place", Cached, map[string]Found{"": {Is: is, Was: is}, ".card": {Is: is, Was: is}}, nil},
		{"the same, whoever wrote it", Cached, map[string]Found{"": {Is: is}}, nil},
		{"gone", Cached, map[string]Found{"": {Was: is}, ".card": {Is: is, Was: is}}, []PlaceState{Missing}},
		{"of an earlier result", Cached, map[string]Found{"": {Is: was, Was: was}}, []PlaceState{Outdated}},
		{"edited: the card waits", Cached, map[string]Found{"": {Is: mine, Was: was}, ".card": {}}, []PlaceState{Edited}},
		{"another's", Cached, map[string]Found{"": {Is: mine}}, []PlaceState{Foreign}},
		{"not looked at", Cached, map[string]Found{}, nil},
		{"what it will make is not known", WillRun, map[string]Found{"": {}, ".card": {Is: was, Was: was}}, nil},
		{"but not what it may overwrite", MayRun, map[string]Found{"": {Is: mine, Was: was}}, []PlaceState{Edited}},
		{"blocked", Blocked, map[string]Found{"": {Is: mine, Was: was}}, nil},
	} {
		n := &Node{Addr: addr("put.a"), State: c.state}
		var result *Result
		if c.state == Cached {
			result = &Result{Files: map[string]spec.Digest{"": is, ".card": is}}
		}
		var got []PlaceState
		for _, p := range placements([]*Node{n}, []*Result{result}, map[string]Destination{"put.a": {Path: "out/a", Files: c.found}}) {
			got = append(got, p.State)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// Weights that a stage on the way adds reach no file of an export that does not read the column.
func TestUnwrittenColumns(t *testing.T) {
	kinds := map[string]*spec.KindSpec{}
	for _, k := range labKinds() {
		kinds[k.Name] = k
	}
	weigh := *kinds["keep"]
	own := weigh.Ports(nil)
	own.Out = slices.Clone(own.Out)
	own.Out[0].Adds = []spec.Column{{Name: "weight", Type: spec.Float64}, {Name: "note", Type: spec.String}}
	weigh.Name, weigh.Ports = "weigh", func(spec.Config) spec.Ports { return own }
	kinds["weigh"] = &weigh
	p := &spec.Pipeline{Blocks: []spec.Block{
		stage("data.a"), stage("weigh.a", "pairs: data.a.pairs"), stage("keep.a", "pairs: weigh.a.pairs"),
		stage("put.lost", "pairs: keep.a.pairs"), stage("put.plain", "pairs: data.a.pairs"),
	}}
	list := Unwritten(p, kinds)
	if len(list) != 1 || list[0].Block != "put.lost" {
		t.Errorf("got %v, want one warning, at put.lost", list)
	}
}
