package lang

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/prefab-build/prefab/spec"
)

// fromJSON turns the JSON form of a file into the syntax tree of the native form, so that all later passes know one
// form only. The schemas say which properties are blocks; strings are templates, as HCL's JSON syntax has it.
func (l *loader) fromJSON(root hcl.Body) *hclsyntax.Body {
	body := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: root.MissingItemRange()}
	attrs, ds := root.JustAttributes()
	l.addHCL(ds, "syntax")
	for _, name := range sortedByPlace(attrs) {
		a := attrs[name]
		typ, ok := l.topLevel(name)
		if !ok {
			// An unknown block: its name is what is wrong, whatever is inside.
			body.Blocks = append(body.Blocks, jsonBlock(name, a.NameRange))
			continue
		}
		l.jsonBlocks(body, typ, a.NameRange, a.Expr)
	}
	return body
}

func sortedByPlace(attrs hcl.Attributes) []string {
	return slices.SortedFunc(maps.Keys(attrs), func(a, b string) int {
		return cmp.Compare(attrs[a].NameRange.Start.Byte, attrs[b].NameRange.Start.Byte)
	})
}

func jsonBlock(name string, r hcl.Range) *hclsyntax.Block {
	return &hclsyntax.Block{
		Type: name, TypeRange: r, OpenBraceRange: r, CloseBraceRange: r,
		Body: &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: r, EndRange: r},
	}
}

// jsonBlocks adds the blocks of one type that the value of a property stands for: an object, or a list of them, below
// one more level of properties when the type takes a label.
func (l *loader) jsonBlocks(into *hclsyntax.Body, typ *spec.BlockType, name hcl.Range, e hcl.Expression) {
	if typ.Label == "" {
		l.eachObject(e, func(o hcl.Expression) {
			b := jsonBlock(typ.Name, name)
			l.jsonBody(b.Body, typ.Schema, o)
			into.Blocks = append(into.Blocks, b)
		})
		return
	}
	l.eachObject(e, func(labels hcl.Expression) {
		for _, kv := range l.properties(labels) {
			label := kv.name
			schema := schemaOf(typ, label)
			l.eachObject(kv.value, func(o hcl.Expression) {
				b := jsonBlock(typ.Name, name)
				b.Labels, b.LabelRanges = []string{label}, []hcl.Range{kv.rng}
				if schema != nil {
					l.jsonBody(b.Body, schema, o)
				}
				into.Blocks = append(into.Blocks, b)
			})
		}
	})
}

// schemaOf returns the schema of a block with that label, or nil when the label picks none.
func schemaOf(typ *spec.BlockType, label string) *spec.Schema {
	if typ.Drivers == nil {
		return typ.Schema
	}
	for i := range typ.Drivers {
		if typ.Drivers[i].Label == label {
			return &typ.Drivers[i].Schema
		}
	}
	return nil
}

// jsonBody fills the body of a block from an object.
func (l *loader) jsonBody(into *hclsyntax.Body, schema *spec.Schema, o hcl.Expression) {
	for _, kv := range l.properties(o) {
		if typ := nestedType(schema, kv.name); typ != nil {
			l.jsonBlocks(into, typ, kv.rng, kv.value)
			continue
		}
		if _, double := into.Attributes[kv.name]; double {
			l.errorf(rangeOf(kv.rng), "duplicate-attribute", "Duplicate attribute",
				"The property %q stands twice in one object. Keep one.", kv.name)
			continue
		}
		expr := l.jsonExpr(kv.value)
		into.Attributes[kv.name] = &hclsyntax.Attribute{
			Name: kv.name, Expr: expr, NameRange: kv.rng, EqualsRange: kv.rng,
			SrcRange: hcl.RangeBetween(kv.rng, expr.Range()),
		}
	}
}

// nestedType returns the block type of that name in a schema, or nil.
func nestedType(s *spec.Schema, name string) *spec.BlockType {
	if s == nil {
		return nil
	}
	for i := range s.Blocks {
		if s.Blocks[i].Name == name {
			return &s.Blocks[i]
		}
	}
	return nil
}

// eachObject calls f on a JSON object, or on each object of a list.
func (l *loader) eachObject(e hcl.Expression, f func(hcl.Expression)) {
	if list, ds := hcl.ExprList(e); !ds.HasErrors() {
		for _, item := range list {
			l.eachObject(item, f)
		}
		return
	}
	if _, ds := hcl.ExprMap(e); ds.HasErrors() {
		l.errorf(rangeOf(e.Range()), "syntax", "Object expected",
			"A block is written as a JSON object, or as a list of them. Put the block's attributes into { }.")
		return
	}
	f(e)
}

type property struct {
	name  string
	rng   hcl.Range
	value hcl.Expression
}

// properties returns the properties of an object in source order, without comments ("//").
func (l *loader) properties(o hcl.Expression) []property {
	kvs, _ := hcl.ExprMap(o)
	var out []property
	for _, kv := range kvs {
		if name, ok := jsonString(kv.Key); ok && name != "//" {
			out = append(out, property{name, kv.Key.Range(), kv.Value})
		}
	}
	return out
}

func jsonString(e hcl.Expression) (string, bool) {
	v, ds := e.Value(nil) // without a context, a string is taken as it stands
	if ds.HasErrors() || v.IsNull() || !v.IsKnown() || v.Type() != cty.String {
		return "", false
	}
	return v.AsString(), true
}

// jsonExpr turns a JSON value into an expression of the native syntax.
func (l *loader) jsonExpr(e hcl.Expression) hclsyntax.Expression {
	r := e.Range()
	if list, ds := hcl.ExprList(e); !ds.HasErrors() {
		out := &hclsyntax.TupleConsExpr{SrcRange: r, OpenRange: e.StartRange()}
		for _, item := range list {
			out.Exprs = append(out.Exprs, l.jsonExpr(item))
		}
		return out
	}
	if kvs, ds := hcl.ExprMap(e); !ds.HasErrors() {
		out := &hclsyntax.ObjectConsExpr{SrcRange: r, OpenRange: e.StartRange()}
		for _, kv := range kvs {
			out.Items = append(out.Items, hclsyntax.ObjectConsItem{
				KeyExpr:   &hclsyntax.ObjectConsKeyExpr{Wrapped: l.jsonExpr(kv.Key), ForceNonLiteral: true},
				ValueExpr: l.jsonExpr(kv.Value),
			})
		}
		return out
	}
	s, ok := jsonString(e)
	if !ok {
		v, _ := e.Value(nil)
		return &hclsyntax.LiteralValueExpr{Val: v, SrcRange: r}
	}
	if !strings.Contains(s, "${") && !strings.Contains(s, "%{") {
		return &hclsyntax.LiteralValueExpr{Val: cty.StringVal(s), SrcRange: r}
	}
	if d, bad := tooDeep(r.Filename, []byte(s), formTemplate); bad {
		d.Subject = rangeOf(r)
		l.add(d)
		return &hclsyntax.ExprSyntaxError{Placeholder: cty.DynamicVal, SrcRange: r}
	}
	start := r.Start // of the string's text, behind the quote
	start.Column++
	start.Byte++
	expr, ds := hclsyntax.ParseTemplate([]byte(s), r.Filename, start)
	l.addHCL(ds, "syntax")
	if expr == nil || ds.HasErrors() {
		return &hclsyntax.ExprSyntaxError{Placeholder: cty.DynamicVal, SrcRange: r}
	}
	return expr
}
