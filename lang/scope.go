package lang

import (
	"fmt"
	"maps"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// A scope is what the names in an expression hold while it is evaluated.
type scope struct {
	rec     *recorder
	each    *cty.Value    // the object each; nil outside of for_each
	metrics bool          // metrics may be read: a gate, an output, a local
	port    spec.Artifact // what the input takes that is being evaluated; empty elsewhere
	loops   *binding      // variables of loops that are being unrolled or lowered
	depth   int           // of lowered splats, which name their own variables
}

// A binding is one variable of a loop.
type binding struct {
	name string
	anon *hclsyntax.AnonSymbolExpr // of a splat, instead of a name
	val  partial
	next *binding
}

func (sc *scope) bind(name string, v partial) *scope {
	out := *sc
	out.loops = &binding{name: name, val: v, next: sc.loops}
	return &out
}

func (sc *scope) bindAnon(s *hclsyntax.AnonSymbolExpr, v partial) *scope {
	out := *sc
	out.loops = &binding{anon: s, val: v, next: sc.loops}
	return &out
}

func (sc *scope) lookup(name string) (partial, bool) {
	for b := sc.loops; b != nil; b = b.next {
		if b.anon == nil && b.name == name {
			return b.val, true
		}
	}
	return partial{}, false
}

func (sc *scope) lookupAnon(s *hclsyntax.AnonSymbolExpr) (partial, bool) {
	for b := sc.loops; b != nil; b = b.next {
		if b.anon == s {
			return b.val, true
		}
	}
	return partial{}, false
}

// A recorder notes what functions returned that look outside of the source, by call.
type recorder struct{ calls map[string]string }

func (r *recorder) note(call, result string) {
	if r == nil {
		return
	}
	if r.calls == nil {
		r.calls = map[string]string{}
	}
	r.calls[call] = result
}

func (r *recorder) merge(other *recorder) {
	if r == nil || other == nil || len(other.calls) == 0 {
		return
	}
	if r.calls == nil {
		r.calls = map[string]string{}
	}
	maps.Copy(r.calls, other.calls)
}

// eval returns the value of an expression, and false when a problem was reported or when it rests on something for
// which one was.
func (l *loader) eval(e *expression, sc *scope) (cty.Value, bool) {
	if e.bad {
		return cty.DynamicVal, false
	}
	l.begin()
	if !l.dynamic(e.vars, sc) {
		return l.evalHCL(e.hcl, e.vars, sc)
	}
	p, ok := l.partial(e.hcl, sc)
	switch {
	case !ok:
		return cty.DynamicVal, false
	case p.node != nil:
		l.metricMisplaced(e.rng(), "This expression reads metrics.")
		return cty.DynamicVal, false
	}
	return p.val, p.val.IsWhollyKnown()
}

func (l *loader) metricMisplaced(subject diag.Range, what string) {
	l.errorf(subject, "metric-misplaced", "Metric not possible here",
		"%s Metrics are known only when a stage has run, so they may stand in gates, messages and outputs. "+
			"To stop a stage by a metric, write a gate and name it in requires.", what)
}

// dynamic reports whether one of the references holds, or may hold, what HCL's evaluator cannot work with.
func (l *loader) dynamic(vars []hcl.Traversal, sc *scope) bool {
	for _, t := range vars {
		root := t.RootName()
		if v, ok := sc.lookup(root); ok {
			if v.isDynamic() {
				return true
			}
			continue
		}
		switch root {
		case "var", "each":
		case "local":
			if name, _, ok := second(t); ok && l.decls.locals[name] != nil && l.decls.locals[name].dynamic {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// evalHCL evaluates an expression that refers to variables, plain locals, each and plain loop variables only.
func (l *loader) evalHCL(e hclsyntax.Expression, vars []hcl.Traversal, sc *scope) (cty.Value, bool) {
	ctx, ok := l.context(vars, sc)
	if !ok || l.interrupted() {
		return cty.DynamicVal, false
	}
	if !l.referencesFit(vars, ctx, exprRange(e)) {
		return cty.DynamicVal, false
	}
	v, ds := l.value(e, ctx, sc)
	l.addHCL(ds, "expression")
	return v, !ds.HasErrors() && l.fits(static(v), exprRange(e)) && v.IsWhollyKnown()
}

// value calls HCL's evaluator. That a library of this size never panics on what people write cannot be proven, so a
// panic becomes a problem with a place.
func (l *loader) value(e hclsyntax.Expression, ctx *hcl.EvalContext, sc *scope) (v cty.Value, ds hcl.Diagnostics) {
	before := l.rec
	l.rec = sc.rec
	defer func() {
		l.rec = before
		if p := recover(); p != nil {
			v, ds = cty.DynamicVal, hcl.Diagnostics{{
				Severity: hcl.DiagError, Summary: "Expression cannot be evaluated",
				Detail:  fmt.Sprintf("The evaluator gave up on this expression: %v. Write it in simpler parts.", p),
				Subject: e.Range().Ptr(),
			}}
		}
	}()
	return e.Value(ctx)
}

// context collects what the references need. It returns false when one of them rests on a reported problem.
func (l *loader) context(vars []hcl.Traversal, sc *scope) (*hcl.EvalContext, bool) {
	var roots, locals map[string]cty.Value
	set := func(name string, v cty.Value) {
		if roots == nil {
			roots = map[string]cty.Value{}
		}
		roots[name] = v
	}
	for _, t := range vars {
		root := t.RootName()
		if v, ok := sc.lookup(root); ok {
			set(root, v.val)
			continue
		}
		switch root {
		case "each":
			if sc.each != nil {
				set("each", *sc.each)
			}
		case "local":
			name, _, _ := second(t)
			loc := l.decls.locals[name]
			if loc == nil || !loc.ok {
				return nil, false
			}
			sc.rec.merge(&loc.rec)
			if locals == nil {
				locals = map[string]cty.Value{}
			}
			locals[name] = loc.val.val
		}
	}
	if locals != nil {
		set("local", cty.ObjectVal(locals))
	}
	if roots == nil {
		return l.base, true
	}
	ctx := l.base.NewChild()
	ctx.Variables = roots
	return ctx, true
}

// A local is one value of a locals block.
type local struct {
	node
	src     *hclsyntax.Attribute
	expr    *expression
	dynamic bool // rests on a block
	ok      bool
	val     partial
	rec     recorder
}

func (loc *local) giveUp() {}

// evaluate works the local out. One that rests on metrics stays an expression, to be inlined where it is used.
func (loc *local) evaluate(l *loader) {
	if loc.expr.bad {
		return
	}
	l.begin()
	sc := &scope{rec: &loc.rec, metrics: true}
	loc.dynamic = l.dynamic(loc.expr.vars, sc)
	if loc.dynamic {
		loc.val, loc.ok = l.partial(loc.expr.hcl, sc)
		loc.ok = loc.ok && l.fits(loc.val, loc.expr.rng())
		return
	}
	loc.val.val, loc.ok = l.evalHCL(loc.expr.hcl, loc.expr.vars, sc)
}

func (l *loader) registerLocals(b *hclsyntax.Block) {
	for _, nested := range b.Body.Blocks {
		l.errorf(rangeOf(nested.TypeRange), "unknown-block", "Unknown block", "A locals block holds attributes only: write %s = { ... }.", nested.Type)
	}
	for _, name := range sortedAttributes(b.Body.Attributes) {
		a := b.Body.Attributes[name]
		if first, twice := l.decls.locals[name]; twice {
			l.errorf(rangeOf(a.NameRange), "duplicate-address", "Duplicate address",
				"local.%s is already declared at %s. Rename one of the two, or remove it.", name, rangeOf(first.src.NameRange))
			continue
		}
		l.decls.locals[name] = &local{src: a}
	}
}
