package lang

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// checkBounds checks each number and string of a value against the schema.
func (d *decoder) checkBounds(a *attr, v any) bool {
	switch v := v.(type) {
	case []any:
		ok := true
		for i, e := range v {
			ok = d.element(a, e, fmt.Sprintf("%s[%d]", a.name, i), i, "") && ok
		}
		return ok
	case map[string]any:
		ok := true
		for _, k := range slices.Sorted(maps.Keys(v)) {
			ok = d.key(a, k) && ok
			ok = d.element(a, v[k], a.name+"."+k, -1, k) && ok
		}
		return ok
	}
	return d.element(a, v, a.name, -1, "")
}

// key checks a key of a map.
func (d *decoder) key(a *attr, k string) bool {
	if a.spec.Keys == nil || slices.Contains(a.spec.Keys, k) {
		return true
	}
	at := exprRange(a.expr.hcl)
	if e, ok := a.expr.hcl.(*hclsyntax.ObjectConsExpr); ok {
		for _, item := range e.Items {
			if name, ok := item.KeyExpr.(*hclsyntax.ObjectConsKeyExpr); ok && keyName(name) == k {
				at = exprRange(name)
			}
		}
	}
	d.l.errorf(at, "unknown-value", "Unknown key", "%s has no key %q.%s", a.name, k, choices(k, a.spec.Keys, "The keys are"))
	return false
}

// element checks one number or string, at the exact element where the source has one.
func (d *decoder) element(a *attr, v any, name string, index int, key string) bool {
	at := elementRange(a.expr.hcl, index, key)
	switch v := v.(type) {
	case nil:
		d.l.errorf(at, "wrong-type", "Wrong type", "%s is null. Leave it out, or give it a value.", name)
		return false
	case map[string]any: // of a list of maps
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if v[k] == nil {
				d.l.errorf(at, "wrong-type", "Wrong type", "%s.%s is null. Leave it out, or give it a value.", name, k)
				return false
			}
		}
	case string:
		if a.spec.Values != nil && !slices.Contains(a.spec.Values, v) {
			d.l.errorf(at, "unknown-value", "Unknown value", "%s may not be %q.%s", name, v, choices(v, a.spec.Values, "It is one of"))
			return false
		}
	case json.Number:
		return d.number(a, v, name, at)
	}
	return true
}

func (d *decoder) number(a *attr, v json.Number, name string, at diag.Range) bool {
	whole := a.spec.Type == spec.TypeInt || a.spec.Type == spec.TypeIntList
	if _, err := strconv.ParseInt(string(v), 10, 64); err != nil && whole {
		d.l.errorf(at, "wrong-type", "Wrong type", "%s is a whole number of at most 64 bits, and this is %s.", name, v)
		return false
	}
	x, _, err := big.ParseFloat(string(v), 10, 512, big.ToNearestEven)
	if err != nil {
		panic("lang: " + string(v) + " is no number")
	}
	unit := a.spec.Unit
	if unit != "" {
		unit = " " + unit
	}
	switch {
	case a.spec.Min != nil && x.Cmp(big.NewFloat(*a.spec.Min)) < 0:
		d.l.errorf(at, "out-of-bounds", "Value out of bounds", "%s is %s, and the least that it may be is %v%s.", name, v, *a.spec.Min, unit)
		return false
	case a.spec.Max != nil && x.Cmp(big.NewFloat(*a.spec.Max)) > 0:
		d.l.errorf(at, "out-of-bounds", "Value out of bounds", "%s is %s, and the most that it may be is %v%s.", name, v, *a.spec.Max, unit)
		return false
	}
	return true
}

// elementRange is the range of an element of a list or object constructor, or of the whole expression.
func elementRange(e hclsyntax.Expression, index int, key string) diag.Range {
	switch e := e.(type) {
	case *hclsyntax.TupleConsExpr:
		if index >= 0 && index < len(e.Exprs) {
			return exprRange(e.Exprs[index])
		}
	case *hclsyntax.ObjectConsExpr:
		for _, item := range e.Items {
			if k, ok := item.KeyExpr.(*hclsyntax.ObjectConsKeyExpr); ok && index < 0 && keyName(k) == key {
				return exprRange(item.ValueExpr)
			}
		}
	}
	return exprRange(e)
}

// keyName returns the key of an object's item when it is written out.
func keyName(k *hclsyntax.ObjectConsKeyExpr) string {
	if t, ok := k.Wrapped.(*hclsyntax.ScopeTraversalExpr); ok && len(t.Traversal) == 1 {
		return t.Traversal.RootName()
	}
	s, _ := literalText(k.Wrapped)
	return s
}
