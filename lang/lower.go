package lang

import (
	"math"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/prefab-build/prefab/spec/diag"
	"github.com/prefab-build/prefab/spec/expr"
)

// nodeOf turns what a part of an expression came to into a node. Outputs and blocks have none: they are rows and
// models, not values.
func (l *loader) nodeOf(p partial, at diag.Range) (*expr.Node, bool) {
	if p.node != nil {
		return p.node, true
	}
	return l.valueNode(p.val, at)
}

func (l *loader) valueNode(v cty.Value, at diag.Range) (*expr.Node, bool) {
	if v.IsMarked() {
		l.errorf(at, "sensitive-value", "Sensitive value not possible here",
			"This value rests on a sensitive variable, and the expression is written into plans and reports. Use a value that may be shown.")
		return nil, false
	}
	if m, ok := capsuleOf[metricValue](v); ok {
		if !l.isEnabled(m.from, at) {
			return nil, false
		}
		return &expr.Node{Op: expr.Metric, Name: m.addr.String(), Path: m.path}, true
	}
	if r, ok := capsuleOf[refValue](v); ok {
		l.errorf(at, "output-as-value", "Output used as a value",
			"%s holds %s, which stages read. It is no value to calculate with: pass it to an input, or use a metric of its block.", r.Ref, r.artifact)
		return nil, false
	}
	if a, ok := addressOf(v); ok {
		l.errorf(at, "output-as-value", "Block used as a value", "%s is a block. Name one of its metrics.", a.addr)
		return nil, false
	}
	switch t := v.Type(); {
	case v.IsNull():
		return literal(nil), true
	case !v.IsKnown():
		return nil, false
	case t == cty.String:
		return literal(v.AsString()), true
	case t == cty.Bool:
		return literal(v.True()), true
	case t == cty.Number && v.AsBigFloat().IsInf():
		l.errorf(at, "operation-failed", "Operation failed", "This is infinite: something is divided by zero.")
		return nil, false
	case t == cty.Number:
		if i, acc := v.AsBigFloat().Int64(); acc == 0 {
			return literal(i), true
		}
		f, _ := v.AsBigFloat().Float64()
		if math.IsInf(f, 0) {
			l.errorf(at, "wrong-type", "Wrong type", "The value does not fit: %v.", errNumberRange)
			return nil, false
		}
		return literal(f), true
	case t.IsObjectType() || t.IsMapType():
		return l.objectNode(v, at)
	default:
		out := listOf()
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			n, ok := l.valueNode(e, at)
			if !ok {
				return nil, false
			}
			out.Args = append(out.Args, n)
		}
		return out, true
	}
}

func (l *loader) objectNode(v cty.Value, at diag.Range) (*expr.Node, bool) {
	out := &expr.Node{Op: expr.Object}
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		n, ok := l.valueNode(e, at)
		if !ok {
			return nil, false
		}
		out.Keys, out.Args = append(out.Keys, literal(k.AsString())), append(out.Args, n)
	}
	return out, true
}

