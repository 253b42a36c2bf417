package lang

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// reference turns the value of a reference attribute into inputs of the block, and returns what stands for it in the
// config: no address, only what ports may depend on.
func (d *decoder) reference(a *attr, v cty.Value) (any, bool) {
	if v.IsNull() {
		return nil, true
	}
	switch a.spec.Shape {
	case spec.List:
		return d.referenceList(a, v)
	case spec.Map:
		return d.referenceMap(a, v)
	}
	refs, ok := d.union(a, v, a.expr.hcl)
	if !ok {
		return nil, false
	}
	d.input(spec.Input{Port: a.name, Refs: refs})
	return true, true
}

func (d *decoder) input(i spec.Input) { d.in.block.Inputs = append(d.in.block.Inputs, i) }

func (d *decoder) referenceList(a *attr, v cty.Value) (any, bool) {
	if !isList(v) {
		d.referenceExpected(a, v, a.expr.rng(), "a list of references, as in [benchmark.a.items]")
		return nil, false
	}
	n, ok := 0, true
	for it := v.ElementIterator(); it.Next(); n++ {
		_, e := it.Element()
		refs, okItem := d.union(a, e, itemAt(a.expr.hcl, n))
		ok = ok && okItem
		d.input(spec.Input{Port: a.name, Member: strconv.Itoa(n), Refs: refs})
	}
	return n, ok
}

func (d *decoder) referenceMap(a *attr, v cty.Value) (any, bool) {
	_, isBlock := addressOf(v)
	if v.IsMarked() || isBlock || !v.Type().IsObjectType() && !v.Type().IsMapType() {
		d.referenceExpected(a, v, a.expr.rng(), "a map of references, as in { train = split.main.train }")
		return nil, false
	}
	members, ok := v.AsValueMap(), true
	names := slices.Sorted(maps.Keys(members))
	for _, name := range names {
		refs, okItem := d.union(a, members[name], memberAt(a.expr.hcl, name))
		ok = ok && okItem
		d.input(spec.Input{Port: a.name, Member: name, Refs: refs})
	}
	out := make([]any, len(names))
	for i, n := range names {
		out[i] = n
	}
	return out, ok
}

// isList reports whether v is a list, set or tuple that can be gone through.
func isList(v cty.Value) bool {
	if v.IsMarked() || v.IsNull() {
		return false
	}
	t := v.Type()
	return t.IsTupleType() || t.IsListType() || t.IsSetType()
}

// itemAt returns the expression of the i-th item of a list, or the list when it is not written out.
func itemAt(e hclsyntax.Expression, i int) hclsyntax.Expression {
	if t, ok := e.(*hclsyntax.TupleConsExpr); ok && i < len(t.Exprs) {
		return t.Exprs[i]
	}
	return e
}

func memberAt(e hclsyntax.Expression, name string) hclsyntax.Expression {
	if o, ok := e.(*hclsyntax.ObjectConsExpr); ok {
		for _, item := range o.Items {
			if k, ok := item.KeyExpr.(*hclsyntax.ObjectConsKeyExpr); ok && keyName(k) == name {
				return item.ValueExpr
			}
		}
	}
	return e
}

// union returns the references that one member of an input stands for: one, or a list of rows.
func (d *decoder) union(a *attr, v cty.Value, at hclsyntax.Expression) ([]spec.Ref, bool) {
	if !isList(v) {
		r, ok := d.one(a, v, lineRange(at))
		if !ok {
			return nil, false
		}
		return []spec.Ref{r}, true
	}
	if !a.spec.Artifact.IsRows() {
		d.l.errorf(lineRange(at), "reference-list", "One reference expected", "%s takes one %s: only rows can be joined. Choose one of the list.", a.name, a.spec.Artifact)
		return nil, false
	}
	var refs []spec.Ref
	ok := true
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		r, okItem := d.one(a, e, lineRange(itemAt(at, len(refs))))
		ok = ok && okItem
		refs = append(refs, r)
	}
	if len(refs) == 0 {
		d.l.errorf(lineRange(at), "empty-union", "Empty list of references", "%s is made of no inputs at all. Name one, or leave the attribute out if it is optional.", a.name)
		return nil, false
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
