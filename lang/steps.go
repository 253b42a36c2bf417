package lang

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/prefab-build/prefab/spec/diag"
	"github.com/prefab-build/prefab/spec/expr"
)

// steps goes on from a value by attributes and indices; whole is the range of all of the reference.
func (l *loader) steps(p partial, t hcl.Traversal, sc *scope, whole diag.Range) (partial, bool) {
	return l.stepsOf(p, t, nil, sc, whole)
}

// A walk is where a traversal has come to among the values of blocks.
type walk struct {
	block *block     // whose instances are at hand
	addr  *addrValue // whose outputs and metrics are at hand
	path  []string   // below addr
	sc    *scope
}

// stepsOf goes on from the value of b, which is nil when that is not known.
func (l *loader) stepsOf(p partial, t hcl.Traversal, b *block, sc *scope, whole diag.Range) (partial, bool) {
	w := walk{block: b, sc: sc}
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
		l.metricMisplaced(whole, m.String()+" is a metric.")
		return partial{}, false
	}
	return p, true
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
	where := strings.Join(append([]string{a.addr.String()}, w.path...), ".")
	what, names := fitting(v, w.sc)
	if a.from.opaque && didYouMean(name, names) == "" {
		return // what is wrong with the block may be why it lacks this
	}
	l.errorf(rangeOf(nameOf(step)), "unknown-output", "Unknown output", "%s has no %s %q.%s", where, what, name, choices(name, names, "It has"))
}

// fitting lists what of a block's value fits where a reference stands: outputs of the type that an input takes, or else
// all its outputs; metrics in a condition or a message.
func fitting(v cty.Value, sc *scope) (what string, names []string) {
	var fit, outputs, metrics []string
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		switch r, isOutput := capsuleOf[refValue](e); {
		case k.AsString() == addrKey:
		case !isOutput:
			metrics = append(metrics, k.AsString())
		default:
			outputs = append(outputs, k.AsString())
			if r.artifact == sc.port {
				fit = append(fit, k.AsString())
			}
		}
	}
	switch {
	case len(fit) > 0:
		return "output", fit
	case sc.port != "":
		return "output", outputs
	case sc.metrics:
		return "metric", metrics
	}
	return "output or metric", append(outputs, metrics...)
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
		l.errorf(rangeOf(nameOf(step)), "unknown-attribute-of-value", "Unsupported attribute", "This is %s and has no parts.", strings.ToLower(article(string(typeOf(n)))))
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
	if key.isPlain() && key.val.ContainsMarked() {
		l.sensitiveAmong(exprRange(e.Key))
		return partial{}, false
	}
	if key.isPlain() {
		var b *block
		if t, isTraversal := e.Collection.(*hclsyntax.ScopeTraversalExpr); isTraversal && len(t.Traversal) == 2 {
			if name, _, ok := second(t.Traversal); ok {
				b = l.decls.named[t.Traversal.RootName()][name]
			}
		}
		return l.stepsOf(coll, hcl.Traversal{hcl.TraverseIndex{Key: key.val, SrcRange: e.Key.Range()}}, b, sc, exprRange(e))
	}
	c, ok1 := l.nodeOf(coll, exprRange(e.Collection))
	k, ok2 := l.nodeOf(key, exprRange(e.Key))
	return lowered(&expr.Node{Op: expr.Index, Args: []*expr.Node{c, k}}), ok1 && ok2
}
