package lang

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// A body is what stands between the braces of a block, sorted by its schema. It is made once for each block, however
// many instances for_each makes of that.
type body struct {
	header diag.Range
	attrs  []*attr // in the order of the schema
	nested []*nested
	metas  map[string]*attr
	// mistaken are the attributes that unknown ones may have been meant for, and the types of nested blocks that could not
	// be read. What seems to be missing may be these.
	mistaken   []string
	incomplete bool // a nested block is missing or could not be read
}

// An attr is one attribute that was given.
type attr struct {
	spec *spec.Attr // nil of a meta-argument
	name string
	rng  diag.Range // the name
	expr *expression
	// items are the members of a list or map of references, or of expressions over rows, that is written out: each on its
	// own, so that a mistake in one hides none in the others.
	items []item
}

// An item is one member of a list or map that is written out.
type item struct {
	key  string // of a map
	expr *expression
}

// A nested is a block inside a block.
type nested struct {
	typ    *spec.BlockType
	schema *spec.Schema
	label  string
	rng    diag.Range // the label, or the type when there is none
	body   *body
}

// get returns the attribute of that name, or nil.
func (b *body) get(name string) *attr {
	for _, a := range b.attrs {
		if a.name == name {
			return a
		}
	}
	return nil
}

// compileAll reads the bodies of all declarations.
func (l *loader) compileAll() {
	d := &l.decls
	for _, name := range slices.Sorted(maps.Keys(d.single)) {
		s := d.single[name]
		s.body = l.compileBody(s.src, l.top[name].Schema, nil, place{node: &node{name: name}})
	}
	for _, name := range slices.Sorted(maps.Keys(d.variables)) {
		l.compileVariable(d.variables[name])
	}
	for _, name := range slices.Sorted(maps.Keys(d.locals)) {
		loc := d.locals[name]
		loc.node = node{name: "local." + name, work: loc}
		loc.expr = l.compileExpr(loc.src.Expr, place{node: &loc.node})
	}
	for _, list := range [][]*block{d.backends, d.stages, d.gates} {
		for _, b := range list {
			l.compileBlock(b)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.outputs)) {
		o := d.outputs[name]
		o.body = l.compileBody(o.src, outputSchema, nil, place{node: &node{name: "output." + name}})
	}
}

// compileBlock reads the body of a stage, gate or backend.
func (l *loader) compileBlock(b *block) {
	b.node = node{name: b.addr().String(), work: b}
	schema := schemaOf(&b.typ.BlockType, b.label)
	if schema == nil {
		l.errorf(rangeOf(b.src.LabelRanges[0]), "unknown-driver", "Unknown "+b.typ.Label,
			"There is no %s %q.%s", b.typ.Label, b.label, choices(b.label, driverLabels(&b.typ.BlockType), "The choices are"))
		b.broken = true
		return
	}
	_, each := b.src.Body.Attributes["for_each"]
	b.keyed = each && slices.Contains(b.typ.metas, "for_each")
	b.body = l.compileBody(b.src, schema, b.typ.metas, place{node: &b.node, each: b.keyed})
}

