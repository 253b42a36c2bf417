package lang

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/prefab-build/prefab/spec/diag"
)

// A seenKey tells two problems apart: a second one of the same code at the same place is the same mistake, seen from
// another instance of a for_each.
type seenKey struct {
	code    string
	subject diag.Range
	detail  string // only of problems without a place, or of a kind, whose code says little
}

func keyOf(d diag.Diagnostic) seenKey {
	key := seenKey{code: d.Code, subject: d.Subject}
	if d.Subject.IsZero() || d.Code == "invalid-config" {
		key.detail = d.Detail
	}
	return key
}

func (l *loader) add(d diag.Diagnostic) {
	key := keyOf(d)
	if l.seen[key] {
		return
	}
	l.seen[key] = true
	l.diags = append(l.diags, l.guard(d))
}

// errorf reports an error. Summaries are constant; names and remedies are in the detail.
func (l *loader) errorf(subject diag.Range, code, summary, format string, args ...any) {
	l.add(diag.Diagnostic{
		Severity: diag.Error, Code: code, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: subject,
	})
}

func (l *loader) warnf(subject diag.Range, code, summary, format string, args ...any) {
	l.add(diag.Diagnostic{
		Severity: diag.Warning, Code: code, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: subject,
	})
}

// finishDiags names the block of each problem, leaves out what follows from an error of syntax, and puts the problems
// in the order of the source. Those without a place come first.
func (l *loader) finishDiags() {
	if l.unparsed {
		l.diags = slices.DeleteFunc(l.diags, func(d diag.Diagnostic) bool { return slices.Contains(missing, d.Code) })
	}
	for i := range l.diags {
		if d := &l.diags[i]; d.Block == "" {
			d.Block = l.blockAt(d.Subject)
		}
		l.diags[i].Secret = l.isHidden(&l.diags[i])
	}
	l.diags.Sort()
}

// missing are the problems that may come of a file that could not be read to its end: what they miss may stand there.
var missing = []string{
	"missing-attribute", "missing-block", "missing-label", "missing-variable", "undeclared-block", "unknown-local", "unknown-variable",
}

// A span is where a top-level block stands in its file.
type span struct {
	start, end int // bytes
	name       string
}

// markBlocks notes where the blocks of each file stand, in the order of the file.
func (l *loader) markBlocks(sources []source) {
	l.spans = map[string][]span{}
	for _, s := range sources {
		for _, b := range s.body.Blocks {
			name := strings.Join(append([]string{b.Type}, b.Labels...), ".")
			l.spans[s.name] = append(l.spans[s.name], span{b.TypeRange.Start.Byte, b.CloseBraceRange.End.Byte, name})
		}
	}
}

// blockAt returns the address of the top-level block around a place.
func (l *loader) blockAt(r diag.Range) string {
	spans := l.spans[r.File]
	i, found := slices.BinarySearchFunc(spans, r.Start.Byte, func(s span, at int) int { return cmp.Compare(s.start, at) })
	if !found {
		i--
	}
	if i < 0 || r.Start.Byte >= spans[i].end {
		return ""
	}
	return spans[i].name
}

// explain adds to the problems found since then what the failing expression referred to.
func (l *loader) explain(since int, vars []hcl.Traversal, sc *scope) {
	if len(l.diags) == since || len(vars) == 0 {
		return
	}
	found := l.diags[since:]
	if !slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return d.Values == nil }) {
		return
	}
	var values []diag.Operand
	for _, t := range vars {
		name := traversalText(t)
		if slices.ContainsFunc(values, func(o diag.Operand) bool { return o.Traversal == name }) {
			continue
		}
		// That a metric is a metric is no news, nor that an output is itself.
		if v, ok := l.quietly(t, sc); ok && v != "the metric "+name && !strings.HasPrefix(v, name+" (") {
			values = append(values, diag.Operand{Traversal: name, Value: v})
		}
	}
	for i := range found {
		if found[i].Values == nil {
			found[i].Values = values
		}
	}
}

// quietly returns what a reference holds, for a message, and reports nothing.
func (l *loader) quietly(t hcl.Traversal, sc *scope) (string, bool) {
	before, all := len(l.diags), *sc
	all.metrics, all.rec = true, nil
	p, ok := l.partial(&hclsyntax.ScopeTraversalExpr{Traversal: t, SrcRange: t.SourceRange()}, &all)
	l.forget(before)
	if !ok || p.node != nil {
		return "", false
	}
	return show(p.val), true
}

