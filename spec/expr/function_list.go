package expr

import (
	"slices"
	"strings"
	"unicode/utf8"
)

var list1 = []Param{{Name: "list", Types: ListType}}

var collectionFunctions = []Function{
	{
		Name: "length", Params: []Param{{Name: "of", Types: StringType | ListType | ObjectType}}, Result: Whole,
		Doc: "The number of characters of a string, elements of a list or fields of an object.",
		call: func(c *call) Value {
			if v := c.args[0]; v.kind == String {
				return IntOf(int64(utf8.RuneCountInString(v.Str())))
			}
			return IntOf(int64(c.args[0].Len()))
		},
	},
	{
		Name: "contains", Params: []Param{{Name: "in", Types: ListType | StringType}, {Name: "value", Types: AnyType}},
		Result: BoolType, Doc: "Whether the value is an element of the list; or a part of the string.",
		call: contains,
	},
	{
		Name: "element", Params: []Param{{Name: "list", Types: ListType}, {Name: "index", Types: Whole}}, Result: AnyType,
		Doc: "The element at the index, counted from 0; past the end it starts over. An empty list is an error.",
		call: func(c *call) Value {
			elems := c.args[0].Elems()
			at := c.place(1)
			if len(elems) == 0 || at < 0 {
				return c.fail("a list of %s has no place %d", count(len(elems), "element"), at)
			}
			return elems[at%int64(len(elems))]
		},
	},
	{
		Name: "first", Params: list1, Result: AnyType, Doc: "The first element. An empty list is an error.",
		call: func(c *call) Value { return end(c, 0) },
	},
	{
		Name: "last", Params: list1, Result: AnyType, Doc: "The last element. An empty list is an error.",
		call: func(c *call) Value { return end(c, c.args[0].Len()-1) },
	},
	{
		Name: "slice",
		Params: []Param{
			{Name: "list", Types: ListType}, {Name: "start", Types: Whole}, {Name: "end", Types: Whole},
		},
		Result: ListType, Doc: "The elements from start up to, but without, end. Places outside the list are an error.",
		call: func(c *call) Value {
			elems, start, stop := c.args[0].Elems(), c.place(1), c.place(2)
			if start < 0 || start > stop || stop > int64(len(elems)) {
				return c.fail("a list of %s has no part from %d to %d", count(len(elems), "element"), start, stop)
			}
			return ValuesOf(elems[start:stop])
		},
	},
	{
		Name: "reverse", Params: list1, Result: ListType, Doc: "The elements from the last to the first.",
		call: func(c *call) Value {
			v := c.list(slices.Clone(c.args[0].Elems()))
			slices.Reverse(v.Elems())
			return v
		},
	},
	{
		Name: "concat", Params: []Param{{Name: "lists", Types: ListType, Variadic: true}}, Result: ListType,
		Doc: "The elements of all lists in one.",
		call: func(c *call) Value {
			n := 0
			for _, v := range c.args {
				n += v.Len()
			}
			if !c.env.spend(n) {
				return c.fail(tooMuch)
			}
			elems := make([]Value, 0, n)
			for _, v := range c.args {
				elems = append(elems, v.Elems()...)
			}
			return ValuesOf(elems)
		},
	},
	{
		Name: "flatten", Params: list1, Result: ListType, Doc: "The list with every list in it replaced by its elements, at any depth.",
		call: func(c *call) Value {
			if !c.env.weigh(c.args[0]) {
				return c.fail(tooMuch)
			}
			return ValuesOf(flatten(nil, c.args[0]))
		},
	},
	{
		Name: "distinct", Params: list1, Result: ListType, Doc: "The list without the elements that equal an earlier one.",
		call: distinct,
	},
	{
		Name: "sort", Params: list1, Result: ListType,
		Doc: "The elements, all numbers or all strings, in rising order; strings by their bytes.",
		call: func(c *call) Value {
			elems := c.args[0].Elems()
			for i, v := range elems {
				numbers, texts := v.IsNumber() && elems[0].IsNumber(), v.kind == String && elems[0].kind == String
				if !numbers && !texts {
					return c.fail("the list has %s at [0] and %s at [%d]: only numbers or only strings sort", elems[0].kind, v.kind, i)
				}
			}
			v := c.list(slices.Clone(elems))
			slices.SortStableFunc(v.Elems(), Compare)
			return v
		},
	},
	{
		Name: "alltrue", Params: list1, Result: BoolType, Doc: "Whether all elements, which are booleans, are true; true for none.",
		call: func(c *call) Value { return quantify(c, false) },
	},
	{
		Name: "anytrue", Params: list1, Result: BoolType, Doc: "Whether some element is true, all being booleans; false for none.",
		call: func(c *call) Value { return quantify(c, true) },
	},
	{
		Name: "keys", Params: []Param{{Name: "object", Types: ObjectType}}, Result: ListType,
		Doc: "The names of the fields, sorted.",
		call: func(c *call) Value {
			var names []Value
			for _, f := range c.args[0].Fields() {
				names = append(names, StringOf(f.Name))
			}
			return c.list(names)
		},
	},
	{
		Name: "values", Params: []Param{{Name: "object", Types: ObjectType}}, Result: ListType,
		Doc: "The values of the fields, in the order of their names.",
		call: func(c *call) Value {
			var values []Value
			for _, f := range c.args[0].Fields() {
				values = append(values, f.Value)
			}
			return c.list(values)
		},
	},
	{
		Name: "lookup",
		Params: []Param{
			{Name: "object", Types: ObjectType}, {Name: "name", Types: StringType}, {Name: "default", Types: AnyType, Optional: true},
		},
		Result: AnyType, refusesMetrics: true,
		Doc: "The field of that name, or the default (null when there is none) where the object has no such field.",
		call: func(c *call) Value {
			v, ok := c.args[0].Lookup(c.args[1].Str())
			if !ok && len(c.args) > 2 {
				return c.args[2]
			}
			return v
		},
	},
	{
		Name: "merge", Params: []Param{{Name: "objects", Types: ObjectType, Variadic: true}}, Result: ObjectType,
		Doc: "The fields of all objects in one; of equal names the last one counts.",
		call: func(c *call) Value {
			var fields []Field
			for _, v := range c.args {
				if !c.env.spend(v.Len()) {
					return c.fail(tooMuch)
				}
				fields = append(fields, v.Fields()...)
			}
			return ObjectOf(fields)
		},
	},
}

