package lang

import (
	"errors"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// maxTypes is how many kinds of values without a common form go-cty is asked to find a common type for: it compares
// each with each.
const maxTypes = 1000

// commonType returns the type that all of the elements of a collection can have.
func commonType(elems []cty.Value) (cty.Type, error) {
	types := make([]cty.Type, len(elems))
	dynamic := 0
	for i, e := range elems {
		if types[i] = e.Type(); types[i] == cty.DynamicPseudoType {
			dynamic++
		}
	}
	t := unify(types)
	if t == cty.NilType || t == cty.DynamicPseudoType && dynamic < len(types) {
		return t, errors.New("all elements must have the same type")
	}
	return t, nil
}

// unify is convert.UnifyUnsafe in time that is linear in the size of the types: what holds others, it takes apart, and
// of equal types it looks at one. It returns cty.NilType when there is no common type.
func unify(types []cty.Type) cty.Type {
	types = distinctTypes(types)
	if len(types) == 1 {
		return types[0]
	}
	var forms struct{ lists, tuples, sets, maps, objects int }
	for _, t := range types {
		switch {
		case t.IsListType():
			forms.lists++
		case t.IsTupleType():
			forms.tuples++
		case t.IsSetType():
			forms.sets++
		case t.IsMapType():
			forms.maps++
		case t.IsObjectType():
			forms.objects++
		}
	}
	switch len(types) {
	case forms.tuples:
		return unifyTuples(types)
	case forms.objects:
		return unifyObjects(types)
	case forms.lists + forms.tuples:
		return unifyElements(types, cty.List)
	case forms.maps + forms.objects:
		return unifyElements(types, cty.Map)
	case forms.sets:
		return unifyElements(types, cty.Set)
	}
	if len(types) > maxTypes {
		return cty.NilType
	}
	t, _ := convert.UnifyUnsafe(types)
	return t
}

// unifyTuples keeps a tuple when all have the same length.
func unifyTuples(types []cty.Type) cty.Type {
	n := types[0].Length()
	for _, t := range types {
		if t.Length() != n {
			return unifyElements(types, cty.List)
		}
	}
	out, across := make([]cty.Type, n), make([]cty.Type, len(types))
	for i := range out {
		for j, t := range types {
			across[j] = t.TupleElementType(i)
		}
		if out[i] = unify(across); out[i] == cty.NilType {
			return cty.NilType
		}
	}
	return cty.Tuple(out)
}

// unifyObjects keeps an object when all have the same attributes.
func unifyObjects(types []cty.Type) cty.Type {
	names := types[0].AttributeTypes()
	for _, t := range types {
		if len(t.AttributeTypes()) != len(names) {
			return unifyElements(types, cty.Map)
		}
		for name := range t.AttributeTypes() {
			if _, ok := names[name]; !ok {
				return unifyElements(types, cty.Map)
			}
		}
	}
	out, across := make(map[string]cty.Type, len(names)), make([]cty.Type, len(types))
	for name := range names {
		for j, t := range types {
			across[j] = t.AttributeType(name)
		}
		if out[name] = unify(across); out[name] == cty.NilType {
			return cty.NilType
		}
	}
	return cty.Object(out)
}

// unifyElements makes a collection of what all elements have in common.
func unifyElements(types []cty.Type, form func(cty.Type) cty.Type) cty.Type {
	var elems []cty.Type
	for _, t := range types {
		switch {
		case t.IsTupleType():
			elems = append(elems, t.TupleElementTypes()...)
		case t.IsObjectType():
			for _, a := range t.AttributeTypes() {
				elems = append(elems, a)
			}
		default:
			elems = append(elems, t.ElementType())
		}
	}
	if len(elems) == 0 {
		return form(cty.DynamicPseudoType)
	}
	if t := unify(elems); t != cty.NilType {
		return form(t)
	}
	return cty.NilType
}

// distinctTypes keeps the first of equal types.
func distinctTypes(types []cty.Type) []cty.Type {
	seen := map[string]bool{}
	var out []cty.Type
	for i, t := range types {
		if i > 0 && t.Equals(types[i-1]) {
			continue
		}
		if text := t.GoString(); !seen[text] {
			seen[text] = true
			out = append(out, t)
		}
	}
	return out
}
