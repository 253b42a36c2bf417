package lang

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
	"github.com/prefab-build/prefab/spec/expr"
)

// A decoder turns the body of one instance into configuration: what encoding/json writes, apart by whether it is in keys.
type decoder struct {
	l      *loader
	sc     *scope
	in     *instance             // whose inputs references become; nil in settings
	source map[string]diag.Range // where attributes stand
	rec    recorder              // what keyed attributes read from outside
	// faults are the paths of attributes and blocks that have no value because of a reported problem.
	faults []string
	// opaque is set when the config lacks something that no guess can stand for: what the stage makes is not known then.
	opaque bool
}

func (d *decoder) fail(path string) { d.faults = append(d.faults, path) }
func (d *decoder) failed() bool     { return len(d.faults) > 0 }

// body decodes one body, below the path of its block ("" or "source.0.").
func (d *decoder) body(b *body, schema *spec.Schema, path string) (keyed, unkeyed map[string]any) {
	keyed, unkeyed = map[string]any{}, map[string]any{}
	for i := range schema.Attrs {
		a := &schema.Attrs[i]
		into := keyed
		if a.Unkeyed {
			into = unkeyed
		}
		given := b.get(a.Name)
		if given == nil {
			if a.Default != nil {
				into[a.Name] = a.Default
			} else if a.Required {
				d.fail(path + a.Name) // reported when the body was read
				d.opaque = d.opaque || a.Shape == spec.Map
			}
			continue
		}
		d.source[path+a.Name] = given.expr.rng()
		d.memberSources(path+a.Name, given.expr.hcl)
		switch v, ok := d.attribute(given); {
		case !ok:
			d.fail(path + a.Name)
			if v != nil {
				into[a.Name] = v // as much as is known: that there are references, and of which names
			}
			d.opaque = d.opaque || v == nil && (a.Type == spec.TypeRowMap || a.Shape == spec.Map)
		case v != nil:
			into[a.Name] = v
		case a.Default != nil:
			into[a.Name] = a.Default
		case a.Required:
			d.fail(path + a.Name)
			d.l.errorf(given.expr.rng(), "missing-attribute", "Missing attribute", "%s is required, and its value here is null. Give it a value.", a.Name)
		}
	}
	for _, name := range b.mistaken {
		d.fail(path + name)
	}
	d.opaque = d.opaque || b.incomplete
	for i := range schema.Attrs {
		if a := &schema.Attrs[i]; a.EndingOf != "" && keyed[a.Name] == nil {
			if ending := endingOf(unkeyed[a.EndingOf], a.Values); ending != "" {
				keyed[a.Name] = ending
			}
		}
	}
	for i := range schema.Blocks {
		if schema.Blocks[i].Name != thresholdType.Name {
			d.nested(b, &schema.Blocks[i], path, keyed, unkeyed)
		}
	}
	return keyed, unkeyed
}

// memberSources notes where the members of a list or map that is written out stand, and under NAME@ the key of each.
func (d *decoder) memberSources(path string, e hclsyntax.Expression) {
	switch e := e.(type) {
	case *hclsyntax.TupleConsExpr:
		for i, x := range e.Exprs {
			d.source[path+"."+strconv.Itoa(i)] = exprRange(x)
		}
	case *hclsyntax.ObjectConsExpr:
		for _, i := range e.Items {
			if k, ok := i.KeyExpr.(*hclsyntax.ObjectConsKeyExpr); ok && keyName(k) != "" {
				at := path + "." + keyName(k)
				d.source[at], d.source[at+"@"] = exprRange(i.ValueExpr), exprRange(k)
			}
		}
	}
}

// endingOf returns the longest of the endings that a path has.
func endingOf(path any, endings []string) (longest string) {
	p, _ := path.(string)
	for _, e := range endings {
		if len(e) > len(longest) && strings.HasSuffix(p, "."+e) {
			longest = e
		}
	}
	return longest
}

