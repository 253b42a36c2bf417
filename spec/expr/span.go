package expr

import "math"

// A span is what is known of a value before anything is measured: which numbers or booleans it can be, and whether its
// evaluation can fail. Spans hold for float64 arithmetic as it is, without a margin: rounding keeps order, so the
// rounded results at the corners of a box bound the rounded results within it.
type span struct {
	kind spanKind
	// lo and hi bound a number, both finite; lo > hi is a number that never comes to be.
	lo, hi float64
	whole  bool // the number has no fraction
	isInt  bool // the number may be an int64 at run time, whose overflow is an error
	// what a boolean can be; neither is one that never comes to be.
	canTrue, canFalse bool
	mayFail           bool
}

type spanKind uint8

const (
	anything spanKind = iota
	numbers
	booleans
)

const (
	largest  = math.MaxFloat64
	exactInt = 1 << 53 // up to here every integer is a float64
)

var unknown = span{kind: anything, mayFail: true}

// either is a boolean of which nothing is known.
func either(mayFail bool) span {
	return span{kind: booleans, canTrue: true, canFalse: true, mayFail: mayFail}
}

// spanOf is the span of a value that is known.
func spanOf(v Value) span {
	switch v.kind {
	case Bool:
		return span{kind: booleans, canTrue: v.Bool(), canFalse: !v.Bool()}
	case Float:
		return span{kind: numbers, lo: v.Float(), hi: v.Float(), whole: v.Float() == math.Trunc(v.Float())}
	case Int:
		s := span{kind: numbers, lo: v.Float(), hi: v.Float(), whole: true, isInt: true}
		if math.Abs(s.lo) >= exactInt {
			s.lo, s.hi = before(s.lo), after(s.hi)
		}
		return s
	default:
		return span{kind: anything}
	}
}

func before(f float64) float64 { return math.Nextafter(f, math.Inf(-1)) }
func after(f float64) float64  { return math.Nextafter(f, math.Inf(1)) }

// empty reports whether the value never comes to be.
func (s span) empty() bool {
	return s.kind == numbers && s.lo > s.hi || s.kind == booleans && !s.canTrue && !s.canFalse
}

func (s span) has(f float64) bool { return s.lo <= f && f <= s.hi }
func (s span) isPoint() bool      { return s.kind == numbers && s.lo == s.hi }

// tight returns the span with the ends of a whole number moved to whole numbers.
func (s span) tight() span {
	if s.whole {
		s.lo, s.hi = math.Ceil(s.lo), math.Floor(s.hi)
	}
	return s
}

// nowhere is a number that never comes to be.
func nowhere() span { return span{kind: numbers, lo: 1, hi: -1, mayFail: true} }

// settle ends an operation on numbers: a result beyond float64 is an error, and so may be one beyond what int64 and
// float64 hold alike, where the span knows too little to go on.
func (s span) settle() span {
	if s.isInt && max(math.Abs(s.lo), math.Abs(s.hi)) > exactInt {
		s.lo, s.hi, s.mayFail = -largest, largest, true
	}
	if s.lo < -largest || s.hi > largest {
		s.mayFail = true
	}
	if s.lo > largest || s.hi < -largest {
		return nowhere()
	}
	s.lo, s.hi = max(s.lo, -largest), min(s.hi, largest)
	return s
}

// corners bounds op over the box of x and y, in each of which op is monotonic for every value of the other.
func corners(op byte, x, y span) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, f := range []float64{x.lo, x.hi} {
		for _, g := range []float64{y.lo, y.hi} {
			r := floats(op, f, g)
			lo, hi = min(lo, r), max(hi, r)
		}
	}
	return lo, hi
}

// combine is the span of an arithmetic operation on two numbers.
func combine(op byte, x, y span) span {
	if x.empty() || y.empty() {
		return nowhere()
	}
	s := span{kind: numbers, mayFail: x.mayFail || y.mayFail, whole: x.whole && y.whole, isInt: x.isInt && y.isInt}
	switch op {
	case '/':
		return quotient(s, x, y)
	case '%':
		return remainder(s, x, y)
	}
	s.lo, s.hi = corners(op, x, y)
	return s.settle()
}

