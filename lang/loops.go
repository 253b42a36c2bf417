package lang

import (
	"strconv"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/prefab-build/prefab/spec/expr"
)

// An element is one round of a loop whose collection is known.
type element struct{ key, val partial }

// elements returns the rounds of a loop over p, and false when their number is known only later.
func elements(p partial) ([]element, bool) {
	if p.node != nil {
		return nodeElements(p.node)
	}
	v, marks := p.val.Unmark()
	if v.IsNull() || !v.IsKnown() || !v.CanIterateElements() {
		return nil, false
	}
	var out []element
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		if k.Type() == cty.String && k.AsString() == addrKey && v.Type().IsObjectType() {
			continue
		}
		if len(marks) > 0 {
			k, e = k.WithMarks(marks), e.WithMarks(marks)
		}
		out = append(out, element{static(k), static(e)})
	}
	return out, true
}

func nodeElements(n *expr.Node) ([]element, bool) {
	var out []element
	switch n.Op {
	case expr.ListOf:
		for i, a := range n.Args {
			out = append(out, element{static(cty.NumberIntVal(int64(i))), lowered(a)})
		}
		return out, true
	case expr.Object:
		for i, k := range n.Keys {
			name, ok := k.Value.(string)
			if k.Op != expr.Literal || !ok {
				return nil, false
			}
			out = append(out, element{static(cty.StringVal(name)), lowered(n.Args[i])})
		}
		return out, true
	}
	return nil, false
}

// partialFor unrolls a loop over what is known, and lowers one over what a row holds.
func (l *loader) partialFor(e *hclsyntax.ForExpr, sc *scope) (partial, bool) {
	coll, ok := l.partial(e.CollExpr, sc)
	if !ok {
		return partial{}, false
	}
	rounds, known := elements(coll)
	switch {
	case known:
		return l.unroll(e, rounds, sc)
	case coll.node == nil:
		l.errorf(exprRange(e.CollExpr), "not-iterable", "Iteration over non-iterable value", "A for goes over a list, a set or a map, and this is %s.", describe(coll.val))
		return partial{}, false
	}
	switch t := typeOf(coll.node); t {
	case numberType, boolType, stringType, nullType:
		l.errorf(exprRange(e.CollExpr), "not-iterable", "Iteration over non-iterable value", "A for goes over a list or an object, and this is a %s.", t)
		return partial{}, false
	}
	return l.lowerFor(e, coll.node, sc)
}

// unroll works out a loop round by round.
func (l *loader) unroll(e *hclsyntax.ForExpr, rounds []element, sc *scope) (partial, bool) {
	var keys, vals []partial
	all := true
	for _, r := range rounds {
		if l.spent > maxWeight || l.interrupted() {
			return partial{}, false
		}
		in := sc.bind(e.ValVar, r.val)
		if e.KeyVar != "" {
			in = in.bind(e.KeyVar, r.key)
		}
		keep, ok := l.roundCondition(e, in)
		if !ok || !keep {
			all = all && ok
			continue
		}
		if e.KeyExpr != nil {
			k, ok := l.objectKey(e.KeyExpr, in)
			all = all && ok
			keys = append(keys, k)
		}
		v, ok := l.partial(e.ValExpr, in)
		if ok && !l.spend(v.weight()) {
			l.tooLarge(exprRange(e.ValExpr))
			return partial{}, false
		}
		all = all && ok
		vals = append(vals, v)
	}
	switch {
	case !all:
		return partial{}, false
	case e.KeyExpr == nil:
		return l.tuple(vals, func(int) hclsyntax.Expression { return e.ValExpr })
	}
	if !l.groupKeys(e, &keys, &vals) {
		return partial{}, false
	}
	return l.object(keys, vals, func(int) (hclsyntax.Expression, hclsyntax.Expression) { return e.KeyExpr, e.ValExpr })
}

// roundCondition reports whether a round of an unrolled loop counts. Which rounds there are must be known.
func (l *loader) roundCondition(e *hclsyntax.ForExpr, sc *scope) (keep, ok bool) {
	if e.CondExpr == nil {
		return true, true
	}
	c, ok := l.partial(e.CondExpr, sc)
	if !ok {
		return false, false
	}
	if !c.isPlain() {
		l.errorf(exprRange(e.CondExpr), "loop-condition", "Condition known too late",
			"This loop goes over a known list, and which of its elements count must be known before data is read. Put the condition into the value: `cond ? a : b`.")
		return false, false
	}
	v, _ := c.val.Unmark()
	b, err := convert.Convert(v, cty.Bool)
	if err != nil || b.IsNull() {
		l.errorf(exprRange(e.CondExpr), "conditional-type", "Invalid 'for' condition", "The condition is true or false, and this is %s.", describe(v))
		return false, false
	}
	return b.True(), true
}

