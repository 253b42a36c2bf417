package lang

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/prefab-build/prefab/spec/diag"
	"github.com/prefab-build/prefab/spec/expr"
)

// maxWeight is how much one value may hold: a million elements, or 16 MiB of text. A list of two copies of a list of two
// copies, and so on, takes a line for each doubling; what works on values goes over all of it, many times.
const (
	maxWeight     = 1 << 20
	bytesPerUnit  = 16
	maxInstances  = 20_000  // of all for_each together
	maxNumberBits = 1 << 16 // far beyond what a 64-bit number can be, and its text is still short
)

// fewReferences is how many references an expression may hold before they are weighed: that many values of the largest
// size still fit into memory.
const fewReferences = 16

// weigh returns how much a value holds, or something over maxWeight as soon as that is clear. Deep nesting is too much,
// too, since everything that looks at values recurses.
func weigh(v cty.Value) int {
	w := weight{}
	w.value(v, 0)
	return w.sum
}

type weight struct{ sum int }

func (w *weight) value(v cty.Value, depth int) {
	w.sum++
	v, _ = v.Unmark()
	if depth > maxDepth {
		w.sum = maxWeight + 1
	}
	if w.sum > maxWeight || v == cty.NilVal || v.IsNull() || !v.IsKnown() {
		return
	}
	switch t := v.Type(); {
	case t == cty.String:
		w.sum += len(v.AsString()) / bytesPerUnit
	case t == cty.Number:
		if f := v.AsBigFloat(); !f.IsInf() && (f.MantExp(nil) > maxNumberBits || f.MantExp(nil) < -maxNumberBits) {
			w.sum = maxWeight + 1
		}
	case v.CanIterateElements():
		for it := v.ElementIterator(); it.Next() && w.sum <= maxWeight; {
			k, e := it.Element()
			if k.Type() == cty.String {
				w.value(k, depth+1)
			}
			w.value(e, depth+1)
		}
	}
}

func (w *weight) node(n *expr.Node, depth int) {
	w.sum++
	if depth > maxDepth {
		w.sum = maxWeight + 1
	}
	if s, ok := n.Value.(string); ok {
		w.sum += len(s) / bytesPerUnit
	}
	for _, list := range [][]*expr.Node{n.Keys, n.Args} {
		for _, a := range list {
			if w.sum > maxWeight {
				return
			}
			if a != nil {
				w.node(a, depth+1)
			}
		}
	}
}

func (p partial) weight() int {
	w := weight{}
	if p.node != nil {
		w.node(p.node, 0)
	} else if p.val != cty.NilVal {
		w.value(p.val, 0)
	}
	return w.sum
}

// fits reports what an expression came to that is too large to go on with.
func (l *loader) fits(p partial, at diag.Range) bool {
	if p.weight() <= maxWeight {
		return true
	}
	l.tooLarge(at)
	return false
}

const tooLargeDetail = "This comes to more than a pipeline can hold: a million elements, 16 MiB of text, nesting 1000 deep or a number of " +
	"twenty thousand digits. Mind values that hold one another several times over. Keep data in files that a stage reads."

func (l *loader) tooLarge(at diag.Range) {
	l.errorf(at, "value-too-large", "Value too large", tooLargeDetail)
}

// begin starts the count of rounds anew for another expression.
func (l *loader) begin() { l.spent = 0 }

// spend counts a round of a loop and what came of it, and reports whether the loops of this expression may go on.
func (l *loader) spend(n int) bool {
	l.spent += n
	return l.spent <= maxWeight
}

// A counted expression is the value of a loop, which stops when the loops of an expression have made too much.
type counted struct {
	*hclsyntax.ParenthesesExpr
	l *loader
}

// Value evaluates one round. Only the first that is too much is reported; those after it are not evaluated.
func (c *counted) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	if c.l.spent > maxWeight || c.l.interrupted() {
		return cty.DynamicVal, nil
	}
	v, ds := c.Expression.Value(ctx)
	if ds.HasErrors() || c.l.spend(weigh(v)) {
		return v, ds
	}
	return cty.DynamicVal, hcl.Diagnostics{{
		Severity: hcl.DiagError, Summary: "Value too large", Detail: tooLargeDetail, Subject: c.SrcRange.Ptr(),
	}}
}

// An alternative is one result of a conditional expression. For results of different lengths, HCL looks for the common
// type of all their elements, so what is long becomes a list or a map here, as it would there.
type alternative struct{ *hclsyntax.ParenthesesExpr }

// longAlternative is how many elements HCL still compares with each other in no time.
const longAlternative = 1000

func (a *alternative) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	v, ds := a.Expression.Value(ctx)
	var form cty.Type
	switch t := v.Type(); {
	case ds.HasErrors():
		return v, ds
	case t.IsTupleType() && t.Length() > longAlternative:
		form = cty.List(cty.DynamicPseudoType)
	case t.IsObjectType() && len(t.AttributeTypes()) > longAlternative:
		form = cty.Map(cty.DynamicPseudoType)
	default:
		return v, ds
	}
	out, err := converted(v, form)
	if err != nil {
		return cty.DynamicVal, append(ds, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Inconsistent elements of an alternative", Subject: a.SrcRange.Ptr(),
			Detail: fmt.Sprintf("Of more than %d elements that stand on one side of a conditional expression all must have the same type. Choose between them outside of the list: [for x in list : x if condition].", longAlternative),
		})
	}
	return out, ds
}

// count puts the values of the loops in an expression under count, and those of its conditionals.
func (l *loader) count(e hclsyntax.Expression) {
	enclose := func(e hclsyntax.Expression) *hclsyntax.ParenthesesExpr {
		return &hclsyntax.ParenthesesExpr{Expression: e, SrcRange: e.Range()}
	}
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.ForExpr:
			if _, already := n.ValExpr.(*counted); !already {
				n.ValExpr = &counted{enclose(n.ValExpr), l}
			}
		case *hclsyntax.ConditionalExpr:
			if _, already := n.TrueResult.(*alternative); !already {
				n.TrueResult, n.FalseResult = &alternative{enclose(n.TrueResult)}, &alternative{enclose(n.FalseResult)}
			}
		}
		return nil
	})
}

// referencesFit weighs what many references in one expression bring together.
func (l *loader) referencesFit(vars []hcl.Traversal, ctx *hcl.EvalContext, at diag.Range) bool {
	if len(vars) <= fewReferences {
		return true
	}
	sum := 0
	for _, t := range vars {
		v, ds := t.TraverseAbs(ctx)
		if ds.HasErrors() {
			continue
		}
		if sum += weigh(v); sum > fewReferences*maxWeight {
			l.tooLarge(at)
			return false
		}
	}
	return true
}

// product multiplies sizes, and stops at what is certainly too large.
func product(sizes ...int) int {
	p := 1
	for _, s := range sizes {
		if s == 0 {
			return 0
		}
		if p > maxWeight*bytesPerUnit/s {
			return maxWeight*bytesPerUnit + 1
		}
		p *= s
	}
	return p
}

func errTooLarge(name string) error {
	return fmt.Errorf("what %s would make here is more than a pipeline can hold (a million elements, 16 MiB of text)", name)
}
