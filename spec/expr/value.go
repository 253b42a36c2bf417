package expr

import (
	"math"
	"slices"
	"strings"
	"unsafe"
)

// A Kind is the type of a value.
type Kind uint8

// The kinds, in the order in which Compare puts values of different kinds; Int and Float are both numbers and compare
// by their number.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	List
	Map // an object; Object is the op that makes one
)

var kindNames = [...]string{"null", "a boolean", "an integer", "a number", "a string", "a list", "an object"}

// String returns the kind as it stands in a sentence: "a string".
func (k Kind) String() string { return kindNames[k] }

// A Value is null, a boolean, an int64, a finite float64, a string, a list or an object. It is three words, copied
// freely and never changed. The zero Value is null. Compare two with Equal or Compare; == does not compile.
type Value struct {
	_    [0]func()
	kind Kind
	// num holds a boolean, an int64, the bits of a float64, or the length of what ptr points to.
	num uint64
	// ptr points to the bytes of a string, the elements of a list or the fields of an object.
	ptr unsafe.Pointer
}

// A Field is one name and value of an object.
type Field struct {
	Name  string
	Value Value
}

// BoolOf returns a boolean.
func BoolOf(b bool) Value {
	if b {
		return Value{kind: Bool, num: 1}
	}
	return Value{kind: Bool}
}

// IntOf returns an integer.
func IntOf(i int64) Value { return Value{kind: Int, num: uint64(i)} }

// FloatOf returns a number. It panics when f is infinite or not a number: what computes floats checks them first.
func FloatOf(f float64) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		panic("expr: a value must be a finite number")
	}
	return Value{kind: Float, num: math.Float64bits(f)}
}

// StringOf returns a string.
func StringOf(s string) Value {
	return Value{kind: String, num: uint64(len(s)), ptr: unsafe.Pointer(unsafe.StringData(s))}
}

// ValuesOf returns a list. It keeps the slice: whoever changes an element later changes the value.
func ValuesOf(elems []Value) Value {
	return Value{kind: List, num: uint64(len(elems)), ptr: unsafe.Pointer(unsafe.SliceData(elems))}
}

// ObjectOf returns an object. It keeps the slice and sorts it by name; of equal names the last one counts. A caller
// that fills the same sorted slice anew for each row makes rows without allocation, as long as no row outlives the
// next.
func ObjectOf(fields []Field) Value {
	if !sortedFields(fields) {
		fields = sortFields(fields)
	}
	return Value{kind: Map, num: uint64(len(fields)), ptr: unsafe.Pointer(unsafe.SliceData(fields))}
}

// sortedFields reports whether the names rise strictly.
func sortedFields(fields []Field) bool {
	for i := 1; i < len(fields); i++ {
		if fields[i-1].Name >= fields[i].Name {
			return false
		}
	}
	return true
}

func sortFields(fields []Field) []Field {
	slices.SortStableFunc(fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	kept := fields[:0]
	for i, f := range fields {
		if i+1 < len(fields) && fields[i+1].Name == f.Name {
			continue
		}
		kept = append(kept, f)
	}
	return kept
}

// Kind returns the kind of v.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.kind == Null }

// IsNumber reports whether v is an integer or a float.
func (v Value) IsNumber() bool { return v.kind == Int || v.kind == Float }

// Bool returns the boolean, and false for every other kind.
func (v Value) Bool() bool { return v.kind == Bool && v.num != 0 }

// Int returns the integer, and 0 for every other kind.
func (v Value) Int() int64 {
	if v.kind != Int {
		return 0
	}
	return int64(v.num)
}

// Float returns the number as a float64, rounding an integer beyond 2^53, and 0 for every other kind.
func (v Value) Float() float64 {
	switch v.kind {
	case Int:
		return float64(int64(v.num))
	case Float:
		return math.Float64frombits(v.num)
	default:
		return 0
	}
}

// Str returns the string, and "" for every other kind.
func (v Value) Str() string {
	if v.kind != String {
		return ""
	}
	return unsafe.String((*byte)(v.ptr), int(v.num))
}

// Elems returns the elements of a list, and nil for every other kind. They must not be changed.
func (v Value) Elems() []Value {
	if v.kind != List || v.num == 0 {
		return nil
	}
	return unsafe.Slice((*Value)(v.ptr), int(v.num))
}

// Fields returns the fields of an object, sorted by name, and nil for every other kind. They must not be changed.
func (v Value) Fields() []Field {
	if v.kind != Map || v.num == 0 {
		return nil
	}
	return unsafe.Slice((*Field)(v.ptr), int(v.num))
}

// Len returns the number of elements of a list or fields of an object, and 0 for every other kind.
func (v Value) Len() int {
	if v.kind != List && v.kind != Map {
		return 0
	}
	return int(v.num)
}

// Get returns the field of an object by its name; null where there is none, or where v is no object.
func (v Value) Get(name string) Value {
	f, _ := v.Lookup(name)
	return f
}

// Lookup returns the field of an object by its name and whether the object has it.
func (v Value) Lookup(name string) (Value, bool) {
	fields := v.Fields()
	lo, hi := 0, len(fields)
	// Down to a handful, halving beats comparing all; below that the comparison of lengths beats halving.
	for hi-lo > 8 {
		mid := int(uint(lo+hi) >> 1)
		if fields[mid].Name <= name {
			lo = mid
		} else {
			hi = mid
		}
	}
	for i := lo; i < hi; i++ {
		if fields[i].Name == name {
			return fields[i].Value, true
		}
	}
	return Value{}, false
}
