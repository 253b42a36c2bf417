package lang

import (
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// converted is convert.Convert in time that is linear in the size of the value. To make a list, go-cty looks for the
// common type of its elements by comparing each with each, also when all are the same, which takes minutes for a
// hundred thousand. So lists, sets and maps are built here of what go-cty makes of their elements one by one.
func converted(v cty.Value, want cty.Type) (cty.Value, error) {
	v, marks := v.Unmark()
	out, err := convertedBare(v, want)
	if err != nil {
		return cty.NilVal, err
	}
	return out.WithMarks(marks), nil
}

func convertedBare(v cty.Value, want cty.Type) (cty.Value, error) {
	from := v.Type()
	if v.IsNull() || !v.IsKnown() || !v.CanIterateElements() || from.Equals(want) {
		return convert.Convert(v, want)
	}
	sequence, mapping := from.IsTupleType() || from.IsListType() || from.IsSetType(), from.IsObjectType() || from.IsMapType()
	switch {
	case sequence && (want.IsListType() || want.IsSetType()), mapping && want.IsMapType():
		return convertedCollection(v, want)
	case from.IsObjectType() && want.IsObjectType(), from.IsTupleType() && want.IsTupleType() && from.Length() == want.Length():
		return convertedStructure(v, want)
	}
	return convert.Convert(v, want)
}

// convertedCollection makes a list, a set or a map.
func convertedCollection(v cty.Value, want cty.Type) (cty.Value, error) {
	keys, elems := parts(v)
	each := want.ElementType().WithoutOptionalAttributesDeep()
	if err := convertEach(keys, elems, func(int) cty.Type { return want.ElementType() }); err != nil {
		return cty.NilVal, err
	}
	if each.HasDynamicTypes() && len(elems) > 0 {
		common, err := commonType(elems)
		if err != nil {
			return cty.NilVal, err
		}
		if err := convertEach(keys, elems, func(int) cty.Type { return common }); err != nil {
			return cty.NilVal, err
		}
	} else if each == cty.DynamicPseudoType && !v.Type().IsTupleType() && !v.Type().IsObjectType() {
		each = v.Type().ElementType() // of an empty collection
	}
	return collection(want, each, keys, elems)
}

// collection puts elements of one type together.
func collection(like, each cty.Type, keys, elems []cty.Value) (cty.Value, error) {
	if like.IsMapType() {
		if len(elems) == 0 {
			return cty.MapValEmpty(each), nil
		}
		out := make(map[string]cty.Value, len(elems))
		for i, k := range keys {
			out[k.AsString()] = elems[i]
		}
		return cty.MapVal(out), nil
	}
	switch {
	case len(elems) == 0 && like.IsSetType():
		return cty.SetValEmpty(each), nil
	case len(elems) == 0:
		return cty.ListValEmpty(each), nil
	case like.IsListType():
		return cty.ListVal(elems), nil
	}
	if err := checkSet(elems); err != nil {
		return cty.NilVal, err
	}
	return cty.SetVal(elems), nil
}

// convertedStructure makes an object of an object, or a tuple of a tuple. What is missing or too much, go-cty sees to.
func convertedStructure(v cty.Value, want cty.Type) (cty.Value, error) {
	keys, elems := parts(v)
	err := convertEach(keys, elems, func(i int) cty.Type {
		if want.IsTupleType() {
			return want.TupleElementType(i)
		}
		if name := keys[i].AsString(); want.HasAttribute(name) {
			return want.AttributeType(name)
		}
		return cty.DynamicPseudoType // left out
	})
	if err != nil {
		return cty.NilVal, err
	}
	if want.IsTupleType() {
		return cty.TupleVal(elems), nil
	}
	attrs := make(map[string]cty.Value, len(elems))
	for i, k := range keys {
		attrs[k.AsString()] = elems[i]
	}
	return convert.Convert(cty.ObjectVal(attrs), want)
}

// parts returns the keys and elements of what can be iterated over.
func parts(v cty.Value) (keys, elems []cty.Value) {
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		keys, elems = append(keys, k), append(elems, e)
	}
	return keys, elems
}

// convertEach converts elements in place. An error leads to the first that cannot be.
func convertEach(keys, elems []cty.Value, want func(i int) cty.Type) error {
	for i, e := range elems {
		out, err := converted(e, want(i))
		if err == nil {
			elems[i] = out
			continue
		}
		key := keys[i]
		if t := key.Type(); t != cty.Number && t != cty.String || key.IsMarked() {
			key = cty.NumberIntVal(int64(i)) // of a set, whose elements are their own keys
		}
		return cty.Path{cty.IndexStep{Key: key}}.NewError(err)
	}
	return nil
}
