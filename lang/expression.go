package lang

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/prefab-build/prefab/spec/diag"
)

// An expression is a piece of source that stands for a value, with the references in it resolved by name.
type expression struct {
	hcl  hclsyntax.Expression
	vars []hcl.Traversal // its free references
	bad  bool            // a problem was reported: not evaluated
	// touches is set when the value depends on a block, directly or by way of a local: then HCL's evaluator, which
	// knows nothing of outputs and metrics, is not asked.
	touches bool
}

func (e *expression) rng() diag.Range { return rangeOf(e.hcl.Range()) }

// A place says what an expression may refer to where it stands.
type place struct {
	node  *node // whose expression it is; nil where blocks and locals cannot be referred to
	each  bool  // each.key and each.value
	row   bool  // row
	order bool  // a `requires`: an edge that orders but carries no value
	vars  bool  // variables only: a validation
	alone bool  // outside of a pipeline: row only
	limit bool  // a threshold, which takes no reference to a block
	plain bool  // an attribute that takes values, not outputs
}

// compileExpr resolves the names in an expression. What the names hold is for later.
func (l *loader) compileExpr(e hclsyntax.Expression, at place) *expression {
	out := &expression{hcl: e, vars: hclsyntax.Variables(e)}
	l.count(e)
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.FunctionCallExpr:
			out.bad = !l.checkFunction(n, at) || out.bad
		case *hclsyntax.ExprSyntaxError:
			out.bad = true
		}
		return nil
	})
	for _, t := range out.vars {
		if !l.checkTraversal(out, t, at) {
			out.bad = true
		}
	}
	return out
}

// checkFunction reports a function that does not exist. Functions that only expressions over rows and metrics have are
// let through: lowering knows where they may stand.
func (l *loader) checkFunction(f *hclsyntax.FunctionCallExpr, at place) bool {
	if _, ok := l.base.Functions[f.Name]; ok || isLowered(f.Name) {
		return true
	}
	subject := rangeOf(f.NameRange)
	switch f.Name {
	case "abspath":
		l.errorf(subject, "unknown-function", "Unknown function",
			"There is no abspath: an absolute path would make the pipeline differ from machine to machine. Paths are relative to the pipeline's folder.")
	default:
		l.errorf(subject, "unknown-function", "Unknown function", "There is no function %s.%s", f.Name, didYouMean(f.Name, slices.Collect(maps.Keys(l.base.Functions))))
	}
	return false
}

// checkTraversal resolves the names at the head of one reference.
func (l *loader) checkTraversal(e *expression, t hcl.Traversal, at place) bool {
	root := t.RootName()
	switch {
	case at.alone && root != "row":
		l.errorf(rangeOf(t.SourceRange()), "row-only", "Reference not possible here", "This expression is worked out for each row and may read row only, as in row.%s.", root)
		return false
	case root == "var":
		return l.checkVariable(t)
	case root == "row" && at.row:
		return true
	case root == "row":
		l.errorf(rangeOf(t.SourceRange()), "row-outside", "Row expression not possible here",
			"row is the row at hand of an expression that is worked out for each row, such as a map or a key. This attribute has one value for the whole stage.")
		return false
	case at.vars:
		l.errorf(rangeOf(t.SourceRange()), "validation-reference", "Reference not possible here", "The validation of a variable may refer to variables only.")
		return false
	case root == "each":
		return l.checkEach(t, at)
	case root == "count":
		l.errorf(rangeOf(t.SourceRange()), "unsupported-count", "Count does not exist",
			"There is no count.index. Give the block a for_each and use each.key or each.value.")
		return false
	case root == "local":
		return l.checkLocal(e, t, at)
	case l.top[root] != nil && (l.kinds[root] != nil || root == gateBlock || root == backendBlock):
		return l.checkBlock(e, t, at)
	}
	l.unknownRoot(t)
	return false
}

// unknownRoot reports a reference that starts with no known word.
func (l *loader) unknownRoot(t hcl.Traversal) {
	root, subject := t.RootName(), rangeOf(t[0].SourceRange())
	if root == moduleBlock {
		l.errorf(subject, "unsupported-module", "Modules are not supported", "This version of prefab reads no modules, so there is nothing to refer to.")
		return
	}
	if root == "path" && len(t) > 1 {
		l.errorf(subject, "unknown-name", "Unknown name", "There is no path here: paths are relative to the pipeline's folder. Write \"data/x.jsonl\" without it.")
		return
	}
	if len(t) == 1 {
		l.errorf(subject, "unknown-name", "Unknown name",
			"There is no %s. A text stands in quotes: \"%s\". A reference starts with var, local, each or a kind of block, as in dataset.name.output.", root, root)
		return
	}
	names := append(slices.Collect(maps.Keys(l.kinds)), "var", "local", "each", gateBlock, backendBlock)
	l.errorf(subject, "unknown-name", "Unknown name",
		"There is nothing called %s: a reference starts with var, local, each or a kind of block.%s", root, didYouMean(root, names))
}

