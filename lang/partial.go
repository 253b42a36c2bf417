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
		return l.steps(p, e.Traversal, sc)
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
	l.errorf(lineRange(e), "not-lowered", "Expression not possible here", "An expression of this form cannot be worked out for rows or metrics. Write it in simpler parts.")
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
		return l.steps(v, t[1:], sc)
	}
	switch root {
	case "row":
		return l.steps(lowered(&expr.Node{Op: expr.Row}), t[1:], sc)
	case "local":
		name, _, _ := second(t)
		loc := l.decls.locals[name]
		if loc == nil || !loc.ok {
			return partial{}, false
		}
		sc.rec.merge(&loc.rec)
		if loc.val.node != nil && !sc.metrics {
			l.metricMisplaced(lineRange(e), "local."+name+" reads metrics.")
			return partial{}, false
		}
		return l.steps(loc.val, t[2:], sc)
	}
	name, _, _ := second(t)
	b := l.decls.named[root][name]
	if b == nil || !b.done {
		return partial{}, false // undeclared, or in a cycle: reported
	}
	v, ok := b.valueOf(l)
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
	return l.stepsOf(static(v), t[2:], b, sc)
}

func firstKey(b *block) string {
	if len(b.instances) == 0 {
		return `"key"`
	}
	return show(cty.StringVal(b.instances[0].block.Addr.Key))
}

// steps goes on from a value by attributes and indices.
func (l *loader) steps(p partial, t hcl.Traversal, sc *scope) (partial, bool) {
	return l.stepsOf(p, t, nil, sc)
}

// stepsOf goes on from the value of b, which is nil when that is not known.
func (l *loader) stepsOf(p partial, t hcl.Traversal, b *block, sc *scope) (partial, bool) {
	w := walk{block: b}
	for _, step := range t {
		var ok bool
		switch {
		case p.node != nil:
			p, ok = l.stepNode(p.node, step)
		default:
			p, ok = l.stepValue(p.val, step, &w)
		}
		if !ok {
			return partial{}, false
		}
	}
	if m, ok := capsuleOf[metricValue](p.valueOrNull()); ok && !sc.metrics {
		subject := hcl.Range{}
		if len(t) > 0 {
			subject = t.SourceRange()
		}
		l.metricMisplaced(rangeOf(subject), m.String()+" is a metric.")
		return partial{}, false
	}
	return p, true
}

// A walk is where a traversal has come to among the values of blocks.
type walk struct {
	block *block     // whose instances are at hand
	addr  *addrValue // whose outputs and metrics are at hand
	path  []string   // below addr
}

func (p partial) valueOrNull() cty.Value {
	if p.node != nil || p.val == cty.NilVal {
		return cty.NullVal(cty.DynamicPseudoType)
	}
	return p.val
}

// stepValue takes one step into a value.
func (l *loader) stepValue(v cty.Value, step hcl.Traverser, w *walk) (partial, bool) {
	subject := rangeOf(nameOf(step))
	key, name := stepKey(step)
	b := w.block
	w.block = nil
	if a, ok := addressOf(v); ok {
		w.addr, w.path = a, nil
	}
	missing := v.Type().IsObjectType() && !v.IsNull() && !v.Type().HasAttribute(name)
	switch {
	case missing && b != nil && b.keyed:
		l.unknownInstance(b, name, step)
		return partial{}, false
	case missing && w.addr != nil:
		l.unknownOutput(w, v, name, step)
		return partial{}, false
	}
	w.path = append(w.path, name)
	if r, ok := capsuleOf[refValue](v); ok {
		l.errorf(subject, "unknown-attribute-of-value", "Unsupported attribute",
			"%s is an output of type %s and has no parts. Rows are read by stages: pass the output to one.", r.Ref, r.artifact)
		return partial{}, false
	}
	if m, ok := capsuleOf[metricValue](v); ok {
		l.errorf(subject, "unknown-attribute-of-value", "Unsupported attribute", "%s is a metric, one number, and has no parts.", m)
		return partial{}, false
	}
	var out cty.Value
	var ds hcl.Diagnostics
	if a, isAttr := step.(hcl.TraverseAttr); isAttr {
		out, ds = hcl.GetAttr(v, a.Name, nameOf(step).Ptr())
	} else {
		out, ds = hcl.Index(v, key, nameOf(step).Ptr())
	}
	l.addHCL(ds, "expression")
	return static(out), !ds.HasErrors()
}

// stepKey returns the key of a step, and the same as text.
func stepKey(step hcl.Traverser) (cty.Value, string) {
	switch s := step.(type) {
	case hcl.TraverseAttr:
		return cty.StringVal(s.Name), s.Name
	case hcl.TraverseIndex:
		if k, err := convert.Convert(s.Key, cty.String); err == nil && !k.IsNull() && k.IsKnown() {
			return s.Key, k.AsString()
		}
		return s.Key, ""
	}
	return cty.DynamicVal, ""
}

