package expr_test

import (
	"strings"
	"testing"

	"github.com/prefab-build/prefab/spec/expr"
)

func TestFunctions(t *testing.T) {
	tags, turns := row("tags"), row("turns")
	for _, c := range []struct {
		n    *expr.Node
		want string
	}{
		{call("lower", lit("ÀB")), `"àb"`},
		{call("upper", lit("ß é")), `"ß É"`},
		{call("trimspace", lit("\t a b\n")), `"a b"`},
		{call("trim", lit("xxaxx"), lit("x")), `"a"`},
		{call("trimprefix", lit("Human: hi"), lit("Human: ")), `"hi"`},
		{call("trimsuffix", lit("a.txt"), lit(".txt")), `"a"`},
		{call("startswith", row("prompt"), lit("Wh")), `true`},
		{call("endswith", row("prompt"), lit("Wh")), `false`},
		{call("strcontains", row("prompt"), lit("hy")), `true`},
		{call("contains", tags, lit("a")), `true`},
		{call("contains", row("votes"), lit(2.0)), `true`},
		{call("contains", list(lit("Why?"), lit("How?")), row("prompt")), `true`},
		{call("contains", row("prompt"), lit("hy")), `true`},
		{call("contains", row("prompt"), lit(1)), `contains(row.prompt, 1): 1 is an integer: only a string is a part of a string`},
		{call("replace", lit("a.b.c"), lit("."), lit("--")), `"a--b--c"`},
		{call("replace", lit("ab"), lit(""), lit("-")), `"-a-b-"`},
		{call("substr", lit("héllo"), lit(1), lit(3)), `"éll"`},
		{call("substr", lit("héllo"), lit(-2), lit(-1)), `"lo"`},
		{call("substr", lit("héllo"), lit(9), lit(1)), `""`},
		{call("substr", lit("héllo"), lit(-9), lit(2)), `"hé"`},
		{call("substr", lit("héllo"), lit(0), lit(0)), `""`},
		{call("substr", lit("x"), lit(0.5), lit(1)), `substr("x", 0.5, 1): 0.5 is a number, not a whole number`},
		{call("split", lit(","), lit("a,,b")), `["a","","b"]`},
		{call("split", lit(""), lit("hé")), `["h","é"]`},
		{call("join", lit("-"), tags), `"b-a-b"`},
		{call("join", lit("-"), turns), `join("-", row.turns): row.turns[0] is an object, which has no text`},
		{call("regex", lit("[0-9]+"), lit("ab 12 3")), `"12"`},
		{call("regex", lit("(a)(x)?"), lit("ab")), `["a",null]`},
		{call("regex", lit("(?P<k>[a-z])=(?P<v>.)"), lit("b=2")), `{"k":"b","v":"2"}`},
		{call("regex", lit("x"), row("prompt")), `regex("x", row.prompt): nothing in row.prompt matches`},
		{call("regexall", lit("[0-9]"), lit("1a2")), `["1","2"]`},
		{call("regexall", lit("x"), lit("1a2")), `[]`},
		{call("regexmatch", lit("^Why"), row("prompt")), `true`},
		{call("regexreplace", lit("(a)(b)"), lit("xabab"), lit("$2$1")), `"xbaba"`},
		{
			call("format", lit("%05.1f|%-4s|%q|%d|%v|%t%%"), lit(3.14159), lit("ab"), lit("\""), lit(2.0), row("tags"), lit(true)),
			`"003.1|ab  |\"\\\"\"|2|[\"b\",\"a\",\"b\"]|true%"`,
		},
		{call("format", lit("%d"), lit(1.5)), `format("%d", 1.5): 1.5 is a number, which %d cannot print`},
		{call("format", lit("%x"), lit(1)), `format("%x", 1): "%x" is no verb: a verb is %, flags - + 0 or space, width, precision and one of s v q d f e g t %`},
		{call("format", lit("%s")), `format("%s"): there is no value for %s`},
		{call("format", lit("a"), lit(1)), `format("a", 1): there is 1 value for 0 verbs`},
		{call("sha256", lit("abc")), `"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"`},
		{call("length", lit("héllo")), `5`},
		{call("length", turns), `2`},
		{call("length", row("scores")), `2`},
		{call("length", row("none")), `length(row.none): row.none is null, not a string, a list or an object`},
		{call("element", tags, lit(4)), `"a"`},
		{call("element", list(), lit(0)), `element([], 0): a list of 0 elements has no place 0`},
		{call("first", tags), `"b"`},
		{call("last", row("votes")), `3.5`},
		{call("first", list()), `first([]): the list is empty`},
		{call("slice", tags, lit(1), lit(3)), `["a","b"]`},
		{call("slice", tags, lit(2), lit(4)), `slice(row.tags, 2, 4): a list of 3 elements has no part from 2 to 4`},
		{call("reverse", row("votes")), `[3.5,2,"a"]`},
		{call("concat", tags, list(lit(1)), list()), `["b","a","b",1]`},
		{call("flatten", list(lit(1), list(lit(2), list(lit(3))), list())), `[1,2,3]`},
		{call("distinct", tags), `["b","a"]`},
		{call("distinct", list(lit(1), lit(1.0), lit("1"), lit(nil), lit(nil))), `[1,"1",null]`},
		{call("sort", tags), `["a","b","b"]`},
		{call("sort", list(lit(2), lit(-1), lit(1.5))), `[-1,1.5,2]`},
		{call("sort", row("votes")), `sort(row.votes): the list has a string at [0] and an integer at [1]: only numbers or only strings sort`},
		{call("alltrue", list()), `true`},
		{call("anytrue", list()), `false`},
		{call("alltrue", each("", "m", turns, bin(loopVar("m", "role"), "==", lit("user")))), `false`},
		{call("anytrue", each("", "m", turns, bin(loopVar("m", "role"), "==", lit("user")))), `true`},
		{call("anytrue", row("votes")), `anytrue(row.votes): row.votes[0] is a string, not a boolean`},
		{call("keys", row("scores")), `["help","style"]`},
		{call("values", row("scores")), `[4,{"tone":1.5}]`},
		{call("lookup", row("scores"), lit("help")), `4`},
		{call("lookup", row("scores"), lit("no"), lit(9)), `9`},
		{call("lookup", row("scores"), lit("no")), `null`},
		{call("merge", row("scores"), object(lit("help"), lit(5), lit("a"), lit(1))), `{"a":1,"help":5,"style":{"tone":1.5}}`},
		{call("coalesce", row("none"), row("absent"), lit(""), lit(1)), `""`},
		{call("coalesce", row("none")), `null`},
		{call("tostring", lit(2.0)), `"2"`},
		{call("tostring", lit(1e21)), `"1e+21"`},
		{call("tostring", row("none")), `null`},
		{call("tostring", tags), `tostring(row.tags): row.tags is a list, not a number, a string, a boolean or null`},
		{call("tonumber", lit(" 12 ")), `12`},
		{call("tonumber", lit("1e3")), `1000.0`},
		{call("tonumber", lit("0x1p4")), `tonumber("0x1p4"): "0x1p4" is no number`},
		{call("tonumber", lit("1e999")), `tonumber("1e999"): "1e999" is no number, or one out of range`},
		{call("tonumber", row("flag")), `tonumber(row.flag): row.flag is a boolean, not a number`},
		{call("toint", lit("12")), `12`},
		{call("toint", lit(12.0)), `12`},
		{call("toint", lit(1.5)), `toint(1.5): 1.5 is no integer of 64 bits: floor, ceil or round drops a fraction`},
		{call("tobool", lit("true")), `true`},
		{call("tobool", lit("yes")), `tobool("yes"): "yes" is neither true nor false`},
		{call("typeof", row("votes")), `"list"`},
		{call("jsonencode", row("scores")), `"{\"help\":4,\"style\":{\"tone\":1.5}}"`},
		{call("jsondecode", lit(`{"a":[1,2.0]}`)), `{"a":[1,2.0]}`},
		{call("jsondecode", lit(`{"a":1,"a":2}`)), `jsondecode("{\"a\":1,\"a\":2}"): at byte 0: the object that starts here has "a" twice`},
		{call("abs", lit(-3)), `3`},
		{call("abs", lit(-0.5)), `0.5`},
		{call("ceil", lit(1.2)), `2`},
		{call("floor", lit(-1.2)), `-2`},
		{call("round", lit(-2.5)), `-3`},
		{call("round", lit(1e300)), `round(1e+300): the result is beyond 64 bits`},
		{call("max", lit(1), lit(2.5), lit(2)), `2.5`},
		{call("min", lit(1), lit(1.0)), `1`},
		{call("sum", list(lit(1), lit(2))), `3`},
		{call("sum", list(lit(1), lit(0.5))), `1.5`},
		{call("sum", list()), `0`},
		{call("sum", list(row("big"), lit(1))), `sum([row.big, 1]): the result is beyond 64 bits`},
		{call("sum", row("votes")), `sum(row.votes): row.votes[0] is a string, not a number`},
	} {
		check(t, c.n, c.want)
	}
}

