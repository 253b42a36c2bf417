package lang

import (
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/prefab-build/prefab/spec/diag"
)

// shortSecret is how long a text is at least that is looked for in messages: shorter ones stand in many words.
const shortSecret = 6

// keepSecret notes the texts in a sensitive value, so that no message quotes one.
func (l *loader) keepSecret(v cty.Value) {
	v, _ = v.UnmarkDeep()
	if !v.IsWhollyKnown() {
		return
	}
	var walk func(v cty.Value)
	walk = func(v cty.Value) {
		switch {
		case v.IsNull():
		case v.Type() == cty.String:
			if s := strings.TrimSpace(v.AsString()); len(s) >= shortSecret {
				l.secrets = append(l.secrets, s)
			}
		case v.Type() == cty.Number:
			if n, err := number(v.AsBigFloat()); err == nil && len(n) >= shortSecret {
				l.secrets = append(l.secrets, string(n))
			}
		case v.CanIterateElements():
			for it := v.ElementIterator(); it.Next(); {
				k, e := it.Element()
				if k.Type() == cty.String && (v.Type().IsMapType() || v.Type().IsObjectType()) {
					walk(k)
				}
				walk(e)
			}
		}
	}
	walk(v)
}

// guard leaves a problem's text out where that quotes a sensitive value. Those who report problems see to it that they
// quote none; this holds for what libraries say, too.
func (l *loader) guard(d diag.Diagnostic) diag.Diagnostic {
	quotes := func(text string) bool {
		for _, s := range l.secrets {
			if strings.Contains(text, s) {
				return true
			}
		}
		return false
	}
	if quotes(d.Detail) {
		d.Detail = "What there is to say quotes a sensitive value, so it is left out. Look at the value that this expression rests on."
	}
	for i, o := range d.Values {
		if quotes(o.Value) || quotes(o.Traversal) {
			d.Values = append(append(d.Values[:i:i], diag.Operand{Traversal: "this", Value: "(sensitive)"}), d.Values[i+1:]...)
		}
	}
	return d
}

// hide notes where a sensitive value is written.
func (l *loader) hide(r diag.Range) { l.hidden = append(l.hidden, r) }

// isHidden reports whether a problem stands on a line on which a sensitive value is written.
func (l *loader) isHidden(d *diag.Diagnostic) bool {
	for _, h := range l.hidden {
		for _, r := range []diag.Range{d.Subject, d.Context} {
			if r.File == h.File && r.Start.Line <= h.End.Line && h.Start.Line <= max(r.End.Line, r.Start.Line) {
				return true
			}
		}
	}
	return false
}

// anySensitive reports whether the pipeline has a sensitive variable at all.
func (l *loader) anySensitive() bool {
	for _, v := range l.decls.variables {
		if v.sensitive {
			return true
		}
	}
	return false
}

// hideFile hides all of a file of values that could not be read: whose value stands where is not known then.
func (l *loader) hideFile(name string) {
	if l.anySensitive() {
		l.hide(diag.Range{File: name, End: diag.Pos{Line: 1 << 30}})
	}
}
