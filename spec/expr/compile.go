package expr

import (
	"fmt"
	"slices"
	"strings"
)

// A Program is a compiled expression. It has no state and may be used by many goroutines at once.
type Program struct {
	run   evaluator
	slots int
	node  *Node
}

// An Env is what an expression is evaluated over. One goroutine uses it at a time; reusing one for many rows saves
// allocations.
type Env struct {
	// Row is the current row, an object. A field that it lacks is null.
	Row Value
	// Metric returns a metric by the address of its block and the steps to it. It may be nil where there are none.
	Metric func(addr string, path []string) MetricValue

	slots  []Value // the variables of the loops around the current node
	stack  []Value // arguments of the calls under way
	call   call    // the call under way
	budget int
}

// A MetricValue is a measured number, or the reason why there is none.
type MetricValue struct {
	Value  float64
	OK     bool
	Reason string
}

// An Error says why an expression has no value for these inputs.
type Error struct {
	Node   *Node // the part that failed
	Reason string
}

// Error returns the place in words and the reason: "row.votes[0] + 1: row.votes[0] is a string, not a number".
func (e *Error) Error() string { return clip(e.Node.String()) + ": " + e.Reason }

// An evaluator computes one node. Compilation makes a tree of them, each with its operands, operator and constants
// already chosen.
type evaluator func(*Env) (Value, error)

// evaluationBudget bounds the work of one evaluation: elementCost for each turn of a loop and each element made or
// walked, one unit for each 16 bytes of text. 1<<24 is 4 million elements or 256 MiB of text, above what a record of
// 64 MiB, the largest by default, needs; reaching it takes about a second.
const (
	evaluationBudget = 1 << 24
	elementCost      = 4
)

// Compile checks n and prepares it for evaluation. Parts that read neither row nor metrics are computed once, here.
func Compile(n *Node) (*Program, error) {
	if err := Validate(n); err != nil {
		return nil, err
	}
	c := compiler{}
	run, _ := c.node(n)
	return &Program{run: run, slots: c.most, node: n}, nil
}

// Node returns the expression that p was compiled from.
func (p *Program) Node() *Node { return p.node }

// Eval computes the value over env. The error is an *Error. It never panics and its work is bounded.
func (p *Program) Eval(env *Env) (Value, error) {
	if len(env.slots) < p.slots {
		env.slots = make([]Value, p.slots)
	}
	env.stack = env.stack[:0]
	env.budget = evaluationBudget
	v, err := p.run(env)
	if err != nil {
		return Value{}, err
	}
	if !env.weigh(v) {
		return Value{}, fail(p.node, "the result is too large")
	}
	return v, nil
}

// spend takes the work on n elements off the budget and reports whether there was enough.
func (e *Env) spend(n int) bool {
	if n < 0 || n > e.budget/elementCost {
		return false
	}
	e.budget -= n * elementCost
	return true
}

// spendText takes the making of n bytes of text off the budget.
func (e *Env) spendText(n int) bool {
	if n < 0 || n/16 > e.budget {
		return false
	}
	e.budget -= n / 16
	return true
}

// weigh takes the size of a list or object off the budget. A value may hold another many times over, so that its size
// is exponential in what made it: whatever walks a whole value weighs it first.
func (e *Env) weigh(v Value) bool {
	if v.kind < List {
		return true
	}
	if !e.spend(v.Len()) {
		return false
	}
	for _, x := range v.Elems() {
		if !e.weigh(x) {
			return false
		}
	}
	for _, f := range v.Fields() {
		if !e.weigh(f.Value) {
			return false
		}
	}
	return true
}

const tooMuch = "the work of this expression on one row is over its limit"

func fail(n *Node, format string, args ...any) error {
	return &Error{Node: n, Reason: fmt.Sprintf(format, args...)}
}

// is says what an operand is: "row.votes[0] is a string".
func is(n *Node, v Value) string {
	return clip(n.String()) + " is " + v.kind.String()
}

type compiler struct {
	scope []string // the loop variables, by slot
	most  int
}

// node compiles n, which Validate has passed, and says whether its value is the same for every row.
func (c *compiler) node(n *Node) (run evaluator, constant bool) {
	switch n.Op {
	case Literal:
		v, _ := literal(n.Value)
		return constantOf(v), true
	case Row:
		return compileRow(n), false
	case Metric:
		return compileMetric(n), false
	case Loop:
		return c.variable(n), false
	case For:
		return c.loop(n), false
	}
	args := make([]evaluator, 0, len(n.Keys)+len(n.Args))
	constant = true
	for _, a := range slices.Concat(n.Keys, n.Args) {
		sub, same := c.node(a)
		args = append(args, sub)
		constant = constant && same
	}
	run = operation(n, args)
	if !constant {
		return run, false
	}
	env := Env{budget: evaluationBudget}
	v, err := run(&env)
	if err != nil {
		return run, false // it fails on every row that comes to it, with its place
	}
	return constantOf(v), true
}

// operation compiles a node over its compiled keys and arguments.
func operation(n *Node, args []evaluator) evaluator {
	switch n.Op {
	case Unary:
		return compileUnary(n, args[0])
	case Binary:
		return compileBinary(n, args[0], args[1])
	case If:
		return compileIf(n, args[0], args[1], args[2])
	case Call:
		return compileCall(n, args)
	case ListOf:
		return compileList(n, args)
	case Object:
		return compileObject(n, args[:len(n.Keys)], args[len(n.Keys):])
	case Index:
		return compileIndex(n, args[0], args[1])
	case Attr:
		return compileAttr(n, args[0])
	case Template:
		return compileTemplate(n, args)
	default:
		panic("expr: no such op: " + n.Op)
	}
}

func constantOf(v Value) evaluator {
	return func(*Env) (Value, error) { return v, nil }
}

// count returns "1 element", "2 elements".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func compileTemplate(n *Node, args []evaluator) evaluator {
	return func(env *Env) (Value, error) {
		var b strings.Builder
		for i, arg := range args {
			v, err := arg(env)
			if err != nil {
				return Value{}, err
			}
			text, ok := v.Text()
			if !ok {
				return Value{}, fail(n, "%s, which has no text%s", is(n.Args[i], v), remedy(v))
			}
			if !env.spendText(len(text)) {
				return Value{}, fail(n, tooMuch)
			}
			b.WriteString(text)
		}
		return StringOf(b.String()), nil
	}
}

// remedy says how text is made of a value that has none.
func remedy(v Value) string {
	switch v.kind {
	case Null:
		return ": coalesce gives it one"
	case List:
		return ": join or jsonencode makes it one"
	default:
		return ": jsonencode makes it one"
	}
}
