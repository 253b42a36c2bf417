package lang

import (
	"errors"
	"maps"
	"slices"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// setFunc makes one of the functions that put sets together. Those of go-cty make a set anew, in its order, at each
// argument. The arguments are taken as lists, so that one set is made, of what remains.
func setFunc(most int, join func(all, next []cty.Value) ([]cty.Value, error)) function.Function {
	return function.New(&function.Spec{
		Params:   []function.Parameter{{Name: "first_set", Type: cty.List(cty.DynamicPseudoType)}},
		VarParam: &function.Parameter{Name: "other_sets", Type: cty.List(cty.DynamicPseudoType)},
		Type: func(args []cty.Value) (cty.Type, error) {
			if len(args) > most {
				return cty.NilType, function.NewArgErrorf(most, "at most %d sets are taken", most)
			}
			var types []cty.Type
			for _, a := range args {
				if t := a.Type().ElementType(); t != cty.DynamicPseudoType || !a.IsKnown() || a.LengthInt() > 0 {
					types = append(types, t)
				}
			}
			if len(types) == 0 {
				return cty.Set(cty.DynamicPseudoType), nil
			}
			if t := unify(types); t != cty.NilType {
				return cty.Set(t), nil
			}
			return cty.NilType, errors.New("given sets must all have compatible element types")
		},
		Impl: func(args []cty.Value, t cty.Type) (cty.Value, error) {
			var all []cty.Value
			for i, a := range args {
				list, err := converted(a, cty.List(t.ElementType()))
				if err != nil {
					return cty.NilVal, function.NewArgError(i, err)
				}
				if !list.IsWhollyKnown() {
					return cty.UnknownVal(t), nil
				}
				if i == 0 {
					all = list.AsValueSlice()
				} else if all, err = join(all, list.AsValueSlice()); err != nil {
					return cty.NilVal, err
				}
			}
			return collection(t, t.ElementType(), nil, all)
		},
	})
}

func unite(all, next []cty.Value) ([]cty.Value, error) { return append(all, next...), nil }

// sift keeps the values that are also among others, or those that are not.
func sift(shared bool) func(all, next []cty.Value) ([]cty.Value, error) {
	return func(all, next []cty.Value) ([]cty.Value, error) {
		g := newGrouping()
		if err := g.addAll(next); err != nil {
			return nil, err
		}
		var kept []cty.Value
		for _, v := range all {
			has, err := g.has(v)
			if err != nil {
				return nil, err
			}
			if has == shared {
				kept = append(kept, v)
			}
		}
		return kept, nil
	}
}

// coalesceFunc takes the first argument that is not null. That of go-cty compares the types of all.
var coalesceFunc = function.New(&function.Spec{
	VarParam: &function.Parameter{Name: "vals", Type: cty.DynamicPseudoType, AllowDynamicType: true, AllowNull: true, AllowMarked: true},
	Type: func(args []cty.Value) (cty.Type, error) {
		types := make([]cty.Type, len(args))
		for i, a := range args {
			types[i] = a.Type()
		}
		if len(types) > 0 {
			if t := unify(types); t != cty.NilType {
				return t, nil
			}
		}
		return cty.NilType, errors.New("all arguments must have the same type")
	},
	Impl: func(args []cty.Value, t cty.Type) (cty.Value, error) {
		passed := cty.ValueMarks{}
		for _, a := range args {
			if !a.IsNull() {
				out, err := converted(a, t)
				if err != nil {
					return cty.NilVal, err
				}
				return out.WithMarks(passed), nil
			}
			_, marks := a.Unmark()
			maps.Copy(passed, marks)
		}
		return cty.NilVal, errors.New("no non-null arguments")
	},
})

// setProductFunc is that of go-cty, which gets lists, of whose elements it need not find the common type.
var setProductFunc = function.New(&function.Spec{
	VarParam: stdlib.SetProductFunc.VarParam(),
	Type: func(args []cty.Value) (cty.Type, error) {
		lists, err := asLists(args)
		if err != nil {
			return cty.NilType, err
		}
		t, err := stdlib.SetProductFunc.ReturnTypeForValues(lists)
		if err == nil && slices.ContainsFunc(args, func(a cty.Value) bool { return a.Type().IsSetType() }) {
			t = cty.Set(t.ElementType())
		}
		return t, err
	},
	Impl: func(args []cty.Value, t cty.Type) (cty.Value, error) {
		lists, err := asLists(args)
		if err != nil {
			return cty.NilVal, err
		}
		out, err := stdlib.SetProductFunc.Call(lists)
		if err != nil {
			return cty.NilVal, err
		}
		return converted(out, t)
	},
})

func asLists(args []cty.Value) ([]cty.Value, error) {
	out := make([]cty.Value, len(args))
	for i, a := range args {
		v, err := converted(a, cty.List(cty.DynamicPseudoType))
		if err != nil {
			return nil, function.NewArgErrorf(i, "%s", convertMessage(err))
		}
		out[i] = v
	}
	return out, nil
}
