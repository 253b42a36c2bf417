package view

import (
	"bytes"
	"testing"

	"github.com/prefab-build/prefab/spec/expr"
)

// TestMatrix checks that an output of rows of equal length is laid out, and that other values are printed as they are.
func TestMatrix(t *testing.T) {
	list := func(x ...expr.Value) expr.Value { return expr.ValuesOf(x) }
	text, num := expr.StringOf, expr.FloatOf
	for _, test := range []struct {
		value expr.Value
		want  string
	}{
		{
			list(list(text("defect"), text("found")), list(text("copies"), num(7)), list(text("all"), num(1234)), list(text("none"), expr.Value{})),
			"Outputs\n  x\n    defect  found\n    copies      7\n    all     1,234\n    none        -\n\n",
		},
		{list(list(text("a")), list(text("b"), num(1))), "Outputs\n  x = [[\"a\"],[\"b\",1.0]]\n\n"},
		{list(num(1), num(2)), "Outputs\n  x = [1.0,2.0]\n\n"},
	} {
		var out bytes.Buffer
		New(&out, &out, Options{NoColor: true}).Outputs([]Value{{Name: "x", Value: test.value}})
		if got := out.String(); got != test.want {
			t.Errorf("got\n%s\nwant\n%s", got, test.want)
		}
	}
}
