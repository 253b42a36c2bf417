package lang

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// A member is one member of a reference attribute: a value, and the expression that it is reported at.
type member struct {
	key string
	val cty.Value
	at  hclsyntax.Expression
	bad bool // there is no value, because of a reported problem
}

// referenceOf evaluates a reference attribute. What stands for it in the config is returned also when a problem was
// reported, as far as it is known.
func (d *decoder) referenceOf(a *attr, sc *scope) (any, bool) {
	if a.items != nil {
		return d.referenceItems(a, sc)
	}
	v, ok := d.l.eval(a.expr, sc)
	if !ok {
		if a.spec.Shape == spec.One || a.spec.Shape == "" {
			return true, false
		}
		return nil, false
	}
	return d.reference(a, v)
}

// reference turns the value of a reference attribute into inputs of the block, and returns what stands for it in the
// config: no address, only what ports may depend on.
func (d *decoder) reference(a *attr, v cty.Value) (any, bool) {
	if v.IsNull() {
		return nil, true
	}
	switch a.spec.Shape {
	case spec.List:
		if !isList(v) {
			d.referenceExpected(a, v, a.expr.rng(), "a list of references, as in [benchmark.a.items]")
			return nil, false
		}
		return d.members(a, elementsOf(v, a.expr.hcl), true)
	case spec.Map:
		_, isBlock := addressOf(v)
		if v.IsMarked() || isBlock || !v.Type().IsObjectType() && !v.Type().IsMapType() {
			d.referenceExpected(a, v, a.expr.rng(), "a map of references, as in { train = split.main.train }")
			return nil, false
		}
		return d.members(a, elementsOf(v, a.expr.hcl), true)
	}
	if isList(v) {
		return d.members(a, elementsOf(v, a.expr.hcl), true)
	}
	return d.members(a, []member{{val: v, at: a.expr.hcl}}, true)
}

// elementsOf returns the members of a list or map that is not written out.
func elementsOf(v cty.Value, at hclsyntax.Expression) []member {
	out := []member{}
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		m := member{val: e, at: at}
		if k.Type() == cty.String {
			m.key = k.AsString()
		}
		out = append(out, m)
	}
	return out
}

// referenceItems evaluates the members of a list or map that is written out.
func (d *decoder) referenceItems(a *attr, sc *scope) (any, bool) {
	_, isMap := a.expr.hcl.(*hclsyntax.ObjectConsExpr)
	if isMap != (a.spec.Shape == spec.Map) {
		d.referenceExpected(a, emptyLike(isMap), a.expr.rng(), wantedShape[a.spec.Shape])
		return nil, false
	}
	all := true
	var out []member
	for _, i := range a.items {
		v, ok := d.l.eval(i.expr, sc)
		all = all && ok
		out = append(out, member{i.key, v, i.expr.hcl, !ok})
	}
	return d.members(a, out, all)
}

var wantedShape = map[spec.Shape]string{
	spec.One: "one reference, as in split.main.train", "": "one reference, as in split.main.train",
	spec.List: "a list of references, as in [benchmark.a.items]",
	spec.Map:  "a map of references, as in { train = split.main.train }",
}

func emptyLike(isMap bool) cty.Value {
	if isMap {
		return cty.EmptyObjectVal
	}
	return cty.EmptyTupleVal
}

// members makes inputs of the members of a reference attribute. Without all, some had a problem that was reported: the
// others are checked and nothing comes of it.
func (d *decoder) members(a *attr, ms []member, all bool) (any, bool) {
	switch a.spec.Shape {
	case spec.List:
		for i, m := range ms {
			if m.bad {
				continue
			}
			refs, ok := d.union(a, m)
			all = all && ok
			d.input(spec.Input{Port: a.name, Member: strconv.Itoa(i), Refs: refs})
		}
		return len(ms), all
	case spec.Map:
		slices.SortFunc(ms, func(x, y member) int { return strings.Compare(x.key, y.key) })
		names := []any{}
		for _, m := range ms {
			names = append(names, m.key)
			if m.bad {
				continue
			}
			refs, ok := d.union(a, m)
			all = all && ok
			d.input(spec.Input{Port: a.name, Member: m.key, Refs: refs})
		}
		return names, all
	}
	ms = slices.DeleteFunc(ms, func(m member) bool { return m.bad })
	refs, ok := d.joined(a, ms, a.expr.rng(), all)
	d.input(spec.Input{Port: a.name, Refs: refs})
	return true, ok && all
}

func (d *decoder) input(i spec.Input) { d.in.block.Inputs = append(d.in.block.Inputs, i) }