// rangeOf turns HCL's range into ours.
func rangeOf(r hcl.Range) diag.Range {
	return diag.Range{
		File:  r.Filename,
		Start: diag.Pos{Line: r.Start.Line, Column: r.Start.Column, Byte: r.Start.Byte},
		End:   diag.Pos{Line: r.End.Line, Column: r.End.Column, Byte: r.End.Byte},
	}
}

// hclCodes are the stable codes of the problems that HCL finds while it evaluates. What is not here is "expression".
var hclCodes = map[string]string{
	"Unsupported attribute":                    "unknown-attribute-of-value",
	"Invalid index":                            "invalid-index",
	"Attempt to get attribute from null value": "null-value",
	"Attempt to index null value":              "null-value",
	"Iteration over null value":                "null-value",
	"Splat of null value":                      "null-value",
	"Condition is null":                        "null-value",
	"Null condition":                           "null-value",
	"Null value as key":                        "null-value",
	"Call to unknown function":                 "unknown-function",
	"Error in function call":                   "function-call",
	"Invalid function argument":                "function-argument",
	"Not enough function arguments":            "function-argument",
	"Too many function arguments":              "function-argument",
	"Invalid expanding argument value":         "function-argument",
	"Inconsistent conditional result types":    "conditional-type",
	"Incorrect condition type":                 "conditional-type",
	"Invalid 'for' condition":                  "conditional-type",
	"Value too large":                          "value-too-large",
	"Invalid template interpolation value":     "template-value",
	"Iteration over non-iterable value":        "not-iterable",
	"Invalid operand":                          "operand-type",
	"Operation failed":                         "operation-failed",
	"Division by zero":                         "operation-failed",
	"Duplicate object key":                     "duplicate-key",
	"Invalid object key":                       "invalid-key",
	"Incorrect key type":                       "invalid-key",
	"Ambiguous attribute key":                  "invalid-key",
	"Missing map element":                      "invalid-index",
	"Duplicate attribute":                      "duplicate-attribute",
	"Attribute redefined":                      "duplicate-attribute",
}

// addHCL reports what HCL found, under code where the summary has none of its own.
func (l *loader) addHCL(ds hcl.Diagnostics, code string) {
	for _, d := range ds {
		out := diag.Diagnostic{Severity: diag.Error, Code: code, Summary: d.Summary, Detail: d.Detail}
		if d.Severity == hcl.DiagWarning {
			out.Severity = diag.Warning
		}
		if c, ok := hclCodes[d.Summary]; ok {
			out.Code = c
		}
		if d.Subject != nil {
			out.Subject = rangeOf(*d.Subject)
		}
		if d.Context != nil {
			out.Context = rangeOf(*d.Context)
		}
		if d.Expression != nil && d.EvalContext != nil {
			out.Values = operands(d.Expression.Variables(), d.EvalContext)
		}
		l.add(out)
	}
}

// operands shows what an expression referred to, each traversal once.
func operands(vars []hcl.Traversal, ctx *hcl.EvalContext) []diag.Operand {
	var out []diag.Operand
	for _, t := range vars {
		name := traversalText(t)
		if slices.ContainsFunc(out, func(o diag.Operand) bool { return o.Traversal == name }) {
			continue
		}
		v, ds := t.TraverseAbs(ctx)
		if ds.HasErrors() {
			continue
		}
		out = append(out, diag.Operand{Traversal: name, Value: show(v)})
	}
	return out
}

// traversalText writes a traversal as a person does.
func traversalText(t hcl.Traversal) string {
	var b strings.Builder
	for _, step := range t {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(s.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + s.Name)
		case hcl.TraverseIndex:
			b.WriteString("[" + show(s.Key) + "]")
		default:
			b.WriteString("[...]")
		}
	}
	return b.String()
}

// shown is how much of a value a message carries.
const shown = 80

// show writes a value for a message. A sensitive value is never shown.
func show(v cty.Value) string {
	if v.ContainsMarked() {
		return "(sensitive)"
	}
	if v.IsNull() {
		return "null"
	}
	if !v.IsWhollyKnown() || hasCapsule(v) {
		return describe(v)
	}
	b, err := plainJSON(v)
	if err != nil {
		return describe(v)
	}
	if len(b) > shown {
		return strings.ToValidUTF8(string(b[:shown]), "") + "..."
	}
	return string(b)
}