// unknownOutput reports a name that neither an output nor a metric has.
func (l *loader) unknownOutput(w *walk, v cty.Value, name string, step hcl.Traverser) {
	a := w.addr
	if a.from == nil { // a gate or a backend
		l.errorf(rangeOf(nameOf(step)), "unknown-output", "Unknown output",
			"%s has no outputs. It is named as a whole: in `requires` a gate, in `backend` a backend.", a.addr)
		return
	}
	if a.from.broken {
		return // its outputs may depend on what is wrong with it
	}
	var names []string
	for n := range v.Type().AttributeTypes() {
		if n != addrKey {
			names = append(names, n)
		}
	}
	where := strings.Join(append([]string{a.addr.String()}, w.path...), ".")
	l.errorf(rangeOf(nameOf(step)), "unknown-output", "Unknown output", "%s has no output or metric %q.%s",
		where, name, choices(name, names, "It has"))
}

func (l *loader) unknownInstance(b *block, name string, step hcl.Traverser) {
	if b.broken {
		return
	}
	var keys []string
	for _, in := range b.instances {
		if key := in.block.Addr.Key; key == name && !in.enabled {
			l.errorf(rangeOf(nameOf(step)), "disabled-block", "Block is disabled",
				"%s is switched off by its `enabled`, so it has no outputs. Enable it, or choose another with a condition.", in.block.Addr)
			return
		} else if in.enabled {
			keys = append(keys, key)
		}
	}
	l.errorf(rangeOf(nameOf(step)), "unknown-instance", "Unknown instance", "The for_each of %s has no key %q.%s",
		b.addr(), name, choices(name, keys, "It has"))
}

// stepNode takes one step into something that is known only later.
func (l *loader) stepNode(n *expr.Node, step hcl.Traverser) (partial, bool) {
	key, name := stepKey(step)
	byName := key.Type() == cty.String
	switch n.Op {
	case expr.Row, expr.Loop:
		if !byName {
			break
		}
		out := &expr.Node{Op: n.Op, Name: n.Name, Path: append(n.Path[:len(n.Path):len(n.Path)], name)}
		if n.Op == expr.Row && n.Name == "" {
			out.Name, out.Path = name, nil
		}
		return lowered(out), true
	case expr.Object:
		for i, k := range n.Keys {
			if k.Op == expr.Literal && k.Value == name {
				return lowered(n.Args[i]), true
			}
		}
		l.errorf(rangeOf(nameOf(step)), "unknown-attribute-of-value", "Unsupported attribute", "There is no attribute %q.%s", name, choices(name, nodeKeys(n), "There are"))
		return partial{}, false
	case expr.ListOf:
		if i, ok := smallInt(key); ok && i < len(n.Args) {
			return lowered(n.Args[i]), true
		}
		l.errorf(rangeOf(nameOf(step)), "invalid-index", "Invalid index", "The list has %d elements, and no %s.", len(n.Args), show(key))
		return partial{}, false
	case expr.Attr:
		if byName {
			return lowered(&expr.Node{Op: expr.Attr, Args: n.Args, Path: append(n.Path[:len(n.Path):len(n.Path)], name)}), true
		}
	}
	switch typeOf(n) {
	case numberType, boolType, stringType:
		l.errorf(rangeOf(nameOf(step)), "unknown-attribute-of-value", "Unsupported attribute", "This is a %s and has no parts.", typeOf(n))
		return partial{}, false
	}
	if byName {
		return lowered(&expr.Node{Op: expr.Attr, Args: []*expr.Node{n}, Path: []string{name}}), true
	}
	k, ok := l.nodeOf(static(key), rangeOf(nameOf(step)))
	return lowered(&expr.Node{Op: expr.Index, Args: []*expr.Node{n, k}}), ok
}

func nodeKeys(n *expr.Node) []string {
	var out []string
	for _, k := range n.Keys {
		if s, ok := k.Value.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func smallInt(v cty.Value) (int, bool) {
	if v.IsNull() || !v.IsKnown() || v.Type() != cty.Number {
		return 0, false
	}
	i, acc := v.AsBigFloat().Int64()
	return int(i), acc == 0 && i >= 0 && i < 1<<30
}

func (l *loader) partialIndex(e *hclsyntax.IndexExpr, sc *scope) (partial, bool) {
	coll, ok1 := l.partial(e.Collection, sc)
	key, ok2 := l.partial(e.Key, sc)
	if !ok1 || !ok2 {
		return partial{}, false
	}
	if key.isPlain() {
		var b *block
		if t, isTraversal := e.Collection.(*hclsyntax.ScopeTraversalExpr); isTraversal && len(t.Traversal) == 2 {
			if name, _, ok := second(t.Traversal); ok {
				b = l.decls.named[t.Traversal.RootName()][name]
			}
		}
		k, _ := key.val.Unmark()
		return l.stepsOf(coll, hcl.Traversal{hcl.TraverseIndex{Key: k, SrcRange: e.Key.Range()}}, b, sc)
	}
	c, ok1 := l.nodeOf(coll, lineRange(e.Collection))
	k, ok2 := l.nodeOf(key, lineRange(e.Key))
	return lowered(&expr.Node{Op: expr.Index, Args: []*expr.Node{c, k}}), ok1 && ok2
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
		n, ok := l.nodeOf(p, lineRange(at(i)))
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
	v, _ := p.val.Unmark()
	k, err := convert.Convert(v, cty.String)
	if err != nil || k.IsNull() {
		l.errorf(lineRange(at), "invalid-key", "Invalid object key", "A key is a string, and this is %s.", describe(v))
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
		k, ok1 := l.nodeOf(keys[i], lineRange(ke))
		v, ok2 := l.nodeOf(vals[i], lineRange(ve))
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