// isList reports whether v is a list, set or tuple that can be gone through.
func isList(v cty.Value) bool {
	if v.IsMarked() || v.IsNull() {
		return false
	}
	t := v.Type()
	return t.IsTupleType() || t.IsListType() || t.IsSetType()
}

// union returns the references that one member of a list or map stands for: one, or a list of rows.
func (d *decoder) union(a *attr, m member) ([]spec.Ref, bool) {
	if isList(m.val) {
		return d.joined(a, elementsOf(m.val, m.at), exprRange(m.at), true)
	}
	return d.joined(a, []member{m}, exprRange(m.at), true)
}

// joined returns the references of a union. Without all, a problem was reported for members that are not here.
func (d *decoder) joined(a *attr, ms []member, at diag.Range, all bool) ([]spec.Ref, bool) {
	switch {
	case len(ms) == 0 && all:
		d.l.errorf(at, "empty-union", "Empty list of references", "%s is made of no inputs at all. Name one, or leave the attribute out if it is optional.", a.name)
		return nil, false
	case len(ms) > 1 && !a.spec.Artifact.IsRows():
		d.l.errorf(at, "reference-list", "One reference expected", "%s takes one %s: only rows can be joined. Choose one of the list.", a.name, a.spec.Artifact)
		return nil, false
	}
	var refs []spec.Ref
	ok := true
	for _, m := range ms {
		r, okOne := d.one(a, m.val, exprRange(m.at))
		ok = ok && okOne
		refs = append(refs, r)
	}
	return refs, ok
}

// one checks a single reference.
func (d *decoder) one(a *attr, v cty.Value, at diag.Range) (spec.Ref, bool) {
	r, ok := capsuleOf[refValue](v)
	if !ok {
		d.referenceExpected(a, v, at, fmt.Sprintf("a reference to %s", a.spec.Artifact))
		return spec.Ref{}, false
	}
	if !d.l.isEnabled(r.from, at) {
		return spec.Ref{}, false
	}
	if r.artifact != a.spec.Artifact {
		d.wrongArtifact(a, r, at)
		return spec.Ref{}, false
	}
	return r.Ref, true
}

// wrongArtifact names both places: where the reference stands and where the output is declared.
func (d *decoder) wrongArtifact(a *attr, r *refValue, at diag.Range) {
	var fitting []string
	for _, o := range r.from.ports.Out {
		if o.Artifact == a.spec.Artifact {
			fitting = append(fitting, r.Addr.String()+"."+o.Name)
		}
	}
	hint := ""
	if len(fitting) > 0 {
		hint = " Its outputs that fit: " + listed(fitting) + "."
	}
	d.l.add(diag.Diagnostic{
		Severity: diag.Error, Code: "wrong-artifact", Summary: "Wrong artifact type",
		Detail: fmt.Sprintf("%s takes %s, and %s holds %s (%s is declared at %s).%s",
			a.name, a.spec.Artifact, r.Ref, r.artifact, r.Addr, r.from.block.Source[""], hint),
		Subject: at, Block: d.in.block.Addr.String(),
		Values: []diag.Operand{{Traversal: r.String(), Value: string(r.artifact)}},
	})
}

// referenceExpected reports a value where a reference belongs.
func (d *decoder) referenceExpected(a *attr, v cty.Value, at diag.Range, want string) {
	if addr, ok := addressOf(v); ok {
		hint := ""
		if addr.from != nil {
			hint = choices(a.name, addr.from.fitting(a.spec.Artifact), "Those that fit are")
		}
		d.l.errorf(at, "incomplete-reference", "Incomplete reference", "%s is a block. Name the output of it that %s takes.%s", addr.addr, a.name, hint)
		return
	}
	if b, ok := instancesOf(v); ok && a.spec.Shape != spec.Map {
		d.l.errorf(at, "missing-instance-key", "Instance not named", "%s has for_each, so it stands for several blocks. Name one by its key, or take all: [for b in %s : b.output].", b, b)
		return
	}
	if m, ok := capsuleOf[metricValue](v); ok {
		d.l.metricMisplaced(at, m.String()+" is a metric.")
		return
	}
	hint := ""
	if !v.IsMarked() && !v.IsNull() && v.Type() == cty.String {
		hint = " A text is never a reference, even one that looks like it: write it without quotes."
	}
	d.l.errorf(at, "reference-expected", "Reference expected", "%s takes %s, and this is %s.%s", a.name, want, describe(v), hint)
}

// fitting lists the outputs of a type, as they would be written.
func (in *instance) fitting(t spec.Artifact) []string {
	var out []string
	for _, o := range in.ports.Out {
		if o.Artifact == t {
			out = append(out, in.block.Addr.String()+"."+o.Name)
		}
	}
	return out
}