// lower turns an expression into a node that stands for its value, and checks that the node is well formed.
func (l *loader) lower(e *expression, sc *scope) (*expr.Node, bool) {
	if e.bad {
		return nil, false
	}
	defer l.explain(len(l.diags), e.vars, sc)
	l.begin()
	p, ok := l.partial(e.hcl, sc)
	if !ok || !l.fits(p, e.rng()) {
		return nil, false
	}
	n, ok := l.nodeOf(p, e.rng())
	if !ok {
		return nil, false
	}
	if err := expr.Validate(n); err != nil {
		l.errorf(e.rng(), "not-lowered", "Expression not possible here", "%s", sentence(err))
		return nil, false
	}
	return n, true
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// readsMetrics reports whether a metric stands anywhere in what p came to.
func readsMetrics(p partial) bool {
	if p.node != nil {
		return len(expr.Metrics(p.node)) > 0
	}
	return typeHasCapsule(p.val.Type())
}

var operators = map[*hclsyntax.Operation]string{
	hclsyntax.OpLogicalOr: "||", hclsyntax.OpLogicalAnd: "&&", hclsyntax.OpLogicalNot: "!",
	hclsyntax.OpEqual: "==", hclsyntax.OpNotEqual: "!=",
	hclsyntax.OpGreaterThan: ">", hclsyntax.OpGreaterThanOrEqual: ">=", hclsyntax.OpLessThan: "<", hclsyntax.OpLessThanOrEqual: "<=",
	hclsyntax.OpAdd: "+", hclsyntax.OpSubtract: "-", hclsyntax.OpMultiply: "*", hclsyntax.OpDivide: "/", hclsyntax.OpModulo: "%",
	hclsyntax.OpNegate: "-",
}

func (l *loader) partialUnary(e *hclsyntax.UnaryOpExpr, sc *scope) (partial, bool) {
	n, ok := l.operand(e.Val, sc)
	if !ok {
		return partial{}, false
	}
	op, t := operators[e.Op], numberType
	if op == "!" {
		t = boolType
	}
	return lowered(&expr.Node{Op: expr.Unary, Name: op, Args: []*expr.Node{n}}), l.want(n, t, exprRange(e.Val), op)
}

func (l *loader) operand(e hclsyntax.Expression, sc *scope) (*expr.Node, bool) {
	p, ok := l.partial(e, sc)
	if !ok {
		return nil, false
	}
	return l.nodeOf(p, exprRange(e))
}

func (l *loader) partialBinary(e *hclsyntax.BinaryOpExpr, sc *scope) (partial, bool) {
	a, ok1 := l.operand(e.LHS, sc)
	b, ok2 := l.operand(e.RHS, sc)
	if !ok1 || !ok2 {
		return partial{}, false
	}
	op := operators[e.Op]
	switch op {
	case "==", "!=":
		if isNull(a) && len(expr.Metrics(b)) > 0 || isNull(b) && len(expr.Metrics(a)) > 0 {
			l.errorf(exprRange(e), "metric-null-test", "Metric compared with null",
				"A metric that could not be measured makes its gate not evaluated; no test can turn that into a pass. Remove the comparison.")
			return partial{}, false
		}
	case "&&", "||":
		ok1, ok2 = l.want(a, boolType, exprRange(e.LHS), op), l.want(b, boolType, exprRange(e.RHS), op)
	default:
		ok1, ok2 = l.want(a, numberType, exprRange(e.LHS), op), l.want(b, numberType, exprRange(e.RHS), op)
	}
	return lowered(&expr.Node{Op: expr.Binary, Name: op, Args: []*expr.Node{a, b}}), ok1 && ok2
}

func isNull(n *expr.Node) bool { return n.Op == expr.Literal && n.Value == nil }

// partialConditional takes the branch of a condition that is known, so that the other may name what is switched off.
func (l *loader) partialConditional(e *hclsyntax.ConditionalExpr, sc *scope) (partial, bool) {
	c, ok := l.partial(e.Condition, sc)
	if !ok {
		return partial{}, false
	}
	if c.isPlain() {
		v, marks := c.val.Unmark()
		b, err := convert.Convert(v, cty.Bool)
		if err != nil || b.IsNull() || !b.IsKnown() {
			l.errorf(exprRange(e.Condition), "conditional-type", "Incorrect condition type", "The condition is true or false, and this is %s.", describe(v))
			return partial{}, false
		}
		branch := e.FalseResult
		if b.True() {
			branch = e.TrueResult
		}
		p, ok := l.partial(branch, sc)
		if ok && p.node == nil && len(marks) > 0 && !hasCapsule(p.val) {
			p.val = p.val.WithMarks(marks)
		}
		return p, ok
	}
	n := &expr.Node{Op: expr.If, Args: make([]*expr.Node, 3)}
	for i, part := range []hclsyntax.Expression{e.Condition, e.TrueResult, e.FalseResult} {
		var okPart bool
		n.Args[i], okPart = l.operand(part, sc)
		ok = ok && okPart
	}
	return lowered(n), ok && l.want(n.Args[0], boolType, exprRange(e.Condition), "? :")
}

func (l *loader) partialTemplate(e *hclsyntax.TemplateExpr, sc *scope) (partial, bool) {
	n := &expr.Node{Op: expr.Template}
	all := true
	for _, part := range e.Parts {
		p, ok := l.operand(part, sc)
		all = all && ok
		if !ok {
			continue
		}
		switch typeOf(p) {
		case listType, objectType:
			l.errorf(exprRange(part), "template-value", "Invalid template interpolation value",
				"%s has no text of its own. Turn it into text with join or jsonencode.", article(string(typeOf(p))))
			all = false
		}
		appendText(n, p)
	}
	return lowered(n), all
}

// appendText adds a part to a template. A template inside, as a condition or a loop makes one, is joined to it.
func appendText(t, part *expr.Node) {
	if part.Op == expr.Template {
		for _, a := range part.Args {
			appendText(t, a)
		}
		return
	}
	if s, isText := part.Value.(string); isText && len(t.Args) > 0 {
		if last := t.Args[len(t.Args)-1]; last.Op == expr.Literal {
			if before, ok := last.Value.(string); ok {
				t.Args[len(t.Args)-1] = text(before + s)
				return
			}
		}
	}
	t.Args = append(t.Args, part)
}

// partialTemplateJoin lowers the loop of a template, whose rounds are joined without a separator.
func (l *loader) partialTemplateJoin(e *hclsyntax.TemplateJoinExpr, sc *scope) (partial, bool) {
	n, ok := l.operand(e.Tuple, sc)
	if !ok {
		return partial{}, false
	}
	if n.Op == expr.ListOf {
		return lowered(&expr.Node{Op: expr.Template, Args: n.Args}), true
	}
	return lowered(&expr.Node{Op: expr.Call, Name: "join", Args: []*expr.Node{text(""), n}}), true
}
