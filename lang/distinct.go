package lang

import (
	"errors"
	"fmt"
	"slices"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// A grouping finds values that are equal to an earlier one in time that is linear as long as their hashes differ.
type grouping struct {
	groups   map[int][]cty.Value
	compared int
}

func newGrouping() *grouping { return &grouping{groups: map[int][]cty.Value{}} }

// maxCompared is how many pairs of values are compared because their hashes are equal.
const maxCompared = maxWeight

// maxInSet is how much a set may hold. go-cty sorts a set each time that it is read, by texts that it makes anew for each
// comparison.
const maxInSet = maxWeight / 16

var errLargeSet = fmt.Errorf("a set is sorted each time that it is read, and this one would hold more than the %d elements that are taken; distinct makes a list, which may hold more", maxInSet)

var errAlike = errors.New("these values are told apart only by comparing each with each, as are outputs, or numbers with the same first ten digits, " +
	"and there are more of them than a pipeline can hold")

// add reports whether a value is new. The hash that go-cty's sets go by rounds numbers to ten digits and is the same for
// all outputs, so that a set of many would compare each with each: an error comes before that is done.
func (g *grouping) add(v cty.Value) (bool, error) {
	v, _ = v.UnmarkDeep()
	h := v.Hash()
	found, err := g.among(h, v)
	if err != nil || found {
		return false, err
	}
	g.groups[h] = append(g.groups[h], v)
	return true, nil
}

func (g *grouping) has(v cty.Value) (bool, error) { return g.among(v.Hash(), v) }

func (g *grouping) among(h int, v cty.Value) (bool, error) {
	if g.compared += len(g.groups[h]); g.compared > maxCompared {
		return false, errAlike
	}
	return slices.ContainsFunc(g.groups[h], v.RawEquals), nil
}

func (g *grouping) addAll(vals []cty.Value) error {
	for _, v := range vals {
		if _, err := g.add(v); err != nil {
			return err
		}
	}
	return nil
}

// checkSet reports values of which a set would take long to make or to read.
func checkSet(vals []cty.Value) error {
	g, sum := newGrouping(), 0
	for _, v := range vals {
		isNew, err := g.add(v)
		if err != nil {
			return err
		}
		if !isNew {
			continue
		}
		if sum += weigh(v); sum > maxInSet {
			return errLargeSet
		}
	}
	return nil
}

// distinctFunc keeps the first of equal elements. That of go-cty compares each with each.
var distinctFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.List(cty.DynamicPseudoType)}},
	Type:   func(args []cty.Value) (cty.Type, error) { return args[0].Type(), nil },
	Impl: func(args []cty.Value, t cty.Type) (cty.Value, error) {
		if !args[0].IsWhollyKnown() {
			return cty.UnknownVal(t), nil
		}
		var kept []cty.Value
		g := newGrouping()
		for _, v := range args[0].AsValueSlice() {
			isNew, err := g.add(v)
			if err != nil {
				return cty.NilVal, err
			}
			if isNew {
				kept = append(kept, v)
			}
		}
		if len(kept) == 0 {
			return cty.ListValEmpty(t.ElementType()), nil
		}
		return cty.ListVal(kept), nil
	},
})
