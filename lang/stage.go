package lang

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// A block is a stage, a gate or a backend as it is declared: one or, with for_each, several instances.
type block struct {
	node
	kind, label string
	src         *hclsyntax.Block
	typ         *blockKind
	spec        *spec.KindSpec // of a stage
	body        *body
	keyed       bool // has for_each
	broken      bool // what it makes is not known, because of a reported problem
	instances   []*instance

	value *cty.Value
}

// An instance is one block of the pipeline.
type instance struct {
	decl    *block
	block   spec.Block
	ports   spec.Ports
	enabled bool
	broken  bool // a problem was reported in its attributes
	scope   *scope
	gate    spec.Gate
	taints  map[string]*taint
}

func (b *block) addr() spec.Addr { return spec.Addr{Kind: b.kind, Name: b.label} }
func (b *block) giveUp()         { b.broken = true }

// evaluate makes the instances of the block and decodes each.
func (b *block) evaluate(l *loader) {
	if b.body == nil || b.kind == backendBlock {
		b.instances = []*instance{{decl: b, block: spec.Block{Addr: b.addr()}, enabled: true}}
		return
	}
	for _, in := range l.expand(b) {
		in.scope.metrics = b.kind == gateBlock
		before := len(l.diags)
		in.enabled = l.enabled(b, in)
		if b.kind == gateBlock {
			l.evaluateGate(in)
		} else {
			l.evaluateStage(in)
		}
		if !in.enabled && len(l.diags) > before {
			l.forget(before) // what is switched off need not make sense
		}
		b.instances = append(b.instances, in)
	}
}

// forget takes back the problems reported since.
func (l *loader) forget(since int) {
	for _, d := range l.diags[since:] {
		delete(l.seen, keyOf(d))
	}
	l.diags = l.diags[:since]
}

// expand evaluates for_each, once, and returns an instance for each of its keys.
func (l *loader) expand(b *block) []*instance {
	one := func(key string, each *cty.Value) *instance {
		in := &instance{decl: b, enabled: true}
		in.block.Addr = spec.Addr{Kind: b.kind, Name: b.label, Key: key}
		in.scope = &scope{rec: &recorder{}, each: each}
		return in
	}
	if !b.keyed {
		return []*instance{one("", nil)}
	}
	a := b.body.metas["for_each"]
	v, ok := l.eval(a.expr, &scope{rec: &recorder{}})
	if !ok || !l.checkForEach(v, a.expr.rng()) {
		b.broken = true
		return nil
	}
	if l.many += v.LengthInt(); l.many > maxInstances {
		l.errorf(a.expr.rng(), "invalid-for-each", "Invalid for_each",
			"With this for_each the pipeline has more than %d blocks. Let one stage do the work of many.", maxInstances)
		b.broken = true
		return nil
	}
	var out []*instance
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		if v.Type().IsObjectType() && k.AsString() == addrKey {
			continue
		}
		each := cty.ObjectVal(map[string]cty.Value{"key": k, "value": e})
		out = append(out, one(k.AsString(), &each))
	}
	return out
}

// describeSet is describe, and of a set says of what it is.
func describeSet(v cty.Value) string {
	if !v.Type().IsSetType() {
		return describe(v)
	}
	switch t := v.Type().ElementType(); {
	case t == cty.Number:
		return "a set of numbers. Turn them into texts: toset([for n in [1, 2] : tostring(n)])"
	case t == cty.Bool:
		return "a set of bools"
	case t.IsObjectType() || t.IsMapType():
		return "a set of maps. Write a map, whose keys name the blocks: { for x in list : x.name => x }"
	}
	return "a set of lists"
}

// checkForEach reports a for_each that is neither a map nor a set of strings.
func (l *loader) checkForEach(v cty.Value, at diag.Range) bool {
	t := v.Type()
	switch {
	case v.ContainsMarked():
		l.errorf(at, "sensitive-value", "Sensitive value not possible here", "The keys of for_each stand in addresses, which are shown. Use a value that is not sensitive.")
	case v.IsNull():
		l.errorf(at, "invalid-for-each", "Invalid for_each", "The value of for_each is null. For no blocks at all, write an empty map: { }.")
	case t.IsTupleType() || t.IsListType():
		l.errorf(at, "invalid-for-each", "Invalid for_each",
			"for_each takes a map, or a set of strings, and this is a list, whose elements have no lasting names. Write toset(...) around it.")
	case t.IsSetType() && t.ElementType() != cty.String && v.LengthInt() > 0, !t.IsSetType() && !t.IsMapType() && !t.IsObjectType():
		l.errorf(at, "invalid-for-each", "Invalid for_each", "for_each takes a map, or a set of strings, and this is %s.", describeSet(v))
	default:
		for it := v.ElementIterator(); it.Next(); {
			k, _ := it.Element()
			if k.IsNull() || k.AsString() == "" {
				l.errorf(at, "invalid-for-each", "Invalid for_each", "A key of for_each is empty. Every instance needs a name.")
				return false
			}
		}
		return true
	}
	return false
}

// evaluateStage decodes the attributes of one instance, and asks its kind for its ports and for problems.
func (l *loader) evaluateStage(in *instance) {
	b, block := in.decl, &in.block
	before := len(l.diags)
	d := &decoder{l: l, sc: in.scope, in: in, source: map[string]diag.Range{"": b.body.header}}
	keyed, unkeyed := d.body(b.body, schemaOf(&b.typ.BlockType, b.label), "")
	l.evaluateMetas(in)
	block.Source = d.source
	block.Config = spec.Canonical(keyed)
	if len(unkeyed) > 0 {
		block.Unkeyed = spec.Canonical(unkeyed)
	}
	if len(d.rec.calls) > 0 {
		block.Values = d.rec.calls
	}
	if b.spec.Ports != nil {
		in.ports = b.spec.Ports(block.Config)
	}
	in.broken = in.broken || d.failed
	l.evaluateThresholds(in)
	if b.spec.Check != nil && !in.broken && len(l.diags) == before {
		for _, p := range b.spec.Check(block.Full()) {
			l.errorf(sourceOf(block, p.Path), "invalid-config", p.Summary, "%s", p.Detail)
			in.broken = true
		}
	}
}

// sourceOf finds the place of an attribute, or of the nearest thing around it.
func sourceOf(b *spec.Block, path []string) diag.Range {
	for n := len(path); n > 0; n-- {
		if r, ok := b.Source[strings.Join(path[:n], ".")]; ok {
			return r
		}
	}
	return b.Source[""]
}