// nested decodes the blocks of one type to a list. The list of unkeyed attributes is as long, so that each finds its
// block.
func (d *decoder) nested(b *body, typ *spec.BlockType, path string, keyed, unkeyed map[string]any) {
	var k, u []any
	some := false
	for _, n := range b.nested {
		if n.typ.Name != typ.Name {
			continue
		}
		at := path + typ.Name + "." + strconv.Itoa(len(k))
		d.source[at] = n.rng
		nk, nu := d.body(n.body, n.schema, at+".")
		some = some || len(nu) > 0
		if typ.Label != "" {
			nk["label"], nu["label"] = n.label, n.label
		}
		k, u = append(k, nk), append(u, nu)
	}
	if k != nil {
		keyed[typ.Name] = k
	}
	if some {
		unkeyed[typ.Name] = u
	}
}

// attribute decodes one attribute. A null is nil.
func (d *decoder) attribute(a *attr) (any, bool) {
	before := len(d.l.diags)
	v, ok := d.decode(a)
	if len(d.l.diags) > before {
		d.l.explain(before, hclsyntax.Variables(a.expr.hcl), d.sc)
	}
	return v, ok
}

func (d *decoder) decode(a *attr) (any, bool) {
	sc := d.sc
	if !a.spec.Unkeyed {
		own := *d.sc
		own.rec = &d.rec
		sc = &own
	}
	switch a.spec.Type {
	case spec.TypeRowExpr:
		n, ok := d.l.lower(a.expr, sc)
		if !ok || isNull(n) {
			return nil, ok
		}
		return n, true
	case spec.TypeRowMap:
		if _, isMap := a.expr.hcl.(*hclsyntax.ObjectConsExpr); isMap && a.items != nil {
			return d.rowItems(a, sc)
		}
		if a.items != nil {
			d.rowMapExpected(a)
			return nil, false
		}
		return d.rowMap(a, sc)
	}
	if a.spec.Type == spec.TypeReference {
		own := *sc
		own.port = a.spec.Artifact
		return d.referenceOf(a, &own)
	}
	v, ok := d.l.eval(a.expr, sc)
	if !ok {
		return nil, false
	}
	if v.ContainsMarked() {
		if !a.spec.Unkeyed {
			d.l.sensitiveAttribute(a)
			return nil, false
		}
		if a.spec.Path {
			d.l.errorf(a.expr.rng(), "sensitive-value", "Sensitive value not possible here",
				"%s is a path, which is shown in plans, messages and the history, and this value is sensitive. Use a value that may be shown.", a.name)
			return nil, false
		}
		v, _ = v.UnmarkDeep()
	}
	return d.plainValue(a, v)
}

func (l *loader) sensitiveAttribute(a *attr) {
	l.errorf(a.expr.rng(), "sensitive-value", "Sensitive value not possible here",
		"%s is part of the stage's key, which is stored and shown, and this value is sensitive. "+
			"Secrets are named, not valued: give the name of an environment variable to an attribute made for it, such as api_key_env.", a.name)
}

// rowItems lowers the members of a map of expressions over a row that is written out.
func (d *decoder) rowItems(a *attr, sc *scope) (any, bool) {
	out, all := map[string]any{}, true
	for _, i := range a.items {
		n, ok := d.l.lower(i.expr, sc)
		if !ok {
			all, n = false, literal(nil) // that the column is named is known
		}
		out[i.key] = n
	}
	return out, all
}

// rowMap lowers an object of expressions over a row that some expression makes.
func (d *decoder) rowMap(a *attr, sc *scope) (any, bool) {
	n, ok := d.l.lower(a.expr, sc)
	if !ok || isNull(n) {
		return nil, ok
	}
	out := map[string]any{}
	for i, k := range n.Keys {
		if name, known := k.Value.(string); known && k.Op == expr.Literal {
			out[name] = n.Args[i]
		}
	}
	if n.Op != expr.Object || len(out) < len(n.Keys) {
		d.rowMapExpected(a)
		return nil, false
	}
	return out, true
}

