package lang

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"

	"github.com/zclconf/go-cty/cty"

	"github.com/prefab-build/prefab/spec"
)

// While a pipeline is evaluated, outputs, metrics and addresses are values like any other, so that conditional
// expressions, locals and loops can handle them. HCL cannot look into them, which is what we want.
type (
	refValue struct {
		spec.Ref
		artifact spec.Artifact
		from     *instance
	}
	metricValue struct {
		addr spec.Addr
		path []string
		def  *spec.MetricDef
		from *instance
	}
	addrValue struct {
		addr spec.Addr
		from *instance
	}
)

var (
	refType    = cty.Capsule("output", reflect.TypeFor[refValue]())
	metricType = cty.Capsule("metric", reflect.TypeFor[metricValue]())
	addrType   = cty.Capsule("address", reflect.TypeFor[addrValue]())
)

// addrKey is the attribute of a block's value that holds its address. No identifier looks like it.
const addrKey = "@addr"

// sensitive marks values that must not be shown.
const sensitive = valueMark("sensitive")

type valueMark string

// addressOf returns the address of the block that v stands for as a whole.
func addressOf(v cty.Value) (*addrValue, bool) {
	if v.IsMarked() || v.IsNull() || !v.IsKnown() || !v.Type().IsObjectType() || !v.Type().HasAttribute(addrKey) {
		return nil, false
	}
	return v.GetAttr(addrKey).EncapsulatedValue().(*addrValue), true
}

// capsuleOf returns the T in v, when v is one.
func capsuleOf[T any](v cty.Value) (*T, bool) {
	if v.IsMarked() || !v.Type().IsCapsuleType() || v.IsNull() || !v.IsKnown() {
		return nil, false
	}
	t, ok := v.EncapsulatedValue().(*T)
	return t, ok
}

// hasCapsule reports whether an output, metric or address stands anywhere in values of v's type.
func hasCapsule(v cty.Value) bool { return typeHasCapsule(v.Type()) }

func typeHasCapsule(t cty.Type) bool {
	switch {
	case t.IsCapsuleType():
		return true
	case t.IsCollectionType():
		return typeHasCapsule(t.ElementType())
	case t.IsTupleType():
		for _, e := range t.TupleElementTypes() {
			if typeHasCapsule(e) {
				return true
			}
		}
	case t.IsObjectType():
		for _, e := range t.AttributeTypes() {
			if typeHasCapsule(e) {
				return true
			}
		}
	}
	return false
}

var errNumberRange = errors.New("the number is too large for a 64-bit floating-point number")

// number writes a number in its shortest form: 0.150 and 15e-2 are 0.15.
func number(f *big.Float) (json.Number, error) {
	if i, acc := f.Int64(); acc == big.Exact {
		return json.Number(strconv.FormatInt(i, 10)), nil
	}
	x, _ := f.Float64()
	if math.IsInf(x, 0) {
		return "", errNumberRange
	}
	b, err := json.Marshal(x)
	return json.Number(b), err
}

// plain turns a value without capsules and marks into what encoding/json writes.
func plain(v cty.Value) (any, error) {
	t := v.Type()
	switch {
	case v.IsNull():
		return nil, nil
	case !v.IsKnown():
		return nil, errors.New("the value is not known")
	case t == cty.String:
		return v.AsString(), nil
	case t == cty.Bool:
		return v.True(), nil
	case t == cty.Number:
		return number(v.AsBigFloat())
	case t.IsCapsuleType():
		return nil, fmt.Errorf("%s is no plain value", describe(v))
	case t.IsObjectType() || t.IsMapType():
		out := make(map[string]any, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			p, err := plain(e)
			if err != nil {
				return nil, err
			}
			out[k.AsString()] = p
		}
		return out, nil
	default:
		out := make([]any, 0, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			p, err := plain(e)
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
		return out, nil
	}
}

// plainJSON returns a value without capsules and marks as canonical JSON.
func plainJSON(v cty.Value) ([]byte, error) {
	p, err := plain(v)
	if err != nil {
		return nil, err
	}
	return spec.Canonical(p), nil
}

// describe says what a value is, for messages about its type.
func describe(v cty.Value) string {
	if r, ok := capsuleOf[refValue](v); ok {
		return fmt.Sprintf("%s (%s)", r.Ref, r.artifact)
	}
	if m, ok := capsuleOf[metricValue](v); ok {
		return "the metric " + m.String()
	}
	if a, ok := addressOf(v); ok {
		return "the block " + a.addr.String()
	}
	switch t := v.Type(); {
	case v.IsNull():
		return "null"
	case t == cty.String:
		return "a string"
	case t == cty.Number:
		return "a number"
	case t == cty.Bool:
		return "a bool"
	case t.IsTupleType() || t.IsListType():
		return "a list"
	case t.IsSetType():
		return "a set"
	case t.IsObjectType() || t.IsMapType():
		return "a map"
	default:
		return t.FriendlyName()
	}
}

// String returns the metric as a person writes it.
func (m *metricValue) String() string {
	s := m.addr.String()
	for _, p := range m.path {
		s += "." + p
	}
	return s
}
