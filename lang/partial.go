package lang

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/prefab-build/prefab/spec/expr"
)

// A partial is what an expression that rests on blocks, metrics or rows comes to: a value, in which outputs, metrics and
// addresses may stand, or, where something has to wait for data, a node of the lowered expression.
type partial struct {
	val  cty.Value
	node *expr.Node
}

func static(v cty.Value) partial        { return partial{val: v} }
func lowered(n *expr.Node) partial      { return partial{node: n} }
func (p partial) isDynamic() bool       { return p.node != nil || hasCapsule(p.val) }
func (p partial) isPlain() bool         { return !p.isDynamic() }
func literal(v any) *expr.Node          { return &expr.Node{Op: expr.Literal, Value: v} }
func text(s string) *expr.Node          { return literal(s) }
func listOf(a ...*expr.Node) *expr.Node { return &expr.Node{Op: expr.ListOf, Args: a} }

// partial evaluates an expression as far as it can be before data is read. What HCL can evaluate alone is left to HCL,
// so that both ways give the same values.
func (l *loader) partial(e hclsyntax.Expression, sc *scope) (partial, bool) {
	if vars := hclsyntax.Variables(e); !l.dynamic(vars, sc) && !hasAnon(e, sc) {
		v, ok := l.evalHCL(e, vars, sc)
		return static(v), ok
	}
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return l.partial(e.Expression, sc)
	case *counted:
		return l.partial(e.Expression, sc)
	case *alternative:
		return l.partial(e.Expression, sc)
	case *hclsyntax.TemplateWrapExpr:
		return l.partial(e.Wrapped, sc)
	case *hclsyntax.ObjectConsKeyExpr:
		return l.partial(e.Wrapped, sc)
	case *hclsyntax.ScopeTraversalExpr:
		return l.partialTraversal(e, sc)
	case *hclsyntax.RelativeTraversalExpr:
		p, ok := l.partial(e.Source, sc)
		if !ok {
			return p, false
		}
		return l.steps(p, e.Traversal, sc, exprRange(e))
	case *hclsyntax.AnonSymbolExpr:
		return sc.lookupAnon(e)
	case *hclsyntax.IndexExpr:
		return l.partialIndex(e, sc)
	case *hclsyntax.TupleConsExpr:
		return l.partialTuple(e, sc)
	case *hclsyntax.ObjectConsExpr:
		return l.partialObject(e, sc)
	case *hclsyntax.ConditionalExpr:
		return l.partialConditional(e, sc)
	case *hclsyntax.UnaryOpExpr:
		return l.partialUnary(e, sc)
	case *hclsyntax.BinaryOpExpr:
		return l.partialBinary(e, sc)
	case *hclsyntax.TemplateExpr:
		return l.partialTemplate(e, sc)
	case *hclsyntax.TemplateJoinExpr:
		return l.partialTemplateJoin(e, sc)
	case *hclsyntax.FunctionCallExpr:
		return l.partialCall(e, sc)
	case *hclsyntax.ForExpr:
		return l.partialFor(e, sc)
	case *hclsyntax.SplatExpr:
		return l.partialSplat(e, sc)
	}
	l.errorf(exprRange(e), "not-lowered", "Expression not possible here", "An expression of this form cannot be worked out for rows or metrics. Write it in simpler parts.")
	return partial{}, false
}

// hasAnon reports whether an expression holds the loop variable of a splat around it.
func hasAnon(e hclsyntax.Expression, sc *scope) bool {
	found := false
	if sc.loops != nil {
		_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
			if s, ok := n.(*hclsyntax.AnonSymbolExpr); ok {
				if _, bound := sc.lookupAnon(s); bound {
					found = true
				}
			}
			return nil
		})
	}
	return found
}

// partialTraversal resolves a reference from its root on.
func (l *loader) partialTraversal(e *hclsyntax.ScopeTraversalExpr, sc *scope) (partial, bool) {
	t := e.Traversal
	root := t.RootName()
	if v, ok := sc.lookup(root); ok {
		return l.steps(v, t[1:], sc, exprRange(e))
	}
	switch root {
	case "row":
		return l.steps(lowered(&expr.Node{Op: expr.Row}), t[1:], sc, exprRange(e))
	case "local":
		name, _, _ := second(t)
		loc := l.decls.locals[name]
		if loc == nil || !loc.ok {
			return partial{}, false
		}
		sc.rec.merge(&loc.rec)
		if loc.val.node != nil && !sc.metrics {
			l.metricMisplaced(exprRange(e), "local."+name+" reads metrics.")
			return partial{}, false
		}
		return l.steps(loc.val, t[2:], sc, exprRange(e))
	}
	name, _, _ := second(t)
	b := l.decls.named[root][name]
	if b == nil || !b.done {
		return partial{}, false // undeclared, or in a cycle: reported
	}
	v, ok := b.valueOf()
	if !ok {
		return partial{}, false
	}
	if b.keyed && len(t) > 2 {
		if step, isAttr := t[2].(hcl.TraverseAttr); isAttr && !v.Type().HasAttribute(step.Name) {
			l.errorf(rangeOf(nameOf(step)), "missing-instance-key", "Instance not named",
				"%s has for_each, so it stands for %d blocks. Name one by its key, as in %s[%s].%s, or take all: [for b in %s : b.%s].",
				b.addr(), len(b.instances), b.addr(), firstKey(b), step.Name, b.addr(), step.Name)
			return partial{}, false
		}
	}
	return l.stepsOf(static(v), t[2:], b, sc, exprRange(e))
}

