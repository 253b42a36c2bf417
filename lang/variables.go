package lang

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// A variable is a value given from outside.
type variable struct {
	name       string
	src        *hclsyntax.Block
	body       *body
	typ        cty.Type
	fill       *typeexpr.Defaults // of optional attributes
	fallback   *cty.Value         // the default; nil when there is none, or a broken one
	hasDefault bool
	nullable   bool
	sensitive  bool
	val        cty.Value // with marks; unknown when a problem was reported
	from       string    // who gave the value, for messages
	by         spec.Giver
	at         diag.Range
}

func (l *loader) registerVariable(b *hclsyntax.Block) {
	name := b.Labels[0]
	if first, twice := l.decls.variables[name]; twice {
		l.duplicate(b, first.src)
		return
	}
	l.decls.variables[name] = &variable{name: name, src: b, typ: cty.DynamicPseudoType, nullable: true, val: cty.DynamicVal}
}

// compileVariable reads the declaration of a variable.
func (l *loader) compileVariable(v *variable) {
	src := *v.src
	rest := *src.Body
	rest.Attributes = maps.Clone(rest.Attributes)
	src.Body = &rest
	if a := rest.Attributes["type"]; a != nil { // a type is no value: it is read apart
		delete(rest.Attributes, "type")
		l.compileType(v, a)
	}
	if a := rest.Attributes["default"]; a != nil {
		v.hasDefault = true
		if len(hclsyntax.Variables(a.Expr)) > 0 {
			delete(rest.Attributes, "default")
			l.errorf(exprRange(a.Expr), "default-reference", "Reference not possible here", "The default of a variable is a plain value. Put what is worked out into locals.")
		}
	}
	v.body = l.compileBody(&src, variableSchema, nil, place{vars: true})
	v.nullable = l.setting(v.body, "nullable", cty.True).True()
	v.sensitive = l.setting(v.body, "sensitive", cty.False).True()
	l.setting(v.body, "description", cty.StringVal(""))
	if a := v.body.get("default"); a != nil {
		if v.sensitive {
			l.hide(a.expr.rng())
		}
		d, ok := l.eval(a.expr, &scope{})
		if !ok {
			return
		}
		if d, ok = l.convertVariable(v, d, a.expr.rng(), "The default"); ok {
			v.fallback = &d
		}
	}
}

func (l *loader) compileType(v *variable, a *hclsyntax.Attribute) {
	expr := a.Expr
	if s, isText := literalText(expr); isText {
		if d, bad := tooDeep(a.Expr.Range().Filename, []byte(s), formExpression); bad {
			d.Subject = exprRange(a.Expr)
			l.add(d)
			return
		}
		parsed, ds := hclsyntax.ParseExpression([]byte(s), a.Expr.Range().Filename, a.Expr.Range().Start)
		if ds.HasErrors() || !strings.HasSuffix(a.Expr.Range().Filename, ".json") {
			l.errorf(exprRange(a.Expr), "invalid-type", "Invalid type", "A type is written without quotes, as in type = list(string).")
			return
		}
		expr = parsed
	}
	t, fill, ds := typeexpr.TypeConstraintWithDefaults(expr)
	l.addHCL(ds, "invalid-type")
	if !ds.HasErrors() {
		v.typ, v.fill = t, fill
	}
}

// literalText returns the text that an expression is, when it is one without templates.
func literalText(e hclsyntax.Expression) (string, bool) {
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		if e.Val.Type() == cty.String && !e.Val.IsNull() {
			return e.Val.AsString(), true
		}
	case *hclsyntax.TemplateExpr:
		if e.IsStringLiteral() {
			return literalText(e.Parts[0])
		}
	}
	return "", false
}

// setting evaluates an attribute of a declaration, of the type of its default.
func (l *loader) setting(b *body, name string, fallback cty.Value) cty.Value {
	a := b.get(name)
	if a == nil {
		return fallback
	}
	v, ok := l.eval(a.expr, &scope{})
	if !ok {
		return fallback
	}
	v, _ = v.UnmarkDeep()
	out, err := converted(v, fallback.Type())
	if err != nil || out.IsNull() {
		l.errorf(a.expr.rng(), "wrong-type", "Wrong type", "%s is a %s, and this is %s.", name, fallback.Type().FriendlyName(), describe(v))
		return fallback
	}
	return out
}

// convertVariable gives a value the type of its variable.
func (l *loader) convertVariable(v *variable, val cty.Value, at diag.Range, what string) (cty.Value, bool) {
	if v.fill != nil && !val.IsNull() {
		val = v.fill.Apply(val)
	}
	out, err := converted(val, v.typ)
	if err != nil && v.sensitive {
		l.errorf(at, "variable-type", "Wrong type of a variable", "%s of var.%s, which is sensitive, is %s, and its type is %s.",
			what, v.name, describe(val), typeexpr.TypeString(v.typ))
		return cty.DynamicVal, false
	}
	if err != nil {
		l.errorf(at, "variable-type", "Wrong type of a variable", "%s of var.%s is %s, and its type is %s: %s.",
			what, v.name, describe(val), typeexpr.TypeString(v.typ), convertMessage(err))
		return cty.DynamicVal, false
	}
	return out, true
}

