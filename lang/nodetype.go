package lang

import (
	"slices"
	"strings"

	"github.com/prefab-build/prefab/spec/diag"
	"github.com/prefab-build/prefab/spec/expr"
)

// A nodeType is what can be said of a node's value without data.
type nodeType string

const (
	anyType    nodeType = "value"
	numberType nodeType = "number"
	boolType   nodeType = "bool"
	stringType nodeType = "string"
	listType   nodeType = "list"
	objectType nodeType = "object"
	nullType   nodeType = "null"
)

// typeOf returns what is sure of the type of a node's value.
func typeOf(n *expr.Node) nodeType {
	switch n.Op {
	case expr.Literal:
		switch n.Value.(type) {
		case nil:
			return nullType
		case bool:
			return boolType
		case string:
			return stringType
		}
		return numberType
	case expr.Metric:
		return numberType
	case expr.Unary:
		if n.Name == "!" {
			return boolType
		}
		return numberType
	case expr.Binary:
		if strings.Contains("+-*/%", n.Name) {
			return numberType
		}
		return boolType
	case expr.Template:
		return stringType
	case expr.ListOf:
		return listType
	case expr.Object:
		return objectType
	case expr.For:
		if len(n.Keys) > 0 {
			return objectType
		}
		return listType
	case expr.If:
		if a, b := typeOf(n.Args[1]), typeOf(n.Args[2]); a == b {
			return a
		}
	case expr.Call:
		return resultType(n.Name)
	}
	return anyType
}

// resultType returns what a function of spec/expr gives.
func resultType(name string) nodeType {
	f, ok := exprFunction(name)
	if !ok {
		return anyType
	}
	switch f.Result {
	case expr.NumberType, expr.Whole:
		return numberType
	case expr.BoolType:
		return boolType
	case expr.StringType:
		return stringType
	case expr.ListType:
		return listType
	case expr.ObjectType:
		return objectType
	}
	return anyType
}

// exprFunctions is the closed list of spec/expr, sorted by name.
var exprFunctions = expr.Functions()

func exprFunction(name string) (expr.Function, bool) {
	i, ok := slices.BinarySearchFunc(exprFunctions, name, func(f expr.Function, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return expr.Function{}, false
	}
	return exprFunctions[i], true
}

// isLowered reports whether spec/expr has a function of that name.
func isLowered(name string) bool {
	_, ok := exprFunction(name)
	return ok
}

// want reports an operand of a type that an operator cannot take.
func (l *loader) want(n *expr.Node, t nodeType, at diag.Range, op string) bool {
	if got := typeOf(n); got != t && got != anyType && (got != nullType || t == boolType) {
		l.errorf(at, "operand-type", "Invalid operand", "The operator %s works on a %s, and this is a %s.", op, t, got)
		return false
	}
	return true
}
