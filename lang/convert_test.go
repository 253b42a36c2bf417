package lang

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// TestConverted compares with go-cty, whose conversions hold, on small values of every form.
func TestConverted(t *testing.T) {
	dynamic := cty.DynamicPseudoType
	types := []cty.Type{
		cty.String, cty.Number, cty.Bool, dynamic,
		cty.List(cty.String), cty.List(cty.Number), cty.List(dynamic), cty.Set(cty.String), cty.Set(dynamic), cty.Map(cty.String), cty.Map(dynamic),
		cty.List(cty.List(cty.String)), cty.List(cty.List(dynamic)), cty.Map(cty.List(dynamic)), cty.List(cty.Map(cty.String)), cty.Set(cty.List(cty.Number)),
		cty.Tuple([]cty.Type{cty.String, cty.Number}), cty.EmptyObject, cty.Object(map[string]cty.Type{"a": cty.List(cty.String)}),
		cty.ObjectWithOptionalAttrs(map[string]cty.Type{"a": cty.String, "b": cty.List(cty.Number)}, []string{"b"}),
		cty.List(cty.ObjectWithOptionalAttrs(map[string]cty.Type{"a": cty.String, "b": cty.List(cty.Number)}, []string{"b"})),
		cty.Map(cty.Object(map[string]cty.Type{"a": dynamic})), cty.List(cty.Object(map[string]cty.Type{"a": dynamic})),
	}
	srcs := []string{
		`1`, `"a"`, `true`, `null`, `[]`, `{}`, `["a"]`, `["a", "b", "a"]`, `[1, 2]`, `[1, "b"]`, `["1", 2]`, `[true, "b"]`, `[1, true]`, `[null, "a"]`, `["a", null]`,
		`[["a"], ["b"]]`, `[["a"], [1]]`, `[["a"], []]`, `[["a", 1], ["b", 2]]`, `[[1], ["a", "b"]]`, `["a", ["b"]]`, `[[], []]`,
		`{ a = "x" }`, `{ a = 1, b = "x" }`, `{ a = ["x"] }`, `{ a = "x", b = [1] }`, `{ a = ["x"], c = 1 }`, `{ a = { a = 1 }, b = { a = 2 } }`, `{ a = { a = 1 }, b = { a = "x" } }`,
		`[{ a = 1 }, { a = 2 }]`, `[{ a = 1 }, { a = "x" }]`, `[{ a = 1 }, { b = "x" }]`, `[{ a = "x" }, { a = "y", b = [1] }]`, `[{ a = "x" }, "y"]`, `[{ a = [] }, { a = ["y"] }]`,
	}
	alike := 0
	for _, src := range srcs {
		v, ds := mustParse(t, src).Value(nil)
		if ds.HasErrors() {
			t.Fatal(ds)
		}
		for _, from := range []cty.Value{v, v.Mark(sensitive), cty.UnknownVal(v.Type())} {
			for _, want := range types {
				exp, expErr := convert.Convert(from, want)
				got, err := converted(from, want)
				if (err == nil) != (expErr == nil) || err == nil && (!got.RawEquals(exp) || !got.Type().Equals(exp.Type())) {
					t.Errorf("%s to %#v is %#v (%v), and go-cty makes %#v (%v)", src, want, got, err, exp, expErr)
				}
				if err == nil {
					alike++
				}
			}
		}
	}
	if alike < 300 {
		t.Errorf("only %d conversions were possible", alike)
	}
}

// TestLargeLists works on lists of n and of 32n elements. What compares each element with each takes a thousand times as
// long for the larger one.
func TestLargeLists(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const n, factor, most = 1000, 32, 350
	small, large := textList(n), textList(factor*n)
	for _, src := range []string{
		`sort(l)`, `distinct(l)`, `toset(l)`, `tolist(l)`, `compact(l)`, `chunklist(l, 2)`, `join(",", l)`, `sum([for i, x in l : i])`,
		`setunion(l, l)`, `setsubtract(l, ["k1"])`, `setintersection(l, l)`, `setunion([for x in l : [x]]...)`, `setproduct(l, ["a", "b"])`,
		`concat([for x in l : [x]]...)`, `merge([for x in l : { (x) = x }]...)`, `coalesce(l...)`, `coalesce(l, ["a"])`,
		`true ? l : []`, `false ? l : ["a"]`, `true ? { for x in l : x => x } : {}`, `tomap({ for x in l : x => [x] })`,
		`tolist([for x in l : { a = x, b = [x, 1] }])`, `tolist([for i, x in l : i < 2 ? i : x])`, `tolist([l, ["a"]])`, `tolist([for x in l : { (x) = 1 }])`,
		`distinct([for x in l : { a = x, b = [x, 1] }])`,
	} {
		e := mustParse(t, src)
		least, again := min(timed(t, e, small), timed(t, e, small), timed(t, e, small)), false
		for timed(t, e, large) > most*least {
			if again { // not because another process was in the way
				t.Fatalf("%s takes %v for %d elements, and more than %d times that for %d", src, least, n, most, factor*n)
			}
			again = true
		}
	}
}

// textList returns a list of n texts as a loop makes it.
func textList(n int) cty.Value {
	texts := make([]cty.Value, n)
	for i := range texts {
		texts[i] = cty.StringVal(fmt.Sprintf("k%d", i))
	}
	return cty.TupleVal(texts)
}

// timed returns how long an expression takes that reads a list.
func timed(t *testing.T, e hclsyntax.Expression, list cty.Value) time.Duration {
	l := newLoader(t.Context(), "", Options{})
	l.count(e)
	ctx := l.base.NewChild()
	ctx.Variables = map[string]cty.Value{"l": list}
	start := time.Now()
	if _, ds := e.Value(ctx); ds.HasErrors() {
		t.Fatal(ds)
	}
	return time.Since(start)
}

// TestCostlyLists refuses what would take minutes however it is done.
func TestCostlyLists(t *testing.T) {
	for src, want := range map[string]string{
		`toset([for i in flatten([for a in range(3) : range(1000)]) : 1])`:                                "",
		`toset(flatten([for a in range(3) : [for b in range(1000) : 10000000000000 + 1000 * a + b]]))`:    "first ten digits",
		`distinct(flatten([for a in range(3) : [for b in range(1000) : 10000000000000 + 1000 * a + b]]))`: "first ten digits",
		`toset(flatten([for a in range(30) : [for b in range(1000) : { a = a, b = b }]]))`:                "a set is sorted",
		`setproduct(toset(range(200)), toset(range(200)))`:                                                "a set is sorted",
		`length(setproduct(range(200), range(200)))`:                                                      "",
		`true ? concat([for a in range(1000) : a], [{}]) : []`:                                            "must have the same type",
		`true ? concat([for a in range(999) : a], [{}]) : null`:                                           "",
	} {
		l := newLoader(t.Context(), "", Options{})
		_, ok := l.eval(l.compileExpr(mustParse(t, src), place{}), &scope{rec: &recorder{}})
		if ok != (want == "") || !strings.Contains(l.diags.Error(), want) {
			t.Errorf("%s: %t, %v", src, ok, l.diags)
		}
	}
}