// TestEveryFunctionIsTested keeps the table above and the documented list together, and the list readable.
func TestEveryFunctionIsTested(t *testing.T) {
	last := ""
	for _, f := range expr.Functions() {
		if f.Name <= last || f.Doc == "" || !strings.HasSuffix(f.Doc, ".") || len(f.Params) == 0 || f.Result == 0 {
			t.Errorf("%s is out of order or lacks documentation", f.Name)
		}
		last = f.Name
		args := make([]*expr.Node, 0, 3)
		for _, p := range f.Params {
			if p.Optional || p.Variadic {
				break
			}
			args = append(args, lit("x"))
		}
		if err := expr.Validate(call(f.Name, args...)); err != nil {
			t.Errorf("%s with the arguments that it demands: %v", f.Signature(), err)
		}
		if err := expr.Validate(call(f.Name, append(args, args[:0]...)[:max(0, len(args)-1)]...)); len(args) > 0 && err == nil {
			t.Errorf("%s takes too few arguments", f.Signature())
		}
	}
}

func TestSignature(t *testing.T) {
	want := map[string]string{
		"lookup":  "lookup(object object, name string, [default any]) any",
		"length":  "length(of string, list or object) integer",
		"min":     "min(number number, numbers... number) number",
		"regex":   "regex(pattern string, string string) string, list or object",
		"toint":   "toint(value number, string, bool or null) integer or null",
		"flatten": "flatten(list list) list",
	}
	for _, f := range expr.Functions() {
		if w, ok := want[f.Name]; ok && f.Signature() != w {
			t.Errorf("got %s, want %s", f.Signature(), w)
		}
	}
}