// compileBody sorts the content of a block by its schema, and reports what the schema does not know or misses.
func (l *loader) compileBody(src *hclsyntax.Block, schema *spec.Schema, metas []string, at place) *body {
	out := &body{header: headerOf(src), metas: map[string]*attr{}}
	names := sortedAttributes(src.Body.Attributes)
	for i := range schema.Attrs {
		a := &schema.Attrs[i]
		given, ok := src.Body.Attributes[a.Name]
		if !ok {
			if a.Required {
				l.errorf(out.header, "missing-attribute", "Missing attribute", "The attribute %s is required here%s.", a.Name, docClause(a.Doc))
			}
			continue
		}
		within := at
		within.row = a.Type == spec.TypeRowExpr || a.Type == spec.TypeRowMap
		within.plain = a.Type != spec.TypeReference && a.Type != spec.TypeExpression
		out.attrs = append(out.attrs, l.compileAttr(a, given, within))
	}
	for _, name := range names {
		given := src.Body.Attributes[name]
		switch {
		case slices.Contains(metas, name):
			within := at
			within.each = at.each && name != "for_each"
			within.order = name == "requires"
			out.metas[name] = &attr{name: name, rng: rangeOf(given.NameRange), expr: l.compileExpr(given.Expr, within)}
		case !slices.ContainsFunc(schema.Attrs, func(a spec.Attr) bool { return a.Name == name }):
			l.unknownAttribute(src, given, schema, metas)
			if best := diag.Closest(name, attrNames(schema)); best != "" {
				out.mistaken = append(out.mistaken, best)
			}
		}
	}
	l.compileNested(out, src, schema, at)
	return out
}

func (l *loader) compileAttr(a *spec.Attr, given *hclsyntax.Attribute, at place) *attr {
	out := &attr{spec: a, name: a.Name, rng: rangeOf(given.NameRange)}
	if a.Type == spec.TypeReference || a.Type == spec.TypeRowMap {
		out.items = l.compileItems(given.Expr, at)
	}
	if out.items == nil {
		out.expr = l.compileExpr(given.Expr, at)
		return out
	}
	out.expr = &expression{hcl: given.Expr}
	for _, i := range out.items {
		out.expr.bad = out.expr.bad || i.expr.bad
	}
	return out
}

// compileItems takes a list or map constructor apart. It returns nil for everything else, and for a map whose keys are
// not written out.
func (l *loader) compileItems(e hclsyntax.Expression, at place) []item {
	var out []item
	switch e := e.(type) {
	case *hclsyntax.TupleConsExpr:
		for _, x := range e.Exprs {
			out = append(out, item{expr: l.compileExpr(x, at)})
		}
	case *hclsyntax.ObjectConsExpr:
		seen := map[string]bool{}
		for _, i := range e.Items {
			k, ok := i.KeyExpr.(*hclsyntax.ObjectConsKeyExpr)
			if !ok || keyName(k) == "" || seen[keyName(k)] {
				return nil
			}
			seen[keyName(k)] = true
		}
		for _, i := range e.Items {
			out = append(out, item{keyName(i.KeyExpr.(*hclsyntax.ObjectConsKeyExpr)), l.compileExpr(i.ValueExpr, at)})
		}
	}
	return out
}

func sortedAttributes(attrs hclsyntax.Attributes) []string {
	return slices.Sorted(maps.Keys(attrs))
}

func docClause(doc string) string {
	if doc == "" {
		return ""
	}
	return ": " + strings.TrimSuffix(doc, ".")
}

// unknownAttribute says what an attribute that no schema knows could have been meant for.
func (l *loader) unknownAttribute(src *hclsyntax.Block, a *hclsyntax.Attribute, schema *spec.Schema, metas []string) {
	subject := rangeOf(a.NameRange)
	if l.top[src.Type] != nil && metas != nil {
		switch a.Name {
		case "count":
			l.errorf(subject, "unsupported-count", "Count does not exist",
				"There is no count: write `enabled = ...` to switch a block off, or `for_each = toset([...])` to make several of it, "+
					"whose addresses do not shift when one is removed.")
			return
		case "depends_on":
			l.errorf(subject, "unknown-attribute", "Unknown attribute",
				"There is no depends_on. A reference to an output orders stages by itself; to wait for what a stage measured, write a gate and name it in requires = [gate.NAME].")
			return
		}
	}
	if nestedType(schema, a.Name) != nil {
		l.errorf(subject, "block-expected", "Block expected", "%s is a block here: write %s { ... } without an equals sign.", a.Name, a.Name)
		return
	}
	names := slices.Concat(metas, attrNames(schema), blockNames(schema))
	l.errorf(subject, "unknown-attribute", "Unknown attribute", "%s block has no attribute %s.%s",
		article(blockTitle(src, metas != nil)), a.Name, choices(a.Name, names, "It has"))
}

