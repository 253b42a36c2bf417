package expr

import (
	"strconv"
	"strings"
)

var scalar = []Param{{Name: "value", Types: StringType | NumberType | BoolType | NullType}}

var conversionFunctions = []Function{
	{
		Name: "tostring", Params: scalar, Result: StringType | NullType, Doc: "The text of a value; null stays null.",
		call: func(c *call) Value {
			text, ok := c.args[0].Text()
			if !ok {
				return Value{}
			}
			return c.text(text)
		},
	},
	{
		Name: "tonumber", Params: scalar, Result: NumberType | NullType,
		Doc:  "The number that a decimal text says, or the number itself; null stays null. A boolean or another text is an error.",
		call: number,
	},
	{
		Name: "toint", Params: scalar, Result: Whole | NullType,
		Doc: "As tonumber, but as an integer; a number with a fraction is an error (floor, ceil and round drop it).",
		call: func(c *call) Value {
			v := number(c)
			if c.err != nil || v.IsNull() {
				return v
			}
			i, ok := whole(v)
			if !ok {
				return c.fail("%s is no integer of 64 bits: floor, ceil or round drops a fraction", v.String())
			}
			return IntOf(i)
		},
	},
	{
		Name: "tobool", Params: scalar, Result: BoolType | NullType,
		Doc: "The boolean that \"true\" or \"false\" says, or the boolean itself; null stays null. Anything else is an error.",
		call: func(c *call) Value {
			switch v := c.args[0]; {
			case v.kind == Null || v.kind == Bool:
				return v
			case v.kind == String && (v.Str() == "true" || v.Str() == "false"):
				return BoolOf(v.Str() == "true")
			}
			return c.fail("%s is neither true nor false", clip(c.args[0].String()))
		},
	},
	{
		Name: "typeof", Params: []Param{{Name: "value", Types: AnyType}}, Result: StringType,
		Doc: "\"null\", \"bool\", \"number\", \"string\", \"list\" or \"object\".",
		call: func(c *call) Value {
			return StringOf([...]string{"null", "bool", "number", "number", "string", "list", "object"}[c.args[0].kind])
		},
	},
	{
		Name: "coalesce", Params: []Param{{Name: "values", Types: AnyType, Variadic: true}}, Result: AnyType,
		refusesMetrics: true,
		Doc:            "The first value that is not null; null when all are. An empty string counts as a value.",
		call: func(c *call) Value {
			for _, v := range c.args {
				if v.kind != Null {
					return v
				}
			}
			return Value{}
		},
	},
	{
		Name: "jsonencode", Params: []Param{{Name: "value", Types: AnyType}}, Result: StringType,
		Doc: "The value as canonical JSON: names sorted, no space.",
		call: func(c *call) Value {
			if !c.env.weigh(c.args[0]) {
				return c.fail(tooMuch)
			}
			b, ok := c.appendJSON(nil, c.args[0])
			if !ok {
				return c.fail(tooMuch)
			}
			return StringOf(string(b))
		},
	},
	{
		Name: "jsondecode", Params: []Param{{Name: "string", Types: StringType}}, Result: AnyType,
		Doc: "The value of a JSON text. Names that repeat, lone surrogates and numbers out of range are errors.",
		call: func(c *call) Value {
			if !c.env.spendText(len(c.args[0].Str())) {
				return c.fail(tooMuch)
			}
			v, err := FromJSONString(c.args[0].Str())
			if err != nil {
				return c.fail("%v", err)
			}
			if !c.env.weigh(v) {
				return c.fail(tooMuch)
			}
			return v
		},
	},
}

// appendJSON is Value.AppendJSON within the budget: long strings may stand in a value many times over.
func (c *call) appendJSON(b []byte, v Value) ([]byte, bool) {
	if v.kind < List {
		before := len(b)
		b = v.AppendJSON(b)
		return b, c.env.spendText(len(b) - before)
	}
	var ok bool
	open, closing := byte('['), byte(']')
	if v.kind == Map {
		open, closing = '{', '}'
	}
	b = append(b, open)
	for i, e := range v.Elems() {
		if i > 0 {
			b = append(b, ',')
		}
		if b, ok = c.appendJSON(b, e); !ok {
			return b, false
		}
	}
	for i, f := range v.Fields() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendJSONString(b, f.Name), ':')
		if b, ok = c.appendJSON(b, f.Value); !ok || !c.env.spendText(len(f.Name)) {
			return b, false
		}
	}
	return append(b, closing), true
}

func number(c *call) Value {
	v := c.args[0]
	switch v.kind {
	case Null, Int, Float:
		return v
	case Bool:
		return c.fail("%s, not a number", c.arg(0))
	}
	s := strings.TrimSpace(v.Str())
	// ParseFloat alone would take hexadecimal, underscores, inf and nan too.
	if s == "" || strings.Trim(s, "0123456789+-.eE") != "" {
		return c.fail("%s is no number", quote(clip(v.Str())))
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return IntOf(i)
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return c.fail("%s is no number, or one out of range", quote(clip(v.Str())))
	}
	return c.number(f)
}