// TestBudget has expressions whose value would fill the memory: each must be refused, and quickly.
func TestBudget(t *testing.T) {
	long := call("replace", lit(strings.Repeat("a", 1<<16)), lit("a"), lit(strings.Repeat("b", 1<<16)))
	// Each loop doubles by reference: 2^80 leaves in 80 lists.
	shared := list(row("n"))
	for range 80 {
		shared = each("", "x", list(shared), list(loopVar("x"), loopVar("x")))
	}
	many := list()
	for range 2000 {
		many.Args = append(many.Args, row("n"))
	}
	deep := loopVar("v")
	for range 4 {
		deep = each("", "v", many, deep)
	}
	for name, n := range map[string]*expr.Node{
		"replace": long, "shared": shared, "jsonencode": call("jsonencode", shared), "equal": bin(shared, "==", shared),
		"flatten": call("flatten", shared), "loops": deep,
		"regex": call("length", call("regexall", lit(""), call("replace", row("prompt"), lit(""), lit(strings.Repeat("x", 1<<20))))),
	} {
		p, err := expr.Compile(n)
		if err != nil {
			t.Fatal(name, err)
		}
		env := expr.Env{Row: sample(t)}
		if v, err := p.Eval(&env); err == nil {
			t.Errorf("%s has a value of kind %v", name, v.Kind())
		} else if !strings.Contains(err.Error(), "limit") && !strings.Contains(err.Error(), "too large") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
