package expr_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/prefab-build/prefab/spec/expr"
)

func TestFromJSON(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{` {"b": 1, "a": [true, false, null, -0, 1.0, 1e2, 1E-2]} `, `{"a":[true,false,null,0,1.0,100.0,0.01],"b":1}`},
		{`"\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t\u0000"`, "\"é😀\\\"\\\\/\\u0008\\u000c\\n\\r\\t\\u0000\""},
		{"\"\u2028\"", "\"\u2028\""},
		{`9223372036854775807`, `9223372036854775807`},
		{`123456789012345678901.5`, `123456789012345680000.0`},
		{`-0.0`, `0.0`},
		{`[]`, `[]`},
		{`{}`, `{}`},
		{`1e-400`, `0.0`},
		{``, `syntax 0 the text ends where a value should be`},
		{`{"a":1,}`, `syntax 7 '}' stands where a name in double quotes should be`},
		{`[1,]`, `syntax 3 ']' stands where a value should be`},
		{`[1 2]`, `syntax 3 '2' stands where a comma or the end of the list should be`},
		{`{"a" 1}`, `syntax 5 '1' stands where a colon should be`},
		{`{a:1}`, `syntax 1 'a' stands where a name in double quotes should be`},
		{`01`, `syntax 1 '1' stands where nothing more should be`},
		{`-`, `syntax 1 the text ends where a digit should be`},
		{`1.`, `syntax 2 the text ends where a digit should be`},
		{`1e`, `syntax 2 the text ends where a digit should be`},
		{`nul`, `syntax 0 'n' stands where a value should be`},
		{`NaN`, `syntax 0 'N' stands where a value should be`},
		{`1 x`, `syntax 2 'x' stands where nothing more should be`},
		{`"a`, `syntax 0 the string that starts here has no end`},
		{`"a\`, `syntax 2 the text ends within an escape`},
		{`"\x"`, `syntax 1 \x is no escape`},
		{`"\u12g4"`, `syntax 1 \u wants four hexadecimal digits`},
		{"\"a\nb\"", `syntax 2 the control character 0x0a stands in a string without an escape`},
		{`"\ud800"`, `lone-surrogate 1 \ud800 is half of a surrogate pair without its other half`},
		{`"\ude00\ud83d"`, `lone-surrogate 1 \ude00 is half of a surrogate pair without its other half`},
		{"\"a\xff\"", `utf8 2 the byte 0xff is not UTF-8`},
		{"\"\\n\xff\\n\"", `utf8 3 the byte 0xff is not UTF-8`},
		{"\xef\xbb\xbf1", "syntax 0 '\\ufeff' stands where a value should be"},
		{`{"x":{"b":1,"a":2,"b":3}}`, `duplicate-name 5 the object that starts here has "b" twice`},
		{`{"é":1,"\u00e9":2}`, `duplicate-name 0 the object that starts here has "é" twice`},
		{`9223372036854775808`, `number 0 the integer 9223372036854775808 is beyond 64 bits`},
		{`[1e999]`, `number 1 the number 1e999 is beyond the range of float64`},
		{strings.Repeat("[", 1002), `depth 1001 lists and objects are nested deeper than 1000`},
	} {
		v, err := expr.FromJSON([]byte(c.in))
		got := v.String()
		if bad := (*expr.JSONError)(nil); errors.As(err, &bad) {
			got = bad.Code + " " + json.Number(itoa(bad.Offset)).String() + " " + bad.Reason
		} else if err != nil {
			t.Errorf("%q: an error of type %T", c.in, err)
		}
		if got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func itoa(i int) string { return expr.IntOf(int64(i)).String() }

func TestCompare(t *testing.T) {
	ordered := []string{
		`null`, `false`, `true`, `-1e300`, `-9223372036854775808`, `-9223372036854775807`, `-1`, `-0.5`, `0`, `1`, `1.5`,
		`9007199254740992.0`, `9007199254740993`, `9223372036854775807`, `9223372036854775808.0`, `1e300`,
		`""`, `"a"`, `"aa"`, `"b"`, `"é"`, `[]`, `[1]`, `[1,0]`, `[2]`, `{}`, `{"a":1}`, `{"a":1,"b":0}`, `{"a":2}`, `{"b":0}`,
	}
	for i, a := range ordered {
		for j, b := range ordered {
			x, y := mustValue(t, a), mustValue(t, b)
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := expr.Compare(x, y); got != want || expr.Equal(x, y) != (want == 0) {
				t.Errorf("Compare(%s, %s) is %d, Equal %v", a, b, got, expr.Equal(x, y))
			}
		}
	}
	if !expr.Equal(expr.IntOf(3), expr.FloatOf(3)) {
		t.Error("3 does not equal 3.0")
	}
}

func mustValue(t testing.TB, s string) expr.Value {
	t.Helper()
	v, err := expr.FromJSON([]byte(s))
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return v
}

func TestAccessors(t *testing.T) {
	v := expr.ObjectOf([]expr.Field{
		{Name: "b", Value: expr.IntOf(1)}, {Name: "a", Value: expr.StringOf("x")}, {Name: "b", Value: expr.BoolOf(true)},
	})
	if got := v.String(); got != `{"a":"x","b":true}` {
		t.Errorf("of equal names the last one must count: %s", got)
	}
	if _, ok := v.Lookup("c"); ok || !v.Get("c").IsNull() || v.Len() != 2 || v.Get("a").Str() != "x" || !v.Get("b").Bool() {
		t.Errorf("the fields of %s are not found", v)
	}
	var zero expr.Value
	if !zero.IsNull() || zero.Str() != "" || zero.Int() != 0 || zero.Float() != 0 || zero.Elems() != nil || zero.Fields() != nil {
		t.Error("the zero value is not null")
	}
	many := make([]expr.Field, 100)
	for i := range many {
		many[i] = expr.Field{Name: strings.Repeat("k", 100-i), Value: expr.IntOf(int64(100 - i))}
	}
	big := expr.ObjectOf(many)
	for i := 1; i <= 100; i++ {
		if got := big.Get(strings.Repeat("k", i)); got.Int() != int64(i) {
			t.Errorf("field %d of 100 is %s", i, got)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a value that is not a number was made")
		}
	}()
	expr.FloatOf(math.NaN())
}

// values draws any value of the language.
func values(depth int) *rapid.Generator[expr.Value] {
	leaves := []*rapid.Generator[expr.Value]{
		rapid.Just(expr.Value{}),
		rapid.Map(rapid.Bool(), expr.BoolOf),
		rapid.Map(rapid.Int64(), expr.IntOf),
		rapid.Map(rapid.Float64(), func(f float64) expr.Value {
			if math.IsInf(f, 0) || math.IsNaN(f) {
				f = 0.25
			}
			return expr.FloatOf(f)
		}),
		rapid.Map(rapid.String(), expr.StringOf),
	}
	if depth == 0 {
		return rapid.OneOf(leaves...)
	}
	sub := values(depth - 1)
	return rapid.OneOf(append(leaves,
		rapid.Map(rapid.SliceOfN(sub, 0, 4), expr.ValuesOf),
		rapid.Map(rapid.MapOfN(rapid.String(), sub, 0, 12), func(m map[string]expr.Value) expr.Value {
			var fields []expr.Field
			for k, v := range m {
				fields = append(fields, expr.Field{Name: k, Value: v})
			}
			return expr.ObjectOf(fields)
		}))...)
}

func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := values(3).Draw(t, "v")
		text := v.String()
		back, err := expr.FromJSON([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !expr.Equal(v, back) || back.Kind() != v.Kind() || back.String() != text {
			t.Fatalf("%s came back as %s", text, back)
		}
	})
}

func TestCompareIsAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := values(1).Draw(t, "a"), values(1).Draw(t, "b"), values(1).Draw(t, "c")
		if expr.Compare(a, b) != -expr.Compare(b, a) {
			t.Fatal("not antisymmetric")
		}
		if expr.Compare(a, b) <= 0 && expr.Compare(b, c) <= 0 && expr.Compare(a, c) > 0 {
			t.Fatal("not transitive")
		}
	})
}