// groupKeys joins the values of equal keys to lists when the loop says so, and reports equal keys when it does not.
func (l *loader) groupKeys(e *hclsyntax.ForExpr, keys, vals *[]partial) bool {
	at := map[string]int{}
	var outKeys []partial
	var groups [][]partial
	for i, k := range *keys {
		if !k.isPlain() {
			l.errorf(exprRange(e.KeyExpr), "invalid-key", "Key known too late", "The keys of this loop must be known before data is read.")
			return false
		}
		name, ok := l.keyText(k, e.KeyExpr)
		if !ok {
			return false
		}
		j, seen := at[name]
		switch {
		case !seen:
			at[name] = len(outKeys)
			outKeys = append(outKeys, k)
			groups = append(groups, []partial{(*vals)[i]})
		case e.Group:
			groups[j] = append(groups[j], (*vals)[i])
		default:
			l.errorf(exprRange(e.KeyExpr), "duplicate-key", "Duplicate object key",
				"Two rounds of this loop give the key %q. Make keys that differ, or group equal ones by writing ... behind the value.", name)
			return false
		}
	}
	out := make([]partial, len(groups))
	for j, g := range groups {
		if !e.Group {
			out[j] = g[0]
			continue
		}
		list, ok := l.tuple(g, func(int) hclsyntax.Expression { return e.ValExpr })
		if !ok {
			return false
		}
		out[j] = list
	}
	*keys, *vals = outKeys, out
	return true
}

// lowerFor keeps a loop for later.
func (l *loader) lowerFor(e *hclsyntax.ForExpr, coll *expr.Node, sc *scope) (partial, bool) {
	in := sc.bind(e.ValVar, lowered(&expr.Node{Op: expr.Loop, Name: e.ValVar}))
	if e.KeyVar != "" {
		in = in.bind(e.KeyVar, lowered(&expr.Node{Op: expr.Loop, Name: e.KeyVar}))
	}
	n := &expr.Node{Op: expr.For, Path: []string{e.KeyVar, e.ValVar}, Args: []*expr.Node{coll, nil}}
	all := true
	lowerPart := func(part hclsyntax.Expression) *expr.Node {
		out, ok := l.operand(part, in)
		all = all && ok
		return out
	}
	if e.KeyExpr != nil {
		n.Keys = []*expr.Node{lowerPart(e.KeyExpr)}
	}
	n.Args[1] = lowerPart(e.ValExpr)
	if e.CondExpr != nil {
		n.Args = append(n.Args, lowerPart(e.CondExpr))
		if n.Args[2] != nil {
			all = l.want(n.Args[2], boolType, exprRange(e.CondExpr), "if") && all
		}
	}
	if e.Group {
		n.Name = "..."
	}
	return lowered(n), all
}

// partialSplat takes a part of every element: list[*].part.
func (l *loader) partialSplat(e *hclsyntax.SplatExpr, sc *scope) (partial, bool) {
	src, ok := l.partial(e.Source, sc)
	if !ok {
		return partial{}, false
	}
	if src.node != nil {
		if rounds, known := nodeElements(src.node); known && src.node.Op == expr.ListOf {
			return l.unrollSplat(e, rounds, sc)
		}
		return l.lowerSplat(e, src.node, sc)
	}
	t := src.val.Type()
	if src.val.IsNull() {
		return static(cty.EmptyTupleVal), true
	}
	if !t.IsListType() && !t.IsSetType() && !t.IsTupleType() {
		if b, isBlock := instancesOf(src.val); isBlock {
			l.errorf(exprRange(e.Source), "splat-over-map", "Splat over a map",
				"%s stands for a map of blocks, and a splat goes over lists: write [for b in %s : b.output] or values(%s)[*].output.", b, b, b)
			return partial{}, false
		}
		return l.unrollSplat(e, []element{{static(cty.Zero), src}}, sc) // as HCL has it, a single value is a list of one
	}
	rounds, _ := elements(src)
	return l.unrollSplat(e, rounds, sc)
}

// instancesOf returns the address of the block whose instances v holds.
func instancesOf(v cty.Value) (string, bool) {
	if !v.Type().IsObjectType() {
		return "", false
	}
	it := v.ElementIterator()
	if !it.Next() {
		return "", false
	}
	_, e := it.Element()
	if a, ok := addressOf(e); ok && a.addr.Key != "" {
		return a.addr.Kind + "." + a.addr.Name, true
	}
	return "", false
}

func (l *loader) unrollSplat(e *hclsyntax.SplatExpr, rounds []element, sc *scope) (partial, bool) {
	vals, all := make([]partial, len(rounds)), true
	for i, r := range rounds {
		var ok bool
		vals[i], ok = l.partial(e.Each, sc.bindAnon(e.Item, r.val))
		all = all && ok
	}
	if !all {
		return partial{}, false
	}
	return l.tuple(vals, func(int) hclsyntax.Expression { return e.Each })
}

// lowerSplat keeps a splat for later, as a loop whose variable no person can have named.
func (l *loader) lowerSplat(e *hclsyntax.SplatExpr, coll *expr.Node, sc *scope) (partial, bool) {
	name := "*" + strconv.Itoa(sc.depth)
	in := sc.bindAnon(e.Item, lowered(&expr.Node{Op: expr.Loop, Name: name}))
	in.depth++
	v, ok := l.operand(e.Each, in)
	return lowered(&expr.Node{Op: expr.For, Path: []string{"", name}, Args: []*expr.Node{coll, v}}), ok
}