func (d *decoder) rowMapExpected(a *attr) {
	d.l.errorf(a.expr.rng(), "wrong-type", "Wrong type", "%s is a map of expressions over the row, as in { prompt = row.question }.", a.name)
}

// ctyTypes are the types that attributes are converted to.
var ctyTypes = map[spec.AttrType]cty.Type{
	spec.TypeString:     cty.String,
	spec.TypeInt:        cty.Number,
	spec.TypeNumber:     cty.Number,
	spec.TypeBool:       cty.Bool,
	spec.TypeStringList: cty.List(cty.String),
	spec.TypeIntList:    cty.List(cty.Number),
	spec.TypeNumberList: cty.List(cty.Number),
	spec.TypeStringMap:  cty.Map(cty.String),
	spec.TypeNumberMap:  cty.Map(cty.Number),
	spec.TypeObjectList: cty.List(cty.Map(cty.String)),
}

// typeNames say what a type is, for people.
var typeNames = map[spec.AttrType]string{
	spec.TypeString: "a string", spec.TypeInt: "a whole number", spec.TypeNumber: "a number", spec.TypeBool: "true or false",
	spec.TypeStringList: "a list of strings", spec.TypeIntList: "a list of whole numbers", spec.TypeNumberList: "a list of numbers",
	spec.TypeStringMap: "a map of strings", spec.TypeNumberMap: "a map of numbers", spec.TypeObjectList: "a list of maps of strings",
}

// plainValue converts a value to the type of its attribute and checks the schema's bounds.
func (d *decoder) plainValue(a *attr, v cty.Value) (any, bool) {
	t, known := ctyTypes[a.spec.Type]
	if !known {
		panic("lang: the attribute " + a.name + " has the unknown type " + string(a.spec.Type))
	}
	if hasCapsule(v) {
		d.l.capsuleMisplaced(a, v)
		return nil, false
	}
	converted, ok := d.l.convertTo(v, t, a)
	if !ok || converted.IsNull() {
		return nil, ok
	}
	out, err := plain(converted)
	if err != nil {
		d.l.errorf(a.expr.rng(), "wrong-type", "Wrong type", "%s: %v.", a.name, err)
		return nil, false
	}
	return out, d.checkBounds(a, out)
}

// capsuleMisplaced reports an output, a metric or a block where a plain value belongs.
func (l *loader) capsuleMisplaced(a *attr, v cty.Value) {
	if m, ok := capsuleOf[metricValue](v); ok {
		l.metricMisplaced(a.expr.rng(), m.String()+" is a metric.")
		return
	}
	what := "a plain value"
	if a.spec != nil {
		what = typeNames[a.spec.Type]
	}
	l.errorf(a.expr.rng(), "output-as-value", "Output used as a value", "%s is %s, and this is %s. Outputs go to the inputs of stages.", a.name, what, describe(v))
}

// convertTo converts a value to a type, or reports that it cannot be.
func (l *loader) convertTo(v cty.Value, t cty.Type, a *attr) (cty.Value, bool) {
	if hasCapsule(v) {
		l.capsuleMisplaced(a, v)
		return v, false
	}
	out, err := converted(v, t)
	if err == nil && out.IsWhollyKnown() {
		return out, true
	}
	if err == nil {
		return out, false
	}
	want := t.FriendlyName()
	if a.spec != nil {
		want = typeNames[a.spec.Type]
	}
	var where string
	if p := (cty.PathError{}); errors.As(err, &p) && len(p.Path) > 0 {
		where = fmt.Sprintf(" (at %s%s)", a.name, pathText(p.Path))
	}
	l.add(diag.Diagnostic{
		Severity: diag.Error, Code: "wrong-type", Summary: "Wrong type",
		Detail:  fmt.Sprintf("%s is %s, and this is %s%s.", a.name, want, describe(v), where),
		Subject: a.expr.rng(), Values: []diag.Operand{{Traversal: a.name, Value: show(v)}},
	})
	return out, false
}
