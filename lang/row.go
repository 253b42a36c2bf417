package lang

import (
	"context"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/prefab-build/prefab/spec/diag"
	"github.com/prefab-build/prefab/spec/expr"
)

// RowSource is the name that the problems of LowerRow carry as their file.
const RowSource = "expression"

// LowerRow reads an expression over a row, as `prefab cat --where` takes it: row.chosen_score > 0.5. It may use the
// functions of the language but no variables, locals or blocks.
func LowerRow(src string) (*expr.Node, diag.List) {
	l := newLoader(context.Background(), "", Options{})
	l.files[RowSource] = []byte(src)
	if d, bad := unparseable(RowSource, []byte(src), formExpression); bad {
		return nil, diag.List{d}
	}
	e, ds := hclsyntax.ParseExpression([]byte(src), RowSource, hcl.InitialPos)
	l.addHCL(ds, "syntax")
	if ds.HasErrors() {
		return nil, l.diags
	}
	n, ok := l.lower(l.compileExpr(e, place{row: true, alone: true}), &scope{})
	l.finishDiags()
	if !ok {
		return nil, l.diags
	}
	return n, l.diags
}
