package expr

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// The limits of an expression. They are far above what people write and keep a hostile plan file from exhausting the
// stack or the memory.
const (
	MaxDepth = 1000
	MaxNodes = 100_000
)

var (
	errDepth = fmt.Errorf("the expression is nested deeper than %d", MaxDepth)
	errNodes = fmt.Errorf("the expression has more than %d parts", MaxNodes)
)

// Validate reports what is wrong with the shape of n: unknown ops, operators and functions, wrong numbers of
// arguments, loop variables that nothing binds, limits; and metrics where something could hide that they are missing
// (coalesce, a comparison with null). A node that passes compiles.
func Validate(n *Node) error {
	v := validator{}
	return v.node(n, 0)
}

type validator struct {
	nodes int
	scope []string
}

func (v *validator) node(n *Node, depth int) error {
	if v.nodes++; v.nodes > MaxNodes {
		return errNodes
	}
	if depth > MaxDepth {
		return errDepth
	}
	if n == nil {
		return errors.New("a part of the expression is missing")
	}
	if err := v.shape(n); err != nil {
		return err
	}
	if n.Op == For {
		return v.loop(n, depth)
	}
	for _, k := range n.Keys {
		if err := v.node(k, depth+1); err != nil {
			return err
		}
	}
	for _, a := range n.Args {
		if err := v.node(a, depth+1); err != nil {
			return err
		}
	}
	return v.meaning(n)
}

// shape checks that exactly the fields are set that the op names.
func (v *validator) shape(n *Node) error {
	rule, ok := shapes[n.Op]
	if !ok {
		return fmt.Errorf("%q is no op of the expression language %s", n.Op, Version)
	}
	for _, f := range []struct {
		what  string
		is    bool
		wants need
	}{
		{"a name", n.Name != "", rule.name},
		{"a path", len(n.Path) > 0, rule.path},
		{"a value", n.Value != nil, rule.value},
		{"keys", len(n.Keys) > 0, rule.keys},
	} {
		if f.is && f.wants == never {
			return fmt.Errorf("%s has %s, which it may not have", n.Op, f.what)
		}
		if !f.is && f.wants == always {
			return fmt.Errorf("%s lacks %s", n.Op, f.what)
		}
	}
	if len(n.Args) < rule.min || rule.max >= 0 && len(n.Args) > rule.max {
		return fmt.Errorf("%s %s has %d arguments", n.Op, n.Name, len(n.Args))
	}
	return nil
}

// need says whether a field of a node must, may or must not be set.
type need uint8

const (
	never need = iota
	maybe
	always
)

type shape struct {
	name, path, value, keys need
	min, max                int // of arguments; -1 is no limit
}

var shapes = map[string]shape{
	Literal:  {value: maybe},
	Row:      {name: maybe, path: maybe},
	Metric:   {name: always, path: always},
	Loop:     {name: always, path: maybe},
	Unary:    {name: always, min: 1, max: 1},
	Binary:   {name: always, min: 2, max: 2},
	If:       {min: 3, max: 3},
	Call:     {name: always, max: -1},
	ListOf:   {max: -1},
	Object:   {keys: maybe, max: -1},
	Index:    {min: 2, max: 2},
	Attr:     {path: always, min: 1, max: 1},
	Template: {max: -1},
	For:      {name: maybe, path: always, keys: maybe, min: 2, max: 3},
}

// meaning checks what the shape does not tell.
func (v *validator) meaning(n *Node) error {
	switch n.Op {
	case Literal:
		_, err := literal(n.Value)
		return err
	case Row:
		if n.Name == "" && len(n.Path) > 0 {
			return errors.New("row has a path but no field")
		}
	case Loop:
		if !slices.Contains(v.scope, n.Name) {
			return fmt.Errorf("no for binds the variable %q", n.Name)
		}
	case Unary:
		if n.Name != "!" && n.Name != "-" {
			return fmt.Errorf("%q is no operator on one operand", n.Name)
		}
	case Binary:
		return v.binary(n)
	case Object:
		if len(n.Keys) != len(n.Args) {
			return fmt.Errorf("an object has %d keys and %d values", len(n.Keys), len(n.Args))
		}
	case Call:
		return v.call(n)
	}
	return nil
}

func (v *validator) binary(n *Node) error {
	if _, ok := binaryLevel[n.Name]; !ok {
		return fmt.Errorf("%q is no operator on two operands", n.Name)
	}
	if n.Name != "==" && n.Name != "!=" {
		return nil
	}
	a, b := n.Args[0], n.Args[1]
	isNull := func(n *Node) bool { return n.Op == Literal && n.Value == nil }
	if isNull(a) && len(Metrics(b)) > 0 || isNull(b) && len(Metrics(a)) > 0 {
		return fmt.Errorf("%s compares a metric with null: a metric that is unavailable is never null, and the condition is "+
			"then not evaluated at all; leave the comparison out", n)
	}
	return nil
}

func (v *validator) call(n *Node) error {
	f, ok := functions[n.Name]
	if !ok {
		return fmt.Errorf("%q is no function of expressions that are evaluated later", n.Name)
	}
	if len(n.Args) < f.min || f.max >= 0 && len(n.Args) > f.max {
		return fmt.Errorf("%s has %d arguments: it is %s", n.Name, len(n.Args), f.Signature())
	}
	if f.refusesMetrics {
		for _, a := range n.Args {
			if refs := Metrics(a); len(refs) > 0 {
				return fmt.Errorf("%s accepts no metric such as %s: nothing may stand in for a missing measurement", n.Name, refs[0])
			}
		}
	}
	if f.pattern {
		pattern, ok := n.Args[0].literalString()
		if !ok {
			return fmt.Errorf("the pattern of %s must be a constant string", n.Name)
		}
		if _, err := compilePattern(pattern); err != nil {
			return fmt.Errorf("the pattern of %s: %w", n.Name, err)
		}
	}
	return nil
}

// compilePattern compiles an RE2 pattern. The limit keeps a plan file from asking for one that takes seconds.
func compilePattern(pattern string) (*regexp.Regexp, error) {
	const longest = 10_000
	if len(pattern) > longest {
		return nil, fmt.Errorf("it is longer than %d bytes", longest)
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("%q is no regular expression as RE2 knows it: %w", clip(pattern), err)
	}
	return re, nil
}

// loop checks a for. Its collection is outside the scope of its variables.
func (v *validator) loop(n *Node, depth int) error {
	switch {
	case len(n.Path) != 2 || n.Path[1] == "":
		return errors.New("a for names its variables as {key or nothing, value}")
	case n.Name != "" && n.Name != "...":
		return fmt.Errorf("a for has the name %q: only ... is allowed", n.Name)
	case len(n.Keys) > 1:
		return errors.New("a for has more than one key")
	case n.Name == "..." && len(n.Keys) == 0:
		return errors.New("a for that makes a list cannot group its values, as one that makes an object can")
	}
	if err := v.node(n.Args[0], depth+1); err != nil {
		return err
	}
	outer := len(v.scope)
	v.scope = append(v.scope, n.Path[1])
	if n.Path[0] != "" {
		v.scope = append(v.scope, n.Path[0])
	}
	defer func() { v.scope = v.scope[:outer] }()
	for _, part := range slices.Concat(n.Keys, n.Args[1:]) {
		if err := v.node(part, depth+1); err != nil {
			return err
		}
	}
	return nil
}
