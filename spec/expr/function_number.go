package expr

import "math"

var numberFunctions = []Function{
	{
		Name: "abs", Params: []Param{{Name: "number", Types: NumberType}}, Result: NumberType,
		Doc: "The number without its sign.",
		call: func(c *call) Value {
			v := c.args[0]
			switch {
			case v.kind == Float:
				return FloatOf(math.Abs(v.Float()))
			case v.Int() == math.MinInt64:
				return c.fail(overflow)
			case v.Int() < 0:
				return IntOf(-v.Int())
			}
			return v
		},
	},
	{
		Name: "ceil", Params: []Param{{Name: "number", Types: NumberType}}, Result: Whole,
		Doc:  "The smallest integer that is not less.",
		call: func(c *call) Value { return rounded(c, math.Ceil) },
	},
	{
		Name: "floor", Params: []Param{{Name: "number", Types: NumberType}}, Result: Whole,
		Doc:  "The largest integer that is not greater.",
		call: func(c *call) Value { return rounded(c, math.Floor) },
	},
	{
		Name: "round", Params: []Param{{Name: "number", Types: NumberType}}, Result: Whole,
		Doc:  "The nearest integer; halves go away from zero.",
		call: func(c *call) Value { return rounded(c, math.Round) },
	},
	{
		Name: "max", Params: []Param{{Name: "number", Types: NumberType}, {Name: "numbers", Types: NumberType, Variadic: true}},
		Result: NumberType, Doc: "The largest of the numbers.",
		call: func(c *call) Value { return extreme(c.args, 1) },
	},
	{
		Name: "min", Params: []Param{{Name: "number", Types: NumberType}, {Name: "numbers", Types: NumberType, Variadic: true}},
		Result: NumberType, Doc: "The smallest of the numbers.",
		call: func(c *call) Value { return extreme(c.args, -1) },
	},
	{
		Name: "sum", Params: []Param{{Name: "list", Types: ListType}}, Result: NumberType,
		Doc:  "The numbers of a list added from the first to the last; 0 for none.",
		call: sum,
	},
}

func rounded(c *call, to func(float64) float64) Value {
	if c.args[0].kind == Int {
		return c.args[0]
	}
	return c.integer(to(c.args[0].Float()))
}

// extreme returns the first of the largest (sign 1) or smallest (sign -1) numbers.
func extreme(args []Value, sign int) Value {
	best := args[0]
	for _, v := range args[1:] {
		if compareNumbers(v, best) == sign {
			best = v
		}
	}
	return best
}

func sum(c *call) Value {
	total := IntOf(0)
	for i, v := range c.args[0].Elems() {
		if !v.IsNumber() {
			return c.fail("%s[%d] is %s, not a number", clip(c.node.Args[0].String()), i, v.kind)
		}
		var reason string
		if total, reason = arithmetic('+', total, v); reason != "" {
			return c.fail("%s", reason)
		}
	}
	return total
}
