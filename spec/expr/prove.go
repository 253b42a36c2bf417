package expr

import (
	"maps"
	"math"
	"slices"
)

// A Verdict is what can be said of a condition before its metrics are measured.
type Verdict uint8

// The verdicts. Always and Never speak of conditions that are evaluated: one with an unavailable metric is not.
const (
	Unknown Verdict = iota
	Always          // true whatever the metrics turn out to be
	Never           // true for no values of the metrics: false, or an error such as a division by zero
)

// String returns "unknown", "always" or "never".
func (v Verdict) String() string { return [...]string{"unknown", "always", "never"}[v] }

// Bounds says within which bounds, both inclusive, a metric lies and whether it is a whole number. An infinite bound
// is no bound, and without ok nothing is known.
type Bounds func(addr string, path []string) (lo, hi float64, integer, ok bool)

// Prove decides, where the bounds of its metrics suffice, that a condition always or never holds, and says why in
// words: "evaluate.rm.accuracy lies in [0, 1], so evaluate.rm.accuracy >= 1.2 can never hold". It is sound, not
// complete: it follows intervals through arithmetic, comparisons, logic, conditionals and rounding functions, narrows
// them on the far side of && || and ?:, and knows that a part compared with or taken from itself is itself; other
// dependence between parts is lost. A node that Validate refuses is Unknown.
func Prove(n *Node, bounds Bounds) (verdict Verdict, reason string) {
	if Validate(n) != nil {
		return Unknown, ""
	}
	p := prover{bounds: bounds, constant: map[*Node]bool{}}
	s := p.span(n, nil)
	switch {
	case s.kind != booleans:
		return Unknown, ""
	case !s.canTrue:
		return Never, p.because(n, false)
	case !s.canFalse && !s.mayFail:
		return Always, p.because(n, true)
	}
	return Unknown, ""
}

type prover struct {
	bounds   Bounds
	constant map[*Node]bool
}

// A box holds the spans of metrics that a condition on the way has narrowed, by reference.
type box map[string]span

// span computes what n can be when the metrics lie in b.
func (p *prover) span(n *Node, b box) span {
	if p.isConstant(n) {
		return constantSpan(n)
	}
	switch n.Op {
	case Metric:
		return p.metric(n, b)
	case Unary:
		x := p.span(n.Args[0], b)
		if n.Name == "!" {
			return not(x)
		}
		x = x.number()
		x.lo, x.hi = -x.hi, -x.lo
		return x.settle()
	case Binary:
		return p.binary(n, b)
	case If:
		return p.choice(n, b)
	case Call:
		return p.call(n, b)
	}
	return unknown
}

func constantSpan(n *Node) span {
	program, err := Compile(n)
	if err != nil {
		return unknown
	}
	v, err := program.Eval(&Env{})
	if err != nil {
		return nowhere()
	}
	return spanOf(v)
}

// isConstant reports whether n reads nothing. A for is left alone: what it binds is not constant by itself.
func (p *prover) isConstant(n *Node) bool {
	is, ok := p.constant[n]
	if ok {
		return is
	}
	is = n.Op != Row && n.Op != Metric && n.Op != Loop && n.Op != For
	for _, a := range n.Keys {
		is = p.isConstant(a) && is
	}
	for _, a := range n.Args {
		is = p.isConstant(a) && is
	}
	p.constant[n] = is
	return is
}

func (p *prover) metric(n *Node, b box) span {
	ref := Ref{n.Name, n.Path}
	if s, ok := b[ref.String()]; ok {
		return s
	}
	s := span{kind: numbers, lo: -largest, hi: largest}
	if lo, hi, whole, ok := p.bounds(ref.Addr, ref.Path); ok && lo <= hi {
		s.lo, s.hi, s.whole = max(lo, -largest), min(hi, largest), whole
	}
	return s.tight()
}

func (p *prover) binary(n *Node, b box) span {
	left, right := n.Args[0], n.Args[1]
	switch n.Name {
	case "&&":
		return p.and(left, right, b, true)
	case "||": // a || b is !(!a && !b)
		return not(p.and(left, right, b, false))
	}
	x, y := p.span(left, b), p.span(right, b)
	if same(left, right) {
		return itself(n.Name, x)
	}
	switch n.Name {
	case "==":
		return equals(x, y)
	case "!=":
		return not(equals(x, y))
	case "<":
		return less(x, y, false)
	case "<=":
		return less(x, y, true)
	case ">":
		return less(y, x, false)
	case ">=":
		return less(y, x, true)
	default:
		return combine(n.Name[0], x.number(), y.number())
	}
}

// and is the span of left && right, or of !left && !right where want is false. The right side is seen only when the
// left one is as wanted.
func (p *prover) and(left, right *Node, b box, want bool) span {
	turn := func(s span) span {
		if want {
			return s.boolean()
		}
		return not(s)
	}
	x := turn(p.span(left, b))
	narrowed, possible := p.assume(left, want, b)
	if !x.canTrue || !possible {
		return span{kind: booleans, canFalse: x.canFalse, mayFail: x.mayFail}
	}
	y := turn(p.span(right, narrowed))
	return span{
		kind: booleans, canTrue: y.canTrue, canFalse: x.canFalse || y.canFalse, mayFail: x.mayFail || y.mayFail,
	}
}

