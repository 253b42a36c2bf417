package lang

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
	"github.com/prefab-build/prefab/spec/expr"
)

// evaluateGate lowers the checks of one gate.
func (l *loader) evaluateGate(in *instance) {
	g := &in.gate
	g.Addr, g.Range = in.block.Addr, in.decl.body.header
	in.block.Source = map[string]diag.Range{"": g.Range}
	names := map[string]diag.Range{}
	if a := in.decl.body.metas["description"]; a != nil {
		g.Description = l.plainText(a, in.scope)
	}
	for _, n := range in.decl.body.nested {
		if first, twice := names[n.label]; twice {
			l.errorf(n.rng, "duplicate-check", "Duplicate check", "The gate has a check %q already, at %s. Rename one of the two.", n.label, first)
			continue
		}
		names[n.label] = n.rng
		if c, ok := l.check(n, in.scope); ok {
			g.Checks = append(g.Checks, c)
		}
	}
}

// check lowers one check.
func (l *loader) check(n *nested, sc *scope) (spec.Check, bool) {
	c := spec.Check{Name: n.label, Range: n.rng}
	condition, message := n.body.get("condition"), n.body.get("error_message")
	// Of one that is not there it was reported when the body was read.
	ok1 := condition != nil && l.checkCondition(&c, condition, sc)
	ok2 := message != nil && l.checkMessage(&c, message, sc)
	if ok1 {
		c.Text = l.sourceText(condition.expr.rng(), c.Condition)
	}
	if a := n.body.get("severity"); a != nil {
		switch c.Severity = l.plainText(a, sc); c.Severity {
		case "error":
			c.Severity = "" // the default, so that writing it out changes nothing
		case "warn", "":
		default:
			l.errorf(a.expr.rng(), "unknown-value", "Unknown value", "severity may not be %q.%s", c.Severity, choices(c.Severity, a.spec.Values, "It is one of"))
		}
	}
	return c, ok1 && ok2
}

func (l *loader) checkCondition(c *spec.Check, a *attr, sc *scope) (ok bool) {
	if c.Condition, ok = l.lower(a.expr, sc); !ok {
		return false
	}
	t := typeOf(c.Condition)
	if t != boolType && t != anyType {
		l.errorf(a.expr.rng(), "condition-type", "Condition is not true or false",
			"A check's condition is true or false, and this is a %s. Compare it with a limit, as in evaluate.rm.validation.accuracy >= 0.7.", t)
		return false
	}
	return true
}

func (l *loader) checkMessage(c *spec.Check, a *attr, sc *scope) (ok bool) {
	if c.Message, ok = l.lower(a.expr, sc); !ok {
		return false
	}
	if t := typeOf(c.Message); t != stringType && t != anyType {
		l.errorf(a.expr.rng(), "wrong-type", "Wrong type", "error_message is a string, and this is a %s.", t)
		return false
	}
	return true
}

// plainText evaluates an attribute that is a text without metrics.
func (l *loader) plainText(a *attr, sc *scope) string {
	plainScope := *sc
	plainScope.metrics = false
	v, ok := l.eval(a.expr, &plainScope)
	if !ok {
		return ""
	}
	if v.ContainsMarked() {
		l.errorf(a.expr.rng(), "sensitive-value", "Sensitive value not possible here", "%s is shown, and this value is sensitive.", a.name)
		return ""
	}
	s, err := asText(v)
	if err != nil {
		l.errorf(a.expr.rng(), "wrong-type", "Wrong type", "%s is a string, and this is %s.", a.name, describe(v))
		return ""
	}
	if s.IsNull() {
		return ""
	}
	return s.AsString()
}

// sourceText is an expression as it is written, but on one line, without comments and in the one layout, so that none of
// these count. In a JSON file it is what the expression was lowered to.
func (l *loader) sourceText(r diag.Range, n *expr.Node) string {
	b := l.files[r.File]
	if strings.HasSuffix(r.File, ".json") || r.Start.Byte > r.End.Byte || r.End.Byte > len(b) {
		return n.String()
	}
	tokens, _ := hclsyntax.LexExpression(b[r.Start.Byte:r.End.Byte], r.File, hcl.InitialPos)
	var out []byte
	end := 0
	for _, t := range tokens {
		if t.Type == hclsyntax.TokenComment || t.Type == hclsyntax.TokenNewline {
			continue
		}
		if t.Range.Start.Byte > end && len(out) > 0 {
			out = append(out, ' ')
		}
		out = append(out, t.Bytes...)
		end = t.Range.End.Byte
	}
	return string(bytes.TrimSpace(hclwrite.Format(out)))
}

// gates returns the gates that are enabled, by address.
func (l *loader) gates() []spec.Gate {
	var out []spec.Gate
	for _, b := range l.decls.gates {
		for _, in := range b.instances {
			if in.enabled {
				in.gate.Require = in.block.Require
				out = append(out, in.gate)
			}
		}
	}
	return out
}

// An output is a value that a person asked to see.
type output struct {
	name string
	src  *hclsyntax.Block
	body *body
}

// outputs lowers the outputs, by name.
func (l *loader) outputs() []spec.Output {
	var out []spec.Output
	for _, name := range slices.Sorted(maps.Keys(l.decls.outputs)) {
		o := l.decls.outputs[name]
		rec := spec.Output{Name: name, Range: o.body.header}
		if a := o.body.get("description"); a != nil {
			rec.Description = l.plainText(a, &scope{})
		}
		rec.Sensitive = l.setting(o.body, "sensitive", cty.False).True()
		a := o.body.get("value")
		if a == nil {
			continue
		}
		var ok bool
		if rec.Value, ok = l.outputValue(a, rec.Sensitive); ok {
			out = append(out, rec)
		}
	}
	return out
}

// outputValue lowers the value of an output. A sensitive value may be given when the output says that it is one.
func (l *loader) outputValue(a *attr, isSensitive bool) (*expr.Node, bool) {
	sc := &scope{metrics: true}
	if !isSensitive {
		return l.lower(a.expr, sc)
	}
	if a.expr.bad {
		return nil, false
	}
	l.begin()
	p, ok := l.partial(a.expr.hcl, sc)
	if !ok || !l.fits(p, a.expr.rng()) {
		return nil, false
	}
	if p.node == nil {
		p.val, _ = p.val.UnmarkDeep()
	}
	return l.nodeOf(p, a.expr.rng())
}