func contains(c *call) Value {
	in, value := c.args[0], c.args[1]
	if in.kind == String {
		if value.kind != String {
			return c.fail("%s: only a string is a part of a string", c.arg(1))
		}
		return BoolOf(strings.Contains(in.Str(), value.Str()))
	}
	for _, v := range in.Elems() {
		if v.kind >= List && value.kind >= List && !c.env.weigh(v) {
			return c.fail(tooMuch)
		}
		if Equal(v, value) {
			return BoolOf(true)
		}
	}
	return BoolOf(false)
}

func end(c *call, i int) Value {
	elems := c.args[0].Elems()
	if len(elems) == 0 {
		return c.fail("the list is empty")
	}
	return elems[i]
}

func flatten(into []Value, v Value) []Value {
	for _, e := range v.Elems() {
		if e.kind == List {
			into = flatten(into, e)
		} else {
			into = append(into, e)
		}
	}
	return into
}

// distinct sorts the places of the elements by value and then place, so that equal ones stand together with the first
// of them in front.
func distinct(c *call) Value {
	if !c.env.weigh(c.args[0]) {
		return c.fail(tooMuch)
	}
	elems := c.args[0].Elems()
	order := make([]int, len(elems))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return Compare(elems[i], elems[j]) })
	first := make([]bool, len(elems))
	for i, at := range order {
		first[at] = i == 0 || !Equal(elems[order[i-1]], elems[at])
	}
	var kept []Value
	for i, v := range elems {
		if first[i] {
			kept = append(kept, v)
		}
	}
	return ValuesOf(kept)
}

// quantify returns whether decisive occurs (for anytrue, true) or does not (for alltrue, false).
func quantify(c *call, decisive bool) Value {
	found := false
	for i, v := range c.args[0].Elems() {
		if v.kind != Bool {
			return c.fail("%s[%d] is %s, not a boolean", clip(c.node.Args[0].String()), i, v.kind)
		}
		found = found || v.Bool() == decisive
	}
	return BoolOf(found == decisive)
}