func (p *prover) choice(n *Node, b box) span {
	cond := p.span(n.Args[0], b).boolean()
	s := span{kind: numbers, lo: 1, hi: -1} // nothing yet
	if narrowed, possible := p.assume(n.Args[0], true, b); possible && cond.canTrue {
		s = union(s, p.span(n.Args[1], narrowed))
	}
	if narrowed, possible := p.assume(n.Args[0], false, b); possible && cond.canFalse {
		s = union(s, p.span(n.Args[2], narrowed))
	}
	s.mayFail = s.mayFail || cond.mayFail
	return s
}

// call follows the functions on numbers that are monotonic.
func (p *prover) call(n *Node, b box) span {
	to := map[string]func(float64) float64{"floor": math.Floor, "ceil": math.Ceil, "round": math.Round}[n.Name]
	if to == nil && n.Name != "abs" && n.Name != "min" && n.Name != "max" {
		return unknown
	}
	args := make([]span, len(n.Args))
	for i, a := range n.Args {
		if args[i] = p.span(a, b).number(); args[i].empty() {
			return nowhere()
		}
	}
	s := args[0]
	switch n.Name {
	case "abs":
		if s.lo < 0 {
			low := max(0, -s.hi)
			s.lo, s.hi = low, max(-s.lo, s.hi)
		}
		return s.settle()
	case "min", "max":
		return extremes(n.Name == "min", args)
	}
	s.lo, s.hi, s.whole, s.isInt = to(s.lo), to(s.hi), true, true
	if s.lo < -1<<63 || s.hi >= 1<<63 {
		s.mayFail = true
	}
	return s
}

func extremes(least bool, args []span) span {
	s := args[0]
	for _, x := range args[1:] {
		if least {
			s.lo, s.hi = min(s.lo, x.lo), min(s.hi, x.hi)
		} else {
			s.lo, s.hi = max(s.lo, x.lo), max(s.hi, x.hi)
		}
		s.whole, s.isInt, s.mayFail = s.whole && x.whole, s.isInt || x.isInt, s.mayFail || x.mayFail
	}
	return s
}

// itself is the span of x op x.
func itself(op string, x span) span {
	switch op {
	case "==", "<=", ">=", "!=", "<", ">":
		s := either(x.mayFail)
		if op != "==" && op != "!=" {
			s = less(x, x, true) // for what can go wrong
		}
		holds := op == "==" || len(op) == 2 && op != "!="
		s.canTrue, s.canFalse = holds && !x.empty(), !holds && !x.empty()
		return s
	}
	if x = x.number(); x.empty() {
		return nowhere()
	}
	s := combine(op[0], x, x)
	switch op {
	case "-":
		s.lo, s.hi, s.whole, s.mayFail = 0, 0, true, x.mayFail
	case "*":
		s.lo = max(s.lo, 0)
	case "/":
		if !s.empty() {
			s.lo, s.hi, s.whole = 1, 1, true
		}
	}
	return s
}

// same reports whether two parts are the same text, so that they have the same value or fail alike.
func same(a, b *Node) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil || a.Op != b.Op || a.Name != b.Name || a.Value != b.Value || !slices.Equal(a.Path, b.Path) {
		return false
	}
	return slices.EqualFunc(a.Args, b.Args, same) && slices.EqualFunc(a.Keys, b.Keys, same)
}

// assume narrows the box to where n is as wanted, as far as that is easy to say. It reports false when there is no
// such place.
func (p *prover) assume(n *Node, want bool, b box) (narrowed box, possible bool) {
	if n.Op == Unary && n.Name == "!" {
		return p.assume(n.Args[0], !want, b)
	}
	if n.Op != Binary {
		return b, true
	}
	if n.Name == "&&" || n.Name == "||" {
		if (n.Name == "&&") != want {
			return b, true
		}
		if b, possible = p.assume(n.Args[0], want, b); !possible {
			return b, false
		}
		return p.assume(n.Args[1], want, b)
	}
	op := n.Name
	if !want {
		op = opposite[op]
	}
	if b, possible = p.bound(n.Args[0], op, n.Args[1], b); !possible {
		return b, false
	}
	return p.bound(n.Args[1], mirror[op], n.Args[0], b)
}

var (
	opposite = map[string]string{"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
	mirror   = map[string]string{"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
)

// bound narrows the span of the metric m by "m op other".
func (p *prover) bound(m *Node, op string, other *Node, b box) (narrowed box, possible bool) {
	if m.Op != Metric || op == "" || op == "!=" {
		return b, true
	}
	s, y := p.metric(m, b), p.span(other, b)
	if y.kind != numbers {
		return b, true
	}
	switch op {
	case "<":
		s.hi = min(s.hi, before(y.hi))
	case "<=":
		s.hi = min(s.hi, y.hi)
	case ">":
		s.lo = max(s.lo, after(y.lo))
	case ">=":
		s.lo = max(s.lo, y.lo)
	case "==":
		s.lo, s.hi = max(s.lo, y.lo), min(s.hi, y.hi)
	}
	if s = s.tight(); s.empty() {
		return b, false
	}
	b = maps.Clone(b)
	if b == nil {
		b = box{}
	}
	b[Ref{m.Name, m.Path}.String()] = s
	return b, true
}