func convertMessage(err error) string {
	if p := (cty.PathError{}); errors.As(err, &p) && len(p.Path) > 0 {
		return fmt.Sprintf("at %s: %v", pathText(p.Path), err)
	}
	return err.Error()
}

// pathText writes the way into a value: .ratios["train"].
func pathText(p cty.Path) string {
	var b strings.Builder
	for _, step := range p {
		switch s := step.(type) {
		case cty.GetAttrStep:
			b.WriteString("." + s.Name)
		case cty.IndexStep:
			b.WriteString("[" + show(s.Key) + "]")
		}
	}
	return b.String()
}

// assignVariables gives every variable its value and checks it.
func (l *loader) assignVariables() {
	given := l.givenValues()
	names := slices.Sorted(maps.Keys(l.decls.variables))
	all := make(map[string]cty.Value, len(names))
	for _, name := range names {
		v := l.decls.variables[name]
		l.assign(v, given[name])
		all[name] = v.val
	}
	l.base.Variables["var"] = cty.ObjectVal(all)
	for _, name := range names {
		l.validateVariable(l.decls.variables[name])
	}
}

// assign picks the value of one variable: what was given, or its default.
func (l *loader) assign(v *variable, g *givenValue) {
	var val cty.Value
	at := headerOf(v.src)
	switch {
	case g != nil && g.bad:
		return
	case g != nil:
		raw, ok := l.parseGiven(v, g)
		if !ok {
			return
		}
		if val, ok = l.convertVariable(v, raw, g.rng, "The value that "+g.from+" gives"); !ok {
			return
		}
		if v.by = g.by; !g.rng.IsZero() {
			at = g.rng
		}
	case v.fallback != nil:
		val = *v.fallback
	case v.hasDefault:
		return // broken, and reported
	default:
		l.errorf(at, "missing-variable", "Required variable not given",
			"var.%s has no default, so it must be given: --var '%s=...' on the command line, %s%s in the environment, or %s = ... in a file NAME.auto.prefabvars in the pipeline's folder.",
			v.name, v.name, envPrefix, v.name, v.name)
		return
	}
	if val.IsNull() && !v.nullable {
		if g == nil || v.fallback == nil || v.fallback.IsNull() {
			l.errorf(at, "null-variable", "Variable may not be null", "var.%s is not nullable, and its value is null. Give it a value.", v.name)
			return
		}
		val = *v.fallback
	}
	v.at = at
	if g != nil {
		v.from, v.at = "The value that "+g.from+" gives of ", g.rng
	}
	if v.sensitive {
		l.keepSecret(val)
		val = val.Mark(sensitive)
	}
	v.val = val
}

// validateVariable works out the conditions that the declaration sets.
func (l *loader) validateVariable(v *variable) {
	for _, n := range v.body.nested {
		condition, message := n.body.get("condition"), n.body.get("error_message")
		if condition == nil || message == nil || !v.val.IsKnown() {
			continue
		}
		c, ok := l.eval(condition.expr, &scope{})
		if !ok {
			continue
		}
		c, _ = c.UnmarkDeep()
		holds, err := convert.Convert(c, cty.Bool)
		if err != nil || holds.IsNull() {
			l.errorf(condition.expr.rng(), "conditional-type", "Incorrect condition type", "The condition of a validation is true or false, and this is %s.", describe(c))
			continue
		}
		if holds.True() {
			continue
		}
		text := "The condition does not hold."
		if m, ok := l.eval(message.expr, &scope{}); ok && !m.ContainsMarked() {
			if s, err := asText(m); err == nil && !s.IsNull() {
				text = s.AsString()
			}
		}
		l.add(diag.Diagnostic{
			Severity: diag.Error, Code: "invalid-variable", Summary: "Invalid value of a variable",
			Detail:  fmt.Sprintf("var.%s: %s", v.name, text),
			Subject: condition.expr.rng(), Values: operands(condition.expr.vars, l.base),
		})
	}
}

func asText(v cty.Value) (cty.Value, error) { return convert.Convert(v, cty.String) }

// variables records what was given, for the saved plan.
func (l *loader) variables() []spec.Variable {
	var out []spec.Variable
	for _, name := range slices.Sorted(maps.Keys(l.decls.variables)) {
		v := l.decls.variables[name]
		rec := spec.Variable{Name: name, Sensitive: v.val.ContainsMarked(), From: v.by}
		if !rec.Sensitive && v.val.IsWhollyKnown() {
			b, err := plainJSON(v.val)
			if err != nil {
				l.errorf(v.at, "wrong-type", "Wrong type", "%svar.%s cannot be recorded: %v.", v.from, name, err)
				continue
			}
			rec.Value = b
		}
		out = append(out, rec)
	}
	return out
}

// parseLiteral reads a value of the environment or of --var that is no plain text: an expression without
// references.
func parseLiteral(src, from string) (cty.Value, hcl.Diagnostics) {
	if d, bad := unparseable(from, []byte(src), formExpression); bad {
		return cty.DynamicVal, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: d.Summary, Detail: d.Detail}}
	}
	e, ds := hclsyntax.ParseExpression([]byte(src), from, hcl.InitialPos)
	if ds.HasErrors() {
		return cty.DynamicVal, ds
	}
	return e.Value(nil)
}
