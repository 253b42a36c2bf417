package expr

import (
	"cmp"
	"math"
	"strings"
)

// Equal reports whether a and b are the same value. An integer equals the float of the same number; values of
// different kinds are otherwise different.
func Equal(a, b Value) bool {
	if a.kind == String && b.kind == String {
		return a.Str() == b.Str()
	}
	return Compare(a, b) == 0
}

// Compare orders all values: by kind, and within a kind as people expect; strings by their bytes, lists by their
// first different element, objects by their first different name and then value. It is -1, 0 or 1.
func Compare(a, b Value) int {
	if a.IsNumber() && b.IsNumber() {
		return compareNumbers(a, b)
	}
	if a.kind != b.kind {
		return cmp.Compare(a.kind, b.kind)
	}
	switch a.kind {
	case Bool:
		return cmp.Compare(a.num, b.num)
	case String:
		return strings.Compare(a.Str(), b.Str())
	case List:
		return compareLists(a.Elems(), b.Elems())
	case Map:
		return compareObjects(a.Fields(), b.Fields())
	default:
		return 0
	}
}

func compareLists(a, b []Value) int {
	for i := range min(len(a), len(b)) {
		if c := Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func compareObjects(a, b []Field) int {
	for i := range min(len(a), len(b)) {
		if c := strings.Compare(a[i].Name, b[i].Name); c != 0 {
			return c
		}
		if c := Compare(a[i].Value, b[i].Value); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// compareNumbers compares exactly: an integer is not rounded to a float on the way.
func compareNumbers(a, b Value) int {
	switch {
	case a.kind == Int && b.kind == Int:
		return cmp.Compare(a.Int(), b.Int())
	case a.kind == Float && b.kind == Float:
		return cmp.Compare(a.Float(), b.Float())
	case a.kind == Int:
		return compareIntFloat(a.Int(), b.Float())
	default:
		return -compareIntFloat(b.Int(), a.Float())
	}
}

func compareIntFloat(i int64, f float64) int {
	const two63 = 1 << 63
	if f >= two63 {
		return -1
	}
	if f < -two63 {
		return 1
	}
	whole := math.Trunc(f)
	if c := cmp.Compare(i, int64(whole)); c != 0 {
		return c
	}
	return cmp.Compare(0, f-whole)
}
