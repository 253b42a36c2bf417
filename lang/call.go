package lang

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/prefab-build/prefab/spec/diag"
	"github.com/prefab-build/prefab/spec/expr"
)

// structural are the functions that only rearrange, so that they work on lists and maps of outputs and metrics too.
var structural = []string{
	"concat", "distinct", "element", "flatten", "keys", "length", "lookup", "merge", "one", "reverse", "slice", "tolist", "toset", "values", "zipmap",
}

// hiding are the functions that would let something else stand in for a metric that could not be measured.
var hiding = []string{"try", "can", "coalesce", "coalescelist"}

func (l *loader) partialCall(e *hclsyntax.FunctionCallExpr, sc *scope) (partial, bool) {
	args, ok := make([]partial, len(e.Args)), true
	wait, metrics := false, false
	for i, a := range e.Args {
		var okArg bool
		args[i], okArg = l.partial(a, sc)
		ok = ok && okArg
		if okArg {
			wait = wait || args[i].node != nil
			metrics = metrics || readsMetrics(args[i])
		}
	}
	switch {
	case !ok:
		return partial{}, false
	case metrics && slices.Contains(hiding, e.Name):
		l.errorf(exprRange(e), "metric-null-test", "Metric may be hidden",
			"%s would let another value stand in for a metric that could not be measured. Use the metric itself: its gate is then not evaluated.", e.Name)
		return partial{}, false
	case !wait && slices.Contains(structural, e.Name):
		return l.callStructural(e, args)
	}
	f, known := exprFunction(e.Name)
	if !known {
		l.errorf(rangeOf(e.NameRange), "function-not-lowered", "Function not possible here",
			"%s cannot work on rows or metrics. The functions that can are %s.", e.Name, functionNames())
		return partial{}, false
	}
	return l.callLowered(e, f, args)
}

func functionNames() string {
	names := make([]string, len(exprFunctions))
	for i, f := range exprFunctions {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

// callStructural calls a function on values in which outputs and metrics stand.
func (l *loader) callStructural(e *hclsyntax.FunctionCallExpr, args []partial) (partial, bool) {
	vals := make([]cty.Value, 0, len(args))
	for i, a := range args {
		v := a.val
		if v.ContainsMarked() {
			l.sensitiveAmong(exprRange(e.Args[i]))
			return partial{}, false
		}
		if e.ExpandFinal && i == len(args)-1 && v.CanIterateElements() {
			vals = append(vals, v.AsValueSlice()...)
			continue
		}
		vals = append(vals, v)
	}
	out, err := l.base.Functions[e.Name].Call(vals)
	if err != nil {
		l.errorf(exprRange(e), "function-call", "Error in function call", "Call to function %q failed: %v.", e.Name, err)
		return partial{}, false
	}
	return static(out), true
}

// sensitiveAmong reports a sensitive value that would be mixed with outputs and metrics, which carry no marks.
func (l *loader) sensitiveAmong(at diag.Range) {
	l.errorf(at, "sensitive-value", "Sensitive value not possible here",
		"This value is sensitive, and what it stands among here is shown: names of blocks, outputs and metrics. Use a value that may be shown.")
}

func (l *loader) callLowered(e *hclsyntax.FunctionCallExpr, f expr.Function, args []partial) (partial, bool) {
	n := &expr.Node{Op: expr.Call, Name: e.Name}
	all := true
	for i, a := range args {
		if e.ExpandFinal && i == len(args)-1 {
			spread, ok := l.spread(a, e.Args[i])
			all = all && ok
			n.Args = append(n.Args, spread...)
			continue
		}
		arg, ok := l.nodeOf(a, exprRange(e.Args[i]))
		all = all && ok
		n.Args = append(n.Args, arg)
	}
	if all {
		if err := expr.Validate(&expr.Node{Op: expr.Call, Name: e.Name, Args: placeholders(n.Args)}); err != nil {
			l.errorf(exprRange(e), "function-argument", "Invalid function argument", "%s The function is %s: %s.",
				sentence(err), f.Signature(), strings.TrimSuffix(f.Doc, "."))
			return partial{}, false
		}
	}
	return lowered(n), all
}

// placeholders keeps literals, whose values a function may check, and replaces the rest, whose own mistakes are not
// this call's.
func placeholders(args []*expr.Node) []*expr.Node {
	out := make([]*expr.Node, len(args))
	for i, a := range args {
		out[i] = a
		if a.Op != expr.Literal {
			out[i] = &expr.Node{Op: expr.Row, Name: "x"}
		}
	}
	return out
}

// sentence is what an error of spec/expr says, without the expression, which the range shows.
func sentence(err error) string {
	reason := err.Error()
	var at *expr.Error
	if errors.As(err, &at) {
		reason = at.Reason
	}
	return fmt.Sprintf("%s.", strings.TrimSuffix(upperFirst(reason), "."))
}

// spread turns the last argument of f(list...) into arguments.
func (l *loader) spread(p partial, at hclsyntax.Expression) ([]*expr.Node, bool) {
	n, ok := l.nodeOf(p, exprRange(at))
	if !ok {
		return nil, false
	}
	if n.Op != expr.ListOf {
		l.errorf(exprRange(at), "function-argument", "Invalid expanding argument value",
			"The number of arguments must be known before data is read, and the length of this list is not.")
		return nil, false
	}
	return n.Args, true
}