func firstKey(b *block) string {
	if len(b.instances) == 0 {
		return `"key"`
	}
	return show(cty.StringVal(b.instances[0].block.Addr.Key))
}

func (l *loader) partialTuple(e *hclsyntax.TupleConsExpr, sc *scope) (partial, bool) {
	parts := make([]partial, len(e.Exprs))
	all := true
	for i, item := range e.Exprs {
		var ok bool
		parts[i], ok = l.partial(item, sc)
		all = all && ok
	}
	if !all {
		return partial{}, false
	}
	return l.tuple(parts, func(i int) hclsyntax.Expression { return e.Exprs[i] })
}

// tuple joins parts to a list: a value as long as none has to wait.
func (l *loader) tuple(parts []partial, at func(int) hclsyntax.Expression) (partial, bool) {
	vals := make([]cty.Value, len(parts))
	wait := false
	for i, p := range parts {
		wait = wait || p.node != nil
		vals[i] = p.val
	}
	if !wait {
		return static(cty.TupleVal(vals)), true
	}
	out := listOf()
	for i, p := range parts {
		n, ok := l.nodeOf(p, exprRange(at(i)))
		if !ok {
			return partial{}, false
		}
		out.Args = append(out.Args, n)
	}
	return lowered(out), true
}

func (l *loader) partialObject(e *hclsyntax.ObjectConsExpr, sc *scope) (partial, bool) {
	keys, vals := make([]partial, len(e.Items)), make([]partial, len(e.Items))
	all := true
	for i, item := range e.Items {
		var ok1, ok2 bool
		keys[i], ok1 = l.objectKey(item.KeyExpr, sc)
		vals[i], ok2 = l.partial(item.ValueExpr, sc)
		all = all && ok1 && ok2
	}
	if !all {
		return partial{}, false
	}
	return l.object(keys, vals, func(i int) (hclsyntax.Expression, hclsyntax.Expression) {
		return e.Items[i].KeyExpr, e.Items[i].ValueExpr
	})
}

// objectKey evaluates the key of an object, where a bare word is a text.
func (l *loader) objectKey(e hclsyntax.Expression, sc *scope) (partial, bool) {
	if k, ok := e.(*hclsyntax.ObjectConsKeyExpr); ok && !k.ForceNonLiteral {
		if word := hcl.ExprAsKeyword(k.Wrapped); word != "" {
			return static(cty.StringVal(word)), true
		}
	}
	return l.partial(e, sc)
}

// keyText returns a plain key as text.
func (l *loader) keyText(p partial, at hclsyntax.Expression) (string, bool) {
	v := p.val
	if v.ContainsMarked() {
		l.sensitiveAmong(exprRange(at))
		return "", false
	}
	k, err := convert.Convert(v, cty.String)
	if err != nil || k.IsNull() {
		l.errorf(exprRange(at), "invalid-key", "Invalid object key", "A key is a string, and this is %s.", describe(v))
		return "", false
	}
	return k.AsString(), true
}

// object joins keys and values: a value as long as nothing has to wait.
func (l *loader) object(keys, vals []partial, at func(int) (k, v hclsyntax.Expression)) (partial, bool) {
	wait := false
	for i := range keys {
		wait = wait || vals[i].node != nil || !keys[i].isPlain()
	}
	if !wait {
		attrs := map[string]cty.Value{}
		for i := range keys {
			k, _ := at(i)
			name, ok := l.keyText(keys[i], k)
			if !ok {
				return partial{}, false
			}
			attrs[name] = vals[i].val
		}
		return static(cty.ObjectVal(attrs)), true
	}
	out := &expr.Node{Op: expr.Object}
	for i := range keys {
		ke, ve := at(i)
		k, ok1 := l.nodeOf(keys[i], exprRange(ke))
		v, ok2 := l.nodeOf(vals[i], exprRange(ve))
		if !ok1 || !ok2 {
			return partial{}, false
		}
		out.Keys, out.Args = append(out.Keys, k), append(out.Args, v)
	}
	sortObject(out)
	return lowered(out), true
}

// sortObject puts the entries of an object in the order of their keys when all of those are known, so that the order
// in the source does not count.
func sortObject(n *expr.Node) {
	entries := make([][2]*expr.Node, len(n.Keys))
	for i, k := range n.Keys {
		if _, ok := k.Value.(string); k.Op != expr.Literal || !ok {
			return
		}
		entries[i] = [2]*expr.Node{k, n.Args[i]}
	}
	slices.SortStableFunc(entries, func(a, b [2]*expr.Node) int {
		return strings.Compare(a[0].Value.(string), b[0].Value.(string))
	})
	for i, e := range entries {
		n.Keys[i], n.Args[i] = e[0], e[1]
	}
}
