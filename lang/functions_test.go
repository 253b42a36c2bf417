package lang

import (
	"testing"
	"testing/fstest"
)

// TestFunctions shows one use of each family; how go-cty's own work is tested there.
func TestFunctions(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`length("häß")`, `3`},
		{`length({ a = 1 })`, `1`},
		{`join(",", split("-", "a-b"))`, `"a,b"`},
		{`format("%s-%03d", "a", 7)`, `"a-007"`},
		{`replace("a.b.c", ".", "-")`, `"a-b-c"`},
		{`replace("a1b22", "/[0-9]+/", "#")`, `"a#b#"`},
		{`regex("([a-z]+)=([0-9]+)", "x=12")`, `["x","12"]`},
		{`merge({ a = 1 }, { b = 2 })`, `{"a":1,"b":2}`},
		{`toset(["b", "a", "b"])`, `["a","b"]`},
		{`tomap({ a = 1 })`, `{"a":1}`},
		{`tonumber("1.50")`, `1.5`},
		{`tobool("true")`, `true`},
		{`tostring(1.50)`, `"1.5"`},
		{`tolist(toset(["a"]))`, `["a"]`},
		{`jsondecode("{\"a\": [1, null]}")`, `{"a":[1,null]}`},
		{`jsonencode({ b = 1, a = [true] })`, `"{\"a\":[true],\"b\":1}"`},
		{`lookup({ a = 1 }, "b", 2)`, `2`},
		{`element(["a", "b"], 3)`, `"b"`},
		{`zipmap(["a"], [1])`, `{"a":1}`},
		{`try({ a = 1 }.b, "none")`, `"none"`},
		{`can(tonumber("x"))`, `false`},
		{`coalesce(null, "x")`, `"x"`},
		{`[for i in range(3) : i * i]`, `[0,1,4]`},
		{`sum([0.1, 0.2])`, `0.3`},
		{`one(toset(["a"]))`, `"a"`},
		{`one([])`, `null`},
		{`max([1, 5, 3]...)`, `5`},
		{`startswith("prefab", "pre") && endswith("prefab", "fab")`, `true`},
		{`alltrue([true, 1 < 2])`, `true`},
		{`round(2.5)`, `3`},
		{`sha256("")`, `"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`},
		{`regexmatch("^a", "ab")`, `true`},
		{`first([1, 2]) + last([1, 2])`, `3`},
		{`fileset(".", "*.txt")`, `["a.txt"]`},
		{`file("a.txt")`, `"text"`},
		{`env("CORPUS", "x")`, `"hh"`},
		{`env("NONE", "x")`, `"x"`},
		{`{ for k, v in { a = 1, b = 2 } : v => k if v > 1 }`, `{"2":"b"}`},
		{`[{ a = 1 }, { a = 2 }][*].a`, `[1,2]`},
		{`"%{ if true }yes%{ else }no%{ endif }"`, `"yes"`},
	} {
		l := newLoader(t.Context(), "", Options{Environ: testEnviron, FS: fstest.MapFS{"a.txt": {Data: []byte("text")}}})
		v, ok := l.eval(l.compileExpr(mustParse(t, c.src), place{}), &scope{rec: &recorder{}})
		if !ok {
			t.Errorf("%s: %v", c.src, l.diags)
			continue
		}
		b, err := plainJSON(v)
		if err != nil || string(b) != c.want {
			t.Errorf("%s is %s (%v), want %s", c.src, b, err, c.want)
		}
	}
}
