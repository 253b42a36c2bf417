package lang

import (
	"maps"
	"slices"
	"strings"
	"unicode"

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
	opaque  bool // what it makes is known in part only, because of that
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

// evaluateStage decodes the attributes of one instance, and asks its kind for its ports and for problems. It asks also
// when some of the attributes have none: ports and checks answer for what is there, so that one run finds all mistakes.
func (l *loader) evaluateStage(in *instance) {
	b, block := in.decl, &in.block
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
	in.broken, in.opaque = in.broken || d.failed(), d.opaque
	if b.spec.Check != nil {
		for _, p := range b.spec.Check(block.Full()) {
			if d.follows(p) {
				continue
			}
			l.errorf(block.Place(p.Path...), "invalid-config", p.Summary, "%s", p.Detail)
			in.broken = true
		}
	}
	if b.spec.Ports != nil {
		in.ports = b.spec.Ports(block.Config)
		if in.broken {
			in.ports = d.possible(in.ports, b.spec, keyed)
		}
	}
	l.evaluateThresholds(in)
}

// follows reports whether a problem may only follow from what is reported already: it is about an attribute that has no
// value because of that, or names one.
func (d *decoder) follows(p spec.Problem) bool {
	at := strings.Join(p.Path, ".") + "."
	for _, f := range d.faults {
		last := f[strings.LastIndexByte(f, '.')+1:]
		if strings.HasPrefix(at, f+".") || strings.HasPrefix(f+".", at) || mentions(p.Detail, last) {
			return true
		}
	}
	return false
}

// mentions reports whether a word stands in a text.
func mentions(text, word string) bool {
	letter := func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	return slices.Contains(strings.FieldsFunc(text, letter), word)
}

// possible adds to the ports of a broken stage those that it may have when it is mended: what the kind has for an empty
// config, and for each value that an attribute which has none may take. A name outside of these is a mistake of its own.
func (d *decoder) possible(p spec.Ports, k *spec.KindSpec, keyed map[string]any) spec.Ports {
	p = joinPorts(p, k.Ports(nil))
	for i := range k.Schema.Attrs {
		a := &k.Schema.Attrs[i]
		if a.Type != spec.TypeString || !slices.Contains(d.faults, a.Name) {
			continue
		}
		for _, v := range a.Values {
			other := maps.Clone(keyed)
			other[a.Name] = v
			p = joinPorts(p, k.Ports(spec.Canonical(other)))
		}
	}
	return p
}

// joinPorts adds the outputs and metrics of b that a lacks.
func joinPorts(a, b spec.Ports) spec.Ports {
	for _, o := range b.Out {
		if !slices.ContainsFunc(a.Out, func(x spec.OutPort) bool { return x.Name == o.Name }) {
			a.Out = append(a.Out, o)
		}
	}
	for _, m := range b.Metrics {
		if !slices.ContainsFunc(a.Metrics, func(x spec.MetricDef) bool { return x.Name == m.Name }) {
			a.Metrics = append(a.Metrics, m)
		}
	}
	return a
}
