package lang

import (
	"slices"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/prefab-build/prefab/spec"
)

// enabled evaluates the meta-argument of that name.
func (l *loader) enabled(b *block, in *instance) bool {
	a := b.body.metas["enabled"]
	if a == nil {
		return true
	}
	v, ok := l.evalTo(a, cty.Bool, in.scope)
	if !ok {
		in.broken = true
		return true
	}
	return v.IsNull() || v.True()
}

// evaluateMetas evaluates the meta-arguments that carry no reference to a stage's order.
func (l *loader) evaluateMetas(in *instance) {
	metas := in.decl.body.metas
	if a := metas["description"]; a != nil {
		if v, ok := l.evalTo(a, cty.String, in.scope); ok && !v.IsNull() {
			in.block.Description = v.AsString()
		}
	}
	if a := metas["seed"]; a != nil {
		if v, ok := l.evalTo(a, cty.Number, in.scope); ok && !v.IsNull() {
			seed, acc := v.AsBigFloat().Int64()
			if acc != 0 {
				l.errorf(a.expr.rng(), "wrong-type", "Wrong type", "seed is a whole number of at most 64 bits.")
			}
			in.block.Seed = seed
		}
	}
	if a := metas["timeout"]; a != nil {
		if v, ok := l.evalTo(a, cty.String, in.scope); ok && !v.IsNull() {
			d, err := time.ParseDuration(v.AsString())
			if err != nil || d <= 0 {
				l.errorf(a.expr.rng(), "wrong-type", "Wrong type", "timeout is a time such as \"90s\", \"30m\" or \"2h30m\".")
			}
			in.block.Timeout = d
		}
	}
	if a := metas["backend"]; a != nil {
		v, ok := l.eval(a.expr, in.scope)
		if !ok || v.IsNull() {
			return
		}
		to, isAddr := addressOf(v)
		if !isAddr || to.addr.Kind != backendBlock {
			l.errorf(a.expr.rng(), "backend-expected", "Backend expected", "backend names a backend block, as in backend.cpu, and this is %s.", describe(v))
			return
		}
		in.block.Backend = to.addr
	}
}

// evalTo evaluates a meta-argument of a plain type.
func (l *loader) evalTo(a *attr, t cty.Type, sc *scope) (cty.Value, bool) {
	v, ok := l.eval(a.expr, sc)
	if !ok {
		return v, false
	}
	if v.ContainsMarked() {
		l.sensitiveAttribute(a)
		return v, false
	}
	return l.convertTo(v, t, a)
}

// resolveRequires evaluates what orders and permits, when all blocks are known.
func (l *loader) resolveRequires() {
	for _, list := range [][]*block{l.decls.stages, l.decls.gates} {
		for _, b := range list {
			for _, in := range b.instances {
				if a := b.body.metas["requires"]; a != nil && in.enabled {
					in.block.Require = l.requires(a, in)
				}
			}
		}
	}
}

// requires returns the addresses that a list of blocks names, each once, sorted.
func (l *loader) requires(a *attr, in *instance) []spec.Addr {
	v, ok := l.eval(a.expr, in.scope)
	if !ok || v.IsNull() {
		return nil
	}
	var out []spec.Addr
	var take func(v cty.Value, inList bool) bool
	take = func(v cty.Value, inList bool) bool {
		if to, isAddr := addressOf(v); isAddr {
			if l.isEnabled(to.from, a.expr.rng()) {
				out = append(out, to.addr)
			}
			return inList && to.addr.Kind == gateBlock
		}
		if v.IsMarked() || v.IsNull() || !v.CanIterateElements() || v.Type().IsObjectType() && !inList {
			return false
		}
		for it := v.ElementIterator(); it.Next(); {
			if _, e := it.Element(); !take(e, true) {
				return false
			}
		}
		return true
	}
	if !take(v, false) {
		l.errorf(a.expr.rng(), "requires-expected", "List of gates expected",
			"requires is a list of gates, as in requires = [gate.ship], and this is %s. A stage comes after another by reading one "+
				"of its outputs; to wait for what a stage measured, write a gate.", describe(v))
	}
	slices.SortFunc(out, spec.Addr.Compare)
	return slices.Compact(out)
}