// blockTitle writes a block's type, and its driver where the label is one.
func blockTitle(src *hclsyntax.Block, isName bool) string {
	if len(src.Labels) == 0 || isName {
		return src.Type
	}
	return src.Type + " \"" + src.Labels[0] + "\""
}

// compileNested reads the blocks inside a block, grouped in the order of the schema.
func (l *loader) compileNested(out *body, src *hclsyntax.Block, schema *spec.Schema, at place) {
	for _, b := range src.Body.Blocks {
		if nestedType(schema, b.Type) == nil {
			l.unknownNested(b, schema)
			if best := diag.Closest(b.Type, blockNames(schema)); best != "" {
				out.mistaken, out.incomplete = append(out.mistaken, best), true
			}
		}
	}
	for i := range schema.Blocks {
		typ := &schema.Blocks[i]
		n := 0
		for _, b := range src.Body.Blocks {
			if b.Type != typ.Name {
				continue
			}
			n++
			if typ.Max > 0 && n == typ.Max+1 {
				l.errorf(rangeOf(b.TypeRange), "too-many-blocks", "Too many blocks",
					"There may be %d %s here at most. Remove this one.", typ.Max, plural(typ.Max, typ.Name+" block"))
			}
			if c := l.compileOne(b, typ, at); c != nil {
				out.nested = append(out.nested, c)
			} else {
				out.mistaken, out.incomplete = append(out.mistaken, typ.Name), true
			}
		}
		if n < typ.Min {
			l.errorf(out.header, "missing-block", "Missing block", "At least %d %s is needed here%s.%s",
				typ.Min, plural(typ.Min, typ.Name+" block"), docClause(typ.Doc), driverChoices(typ))
			out.mistaken, out.incomplete = append(out.mistaken, typ.Name), true
		}
	}
}

func (l *loader) compileOne(b *hclsyntax.Block, typ *spec.BlockType, at place) *nested {
	if !l.checkLabels(b, typ) {
		return nil
	}
	c := &nested{typ: typ, rng: rangeOf(lastLabel(b))}
	if len(b.Labels) > 0 {
		c.label = b.Labels[0]
	}
	if c.schema = schemaOf(typ, c.label); c.schema == nil {
		l.errorf(c.rng, "unknown-driver", "Unknown "+typ.Label,
			"There is no %s %q.%s", typ.Label, c.label, choices(c.label, driverLabels(typ), "The choices are"))
		return nil
	}
	at.limit = typ.Name == thresholdType.Name
	c.body = l.compileBody(b, c.schema, nil, at)
	return c
}

func (l *loader) unknownNested(b *hclsyntax.Block, schema *spec.Schema) {
	subject := rangeOf(b.TypeRange)
	if slices.ContainsFunc(schema.Attrs, func(a spec.Attr) bool { return a.Name == b.Type }) {
		l.errorf(subject, "attribute-expected", "Attribute expected", "%s is an attribute here: write %s = ... with an equals sign.", b.Type, b.Type)
		return
	}
	l.errorf(subject, "unknown-block", "Unknown block", "There is no block %s here.%s", b.Type, choices(b.Type, blockNames(schema), "The blocks are"))
}

func attrNames(s *spec.Schema) []string {
	out := make([]string, len(s.Attrs))
	for i := range s.Attrs {
		out[i] = s.Attrs[i].Name
	}
	return out
}

func blockNames(s *spec.Schema) []string {
	out := make([]string, len(s.Blocks))
	for i := range s.Blocks {
		out[i] = s.Blocks[i].Name
	}
	return out
}

func plural(n int, what string) string {
	if n == 1 {
		return what
	}
	return what + "s"
}

// exprRange is the range of an expression.
func exprRange(e hcl.Expression) diag.Range { return rangeOf(e.Range()) }