// second returns the name in the second step of a reference: var.NAME.
func second(t hcl.Traversal) (string, hcl.Range, bool) {
	if len(t) < 2 {
		return "", hcl.Range{}, false
	}
	a, ok := t[1].(hcl.TraverseAttr)
	return a.Name, nameOf(t[1]), ok
}

// nameOf is the range of a step without the dot before it.
func nameOf(step hcl.Traverser) hcl.Range {
	r := step.SourceRange()
	if a, ok := step.(hcl.TraverseAttr); ok && r.End.Byte-r.Start.Byte == len(a.Name)+1 {
		r.Start.Byte++
		r.Start.Column++
	}
	return r
}

func (l *loader) checkVariable(t hcl.Traversal) bool {
	name, r, ok := second(t)
	if !ok {
		l.incomplete(t, "var.pairs_file")
		return false
	}
	if v := l.decls.variables[name]; v == nil {
		l.errorf(rangeOf(r), "unknown-variable", "Unknown variable",
			"No variable %q is declared.%s Declare it with: variable %q { }", name, didYouMean(name, slices.Collect(maps.Keys(l.decls.variables))), name)
		return false
	}
	return true
}

func (l *loader) incomplete(t hcl.Traversal, example string) {
	l.errorf(rangeOf(t.SourceRange()), "incomplete-reference", "Incomplete reference",
		"%s alone is no value. Name what is meant, as in %s.", traversalText(t), example)
}

func (l *loader) checkEach(t hcl.Traversal, at place) bool {
	name, r, ok := second(t)
	if !at.each {
		l.errorf(rangeOf(t.SourceRange()), "each-outside", "Each outside of for_each",
			"each.key and each.value exist in blocks that have a for_each, and not in for_each itself. Add for_each = { ... } to this block.")
		return false
	}
	if !ok || (name != "key" && name != "value") {
		if !ok {
			r = t.SourceRange()
		}
		l.errorf(rangeOf(r), "unknown-attribute-of-value", "Unsupported attribute", "each has two attributes: each.key and each.value.")
		return false
	}
	return true
}

func (l *loader) checkLocal(e *expression, t hcl.Traversal, at place) bool {
	name, r, ok := second(t)
	if !ok {
		l.incomplete(t, "local.name")
		return false
	}
	loc := l.decls.locals[name]
	if loc == nil {
		l.errorf(rangeOf(r), "unknown-local", "Unknown local value", "No local value %q is declared.%s Declare it with: locals { %s = ... }",
			name, didYouMean(name, slices.Collect(maps.Keys(l.decls.locals))), name)
		return false
	}
	if at.node == nil {
		l.errorf(rangeOf(t.SourceRange()), "reference-in-setting", "Reference not possible here", "A setting may refer to variables only.")
		return false
	}
	at.node.depend(&loc.node, t, at)
	return true
}

func (l *loader) checkBlock(e *expression, t hcl.Traversal, at place) bool {
	kind := t.RootName()
	name, r, ok := second(t)
	if !ok {
		l.incomplete(t, kind+".name.output")
		return false
	}
	if at.node == nil {
		l.errorf(rangeOf(t.SourceRange()), "reference-in-setting", "Reference not possible here", "A setting may refer to variables only.")
		return false
	}
	b := l.decls.named[kind][name]
	if b == nil {
		l.undeclared(kind, name, rangeOf(r))
		return false
	}
	if at.node == &b.node && !at.limit {
		l.errorf(rangeOf(t.SourceRange()), "self-reference", "Self reference",
			"%s refers to itself here. A block is made of other blocks' outputs: name another.", b.addr())
		return false
	}
	if at.limit {
		l.metricMisplaced(rangeOf(t.SourceRange()), "A threshold's limit is a value that is known before anything runs, and this is a reference to "+b.addr().String()+".")
		return false
	}
	e.touches = true
	at.node.depend(&b.node, t, at)
	return true
}

// undeclared reports a reference to a block that does not exist, and what comes close to it.
func (l *loader) undeclared(kind, name string, subject diag.Range) {
	hint := didYouMean(name, slices.Collect(maps.Keys(l.decls.named[kind])))
	if hint == "" {
		for _, other := range slices.Sorted(maps.Keys(l.decls.named)) {
			if l.decls.named[other][name] != nil {
				hint = " Did you mean " + other + "." + name + "?"
				break
			}
		}
	}
	if hint == "" && kind == backendBlock {
		hint = " Declare it with: backend \"" + name + "\" { }"
	}
	l.errorf(subject, "undeclared-block", "Undeclared block", "No block %s %q is declared.%s", kind, name, hint)
}
