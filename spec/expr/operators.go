package expr

import (
	"math"
	"math/bits"
	"strings"
)

func compileUnary(n *Node, of evaluator) evaluator {
	if n.Name == "!" {
		return func(env *Env) (Value, error) {
			v, err := of(env)
			if err != nil {
				return Value{}, err
			}
			if v.kind != Bool {
				return Value{}, fail(n, "%s, not a boolean", is(n.Args[0], v))
			}
			return BoolOf(v.num == 0), nil
		}
	}
	return func(env *Env) (Value, error) {
		v, err := of(env)
		if err != nil {
			return Value{}, err
		}
		switch {
		case v.kind == Float:
			return FloatOf(-v.Float()), nil
		case v.kind == Int && v.Int() == math.MinInt64:
			return Value{}, fail(n, "the result is beyond 64 bits")
		case v.kind == Int:
			return IntOf(-v.Int()), nil
		}
		return Value{}, fail(n, "%s, not a number", is(n.Args[0], v))
	}
}

func compileBinary(n *Node, a, b evaluator) evaluator {
	switch n.Name {
	case "&&", "||":
		return compileLogic(n, a, b)
	case "==", "!=":
		return compileEqual(n, a, b)
	case "<", "<=", ">", ">=":
		return compileOrder(n, a, b)
	default:
		return compileArithmetic(n, a, b)
	}
}

// compileLogic makes && and ||, which look at their right side only when the left one leaves it open.
func compileLogic(n *Node, a, b evaluator) evaluator {
	decides := n.Name == "||"
	return func(env *Env) (Value, error) {
		v, err := a(env)
		if err != nil {
			return Value{}, err
		}
		if v.kind != Bool {
			return Value{}, fail(n, "%s, not a boolean", is(n.Args[0], v))
		}
		if v.Bool() == decides {
			return v, nil
		}
		if v, err = b(env); err != nil {
			return Value{}, err
		}
		if v.kind != Bool {
			return Value{}, fail(n, "%s, not a boolean", is(n.Args[1], v))
		}
		return v, nil
	}
}

func compileIf(n *Node, cond, then, otherwise evaluator) evaluator {
	return func(env *Env) (Value, error) {
		v, err := cond(env)
		if err != nil {
			return Value{}, err
		}
		if v.kind != Bool {
			return Value{}, fail(n, "%s, not a boolean", is(n.Args[0], v))
		}
		if v.Bool() {
			return then(env)
		}
		return otherwise(env)
	}
}

func compileEqual(n *Node, a, b evaluator) evaluator {
	want := n.Name == "=="
	return func(env *Env) (Value, error) {
		x, err := a(env)
		if err != nil {
			return Value{}, err
		}
		y, err := b(env)
		if err != nil {
			return Value{}, err
		}
		if x.kind >= List && y.kind >= List && !env.weigh(x) {
			return Value{}, fail(n, tooMuch)
		}
		return BoolOf(Equal(x, y) == want), nil
	}
}

// compileOrder makes < <= > >=, which compare two numbers or two strings.
func compileOrder(n *Node, a, b evaluator) evaluator {
	less, equal := n.Name[0] == '<', len(n.Name) == 2
	return func(env *Env) (Value, error) {
		x, err := a(env)
		if err != nil {
			return Value{}, err
		}
		y, err := b(env)
		if err != nil {
			return Value{}, err
		}
		var c int
		switch {
		case x.IsNumber() && y.IsNumber():
			c = compareNumbers(x, y)
		case x.kind == String && y.kind == String:
			c = strings.Compare(x.Str(), y.Str())
		default:
			return Value{}, badOrder(n, x, y)
		}
		return BoolOf(c == 0 && equal || c != 0 && (c < 0) == less), nil
	}
}

// badOrder names the operand at fault where one alone is.
func badOrder(n *Node, x, y Value) error {
	comparable := func(v Value) bool { return v.IsNumber() || v.kind == String }
	switch {
	case !comparable(x):
		return fail(n, "%s, which has no order", is(n.Args[0], x))
	case !comparable(y):
		return fail(n, "%s, which has no order", is(n.Args[1], y))
	default:
		return fail(n, "%s and %s: only two numbers or two strings compare", is(n.Args[0], x), is(n.Args[1], y))
	}
}

func compileArithmetic(n *Node, a, b evaluator) evaluator {
	op := n.Name[0]
	return func(env *Env) (Value, error) {
		x, err := a(env)
		if err != nil {
			return Value{}, err
		}
		y, err := b(env)
		if err != nil {
			return Value{}, err
		}
		if !x.IsNumber() {
			return Value{}, fail(n, "%s, not a number", is(n.Args[0], x))
		}
		if !y.IsNumber() {
			return Value{}, fail(n, "%s, not a number", is(n.Args[1], y))
		}
		v, reason := arithmetic(op, x, y)
		if reason != "" {
			return Value{}, fail(n, "%s", reason)
		}
		return v, nil
	}
}

const (
	overflow   = "the result is beyond 64 bits"
	outOfRange = "the result is out of range"
	divideZero = "division by zero"
)

// arithmetic computes one of + - * / % on two numbers. Two integers give an integer, except that / always gives a
// float; the reason is empty when there is a result.
func arithmetic(op byte, x, y Value) (v Value, reason string) {
	if x.kind == Int && y.kind == Int && op != '/' {
		return integers(op, x.Int(), y.Int())
	}
	f, g := x.Float(), y.Float()
	if (op == '/' || op == '%') && g == 0 {
		return Value{}, divideZero
	}
	return finite(floats(op, f, g))
}

func floats(op byte, f, g float64) float64 {
	switch op {
	case '+':
		return f + g
	case '-':
		return f - g
	case '*':
		return f * g
	case '/':
		return f / g
	case '%':
		return math.Mod(f, g) // with the sign of the dividend
	default:
		panic("expr: no such operator: " + string(op))
	}
}

func finite(f float64) (v Value, reason string) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return Value{}, outOfRange
	}
	return FloatOf(f), ""
}

func integers(op byte, i, j int64) (v Value, reason string) {
	switch op {
	case '+':
		if sum := i + j; (sum > i) == (j > 0) {
			return IntOf(sum), ""
		}
	case '-':
		if diff := i - j; (diff < i) == (j > 0) {
			return IntOf(diff), ""
		}
	case '*':
		if product, ok := multiply(i, j); ok {
			return IntOf(product), ""
		}
	case '%':
		if j == 0 {
			return Value{}, divideZero
		}
		return IntOf(i % j), ""
	default:
		panic("expr: no such operator: " + string(op))
	}
	return Value{}, overflow
}

func multiply(i, j int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(i), magnitude(j))
	negative := (i < 0) != (j < 0)
	switch {
	case hi != 0 || lo > 1<<63:
		return 0, false
	case lo == 1<<63:
		return math.MinInt64, negative
	case negative:
		return -int64(lo), true
	default:
		return int64(lo), true
	}
}

// magnitude returns |i|, which for the smallest integer fits only without a sign.
func magnitude(i int64) uint64 {
	if i < 0 {
		return -uint64(i)
	}
	return uint64(i)
}
