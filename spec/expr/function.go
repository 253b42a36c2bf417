package expr

import (
	"math"
	"slices"
	"strings"
)

// A Types is a set of kinds of values that a parameter takes.
type Types uint16

// The sets. Whole is a number without a fraction, such as a place in a list.
const (
	NullType Types = 1 << iota
	BoolType
	intType
	floatType
	StringType
	ListType
	ObjectType
	Whole

	NumberType = intType | floatType
	AnyType    = NullType | BoolType | NumberType | StringType | ListType | ObjectType
)

// String returns the set as it stands in a signature: "string or list".
func (t Types) String() string {
	if t == AnyType {
		return "any"
	}
	var names []string
	for _, x := range []struct {
		t    Types
		name string
	}{
		{NumberType, "number"},
		{Whole, "integer"},
		{StringType, "string"},
		{BoolType, "bool"},
		{ListType, "list"},
		{ObjectType, "object"},
		{NullType, "null"},
	} {
		if t&x.t == x.t {
			names = append(names, x.name)
		}
	}
	return enumerate(names)
}

// enumerate joins names with commas and a final or.
func enumerate(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// has reports whether v is in the set.
func (t Types) has(v Value) bool {
	if t&(1<<v.kind) != 0 {
		return true
	}
	_, ok := whole(v)
	return ok && t&Whole != 0
}

// A Param is one parameter of a function. Only the last one is variadic; optional ones come last.
type Param struct {
	Name     string
	Types    Types
	Optional bool
	Variadic bool // none or more of it
}

// A Function is one function of the language. Strings are counted and cut in code points.
type Function struct {
	Name   string
	Params []Param
	Result Types
	Doc    string

	min, max       int  // of arguments; -1 is no limit
	refusesMetrics bool // it would let something stand in for a missing measurement
	pattern        bool // the first argument is a constant regular expression
	call           func(c *call) Value
}

// Signature returns the function with its parameters and result: "substr(string string, offset integer, ...) string".
func (f *Function) Signature() string {
	var params []string
	for _, p := range f.Params {
		s := p.Name + " " + p.Types.String()
		if p.Variadic {
			s = p.Name + "... " + p.Types.String()
		}
		if p.Optional {
			s = "[" + s + "]"
		}
		params = append(params, s)
	}
	return f.Name + "(" + strings.Join(params, ", ") + ") " + f.Result.String()
}

// Functions returns the functions of the language, sorted by name. The list is closed: a name that is not in it fails
// Validate.
func Functions() []Function {
	all := make([]Function, 0, len(functions))
	for _, f := range functions {
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b Function) int { return strings.Compare(a.Name, b.Name) })
	return all
}

var functions = index(textFunctions, numberFunctions, collectionFunctions, conversionFunctions)

func index(tables ...[]Function) map[string]*Function {
	byName := map[string]*Function{}
	for _, f := range slices.Concat(tables...) {
		for _, p := range f.Params {
			if p.Variadic {
				f.max = -1
				break
			}
			f.max++
			if !p.Optional {
				f.min++
			}
		}
		byName[f.Name] = &f
	}
	return byName
}

// A call is one call under way: what a function reads and where it says why it has no result.
type call struct {
	env  *Env
	node *Node
	args []Value // of the types that the table demands; not to be kept
	// pattern is the compiled first argument of a function that takes one.
	pattern matcher
	err     error
}

// fail gives the call its error; the function returns its result.
func (c *call) fail(format string, args ...any) Value {
	c.err = fail(c.node, format, args...)
	return Value{}
}

// text returns s unless it is over the budget.
func (c *call) text(s string) Value {
	if !c.env.spendText(len(s)) {
		return c.fail(tooMuch)
	}
	return StringOf(s)
}

// list returns elems unless they are over the budget.
func (c *call) list(elems []Value) Value {
	if !c.env.spend(len(elems)) {
		return c.fail(tooMuch)
	}
	return ValuesOf(elems)
}

// arg says what an argument is, for messages.
func (c *call) arg(i int) string { return is(c.node.Args[i], c.args[i]) }

// param returns the parameter of the i-th argument.
func (f *Function) param(i int) *Param { return &f.Params[min(i, len(f.Params)-1)] }

func compileCall(n *Node, args []evaluator) evaluator {
	f := functions[n.Name]
	var m matcher
	if f.pattern {
		pattern, _ := n.Args[0].literalString()
		m.Regexp, _ = compilePattern(pattern)
	}
	return func(env *Env) (Value, error) {
		base := len(env.stack)
		defer func() { env.stack = env.stack[:base] }()
		for i, arg := range args {
			v, err := arg(env)
			if err != nil {
				return Value{}, err
			}
			if p := f.param(i); !p.Types.has(v) {
				return Value{}, fail(n, "%s, not %s", is(n.Args[i], v), p.Types.article())
			}
			env.stack = append(env.stack, v)
		}
		// One call serves them all: no function evaluates anything, so that none runs within another.
		c := &env.call
		*c = call{env: env, node: n, args: env.stack[base:], pattern: m}
		return f.call(c), c.err
	}
}

// article returns the set as it stands in a sentence: "a string or a list".
func (t Types) article() string {
	var names []string
	for _, x := range []struct {
		t    Types
		name string
	}{
		{NumberType, "a number"},
		{Whole, "a whole number"},
		{StringType, "a string"},
		{BoolType, "a boolean"},
		{ListType, "a list"},
		{ObjectType, "an object"},
		{NullType, "null"},
	} {
		if t&x.t == x.t {
			names = append(names, x.name)
		}
	}
	return enumerate(names)
}

// number returns f unless it is out of range.
func (c *call) number(f float64) Value {
	v, reason := finite(f)
	if reason != "" {
		return c.fail("%s", reason)
	}
	return v
}

// integer returns f, which has no fraction, as an integer.
func (c *call) integer(f float64) Value {
	if f < math.MinInt64 || f >= 1<<63 {
		return c.fail(overflow)
	}
	return IntOf(int64(f))
}

// place returns the argument, which the table demands to be whole.
func (c *call) place(i int) int64 {
	n, _ := whole(c.args[i])
	return n
}