func quotient(s, x, y span) span {
	s.whole, s.isInt = false, false
	if y.has(0) {
		s.mayFail = true
		// A divisor that touches zero from one side comes as near to it as its type allows.
		least := math.SmallestNonzeroFloat64
		if y.whole {
			least = 1
		}
		switch {
		case y.lo < 0 && y.hi > 0:
			s.lo, s.hi = -largest, largest
			return s
		case y.hi > 0:
			y.lo = least
		case y.lo < 0:
			y.hi = -least
		default:
			return nowhere()
		}
	}
	s.lo, s.hi = corners('/', x, y)
	return s.settle()
}

// remainder has the sign of the dividend and is smaller than the divisor.
func remainder(s, x, y span) span {
	if y.has(0) {
		s.mayFail = true
		if y.isPoint() {
			return nowhere()
		}
	}
	most := min(max(math.Abs(x.lo), math.Abs(x.hi)), max(math.Abs(y.lo), math.Abs(y.hi)))
	if x.lo < 0 {
		s.lo = -most
	}
	if x.hi > 0 {
		s.hi = most
	}
	return s
}

// equals is the span of x == y.
func equals(x, y span) span {
	s := either(x.mayFail || y.mayFail)
	switch {
	case x.kind == anything || y.kind == anything:
		return s
	case x.empty() || y.empty():
		s.canTrue, s.canFalse = false, false
	case x.kind != y.kind:
		s.canTrue = false
	case x.kind == booleans:
		s.canTrue = x.canTrue && y.canTrue || x.canFalse && y.canFalse
		s.canFalse = x.canTrue && y.canFalse || x.canFalse && y.canTrue
	default:
		both := span{kind: numbers, lo: max(x.lo, y.lo), hi: min(x.hi, y.hi), whole: x.whole || y.whole}.tight()
		s.canTrue = !both.empty()
		s.canFalse = !(x.isPoint() && y.isPoint() && x.lo == y.lo)
	}
	return s
}

// less is the span of x < y or, with orEqual, of x <= y.
func less(x, y span, orEqual bool) span {
	s := either(x.mayFail || y.mayFail)
	switch {
	case x.kind == anything || y.kind == anything:
		s.mayFail = true
	case x.empty() || y.empty() || x.kind == booleans || y.kind == booleans:
		return span{kind: booleans, mayFail: true}
	case orEqual:
		s.canTrue, s.canFalse = x.lo <= y.hi, x.hi > y.lo
	default:
		s.canTrue, s.canFalse = x.lo < y.hi, x.hi >= y.lo
	}
	return s
}

// not is the span of !x.
func not(x span) span {
	x = x.boolean()
	x.canTrue, x.canFalse = x.canFalse, x.canTrue
	return x
}

// boolean returns what is known of x where only a boolean will do.
func (s span) boolean() span {
	switch s.kind {
	case booleans:
		return s
	case numbers:
		return span{kind: booleans, mayFail: true}
	default:
		return either(true)
	}
}

// number returns what is known of x where only a number will do.
func (s span) number() span {
	switch s.kind {
	case numbers:
		return s
	case booleans:
		return nowhere()
	default:
		return span{kind: numbers, lo: -largest, hi: largest, isInt: true, mayFail: true}
	}
}

// union is the span of a value that is x or y.
func union(x, y span) span {
	switch {
	case x.empty():
		y.mayFail = y.mayFail || x.mayFail
		return y
	case y.empty():
		x.mayFail = x.mayFail || y.mayFail
		return x
	case x.kind != y.kind || x.kind == anything:
		return span{kind: anything, mayFail: x.mayFail || y.mayFail}
	}
	return span{
		kind: x.kind, mayFail: x.mayFail || y.mayFail,
		lo: min(x.lo, y.lo), hi: max(x.hi, y.hi), whole: x.whole && y.whole, isInt: x.isInt || y.isInt,
		canTrue: x.canTrue || y.canTrue, canFalse: x.canFalse || y.canFalse,
	}
}
