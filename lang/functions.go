package lang

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	"github.com/zclconf/go-cty/cty/json"

	"github.com/prefab-build/prefab/spec/expr"
)

// functions returns the functions of the language: go-cty's library under the names that Terraform users know, and
// those that look outside of the source.
func (l *loader) functions() map[string]function.Function {
	out := map[string]function.Function{
		"abs":             stdlib.AbsoluteFunc,
		"can":             tryfunc.CanFunc,
		"ceil":            stdlib.CeilFunc,
		"chomp":           stdlib.ChompFunc,
		"chunklist":       stdlib.ChunklistFunc,
		"coalesce":        coalesceFunc,
		"coalescelist":    stdlib.CoalesceListFunc,
		"compact":         stdlib.CompactFunc,
		"concat":          stdlib.ConcatFunc,
		"contains":        stdlib.ContainsFunc,
		"csvdecode":       stdlib.CSVDecodeFunc,
		"distinct":        distinctFunc,
		"element":         stdlib.ElementFunc,
		"endswith":        affixFunc(func(s, affix string) bool { return len(s) >= len(affix) && s[len(s)-len(affix):] == affix }),
		"flatten":         stdlib.FlattenFunc,
		"floor":           stdlib.FloorFunc,
		"format":          stdlib.FormatFunc,
		"formatlist":      stdlib.FormatListFunc,
		"indent":          stdlib.IndentFunc,
		"join":            stdlib.JoinFunc,
		"jsondecode":      stdlib.JSONDecodeFunc,
		"jsonencode":      stdlib.JSONEncodeFunc,
		"keys":            stdlib.KeysFunc,
		"length":          lengthFunc,
		"log":             stdlib.LogFunc,
		"lookup":          stdlib.LookupFunc,
		"lower":           stdlib.LowerFunc,
		"max":             stdlib.MaxFunc,
		"merge":           stdlib.MergeFunc,
		"min":             stdlib.MinFunc,
		"one":             oneFunc,
		"parseint":        stdlib.ParseIntFunc,
		"pow":             stdlib.PowFunc,
		"range":           stdlib.RangeFunc,
		"regex":           stdlib.RegexFunc,
		"regexall":        stdlib.RegexAllFunc,
		"replace":         replaceFunc,
		"reverse":         stdlib.ReverseListFunc,
		"setintersection": setFunc(math.MaxInt, sift(true)),
		"setproduct":      setProductFunc,
		"setsubtract":     setFunc(2, sift(false)),
		"setunion":        setFunc(math.MaxInt, unite),
		"signum":          stdlib.SignumFunc,
		"slice":           stdlib.SliceFunc,
		"sort":            stdlib.SortFunc,
		"split":           stdlib.SplitFunc,
		"startswith":      affixFunc(func(s, affix string) bool { return len(s) >= len(affix) && s[:len(affix)] == affix }),
		"strlen":          stdlib.StrlenFunc,
		"strrev":          stdlib.ReverseFunc,
		"substr":          stdlib.SubstrFunc,
		"sum":             sumFunc,
		"title":           stdlib.TitleFunc,
		"tobool":          conversionFunc("tobool", cty.Bool),
		"tolist":          conversionFunc("tolist", cty.List(cty.DynamicPseudoType)),
		"tomap":           conversionFunc("tomap", cty.Map(cty.DynamicPseudoType)),
		"tonumber":        conversionFunc("tonumber", cty.Number),
		"toset":           conversionFunc("toset", cty.Set(cty.DynamicPseudoType)),
		"tostring":        conversionFunc("tostring", cty.String),
		"trim":            stdlib.TrimFunc,
		"trimprefix":      stdlib.TrimPrefixFunc,
		"trimspace":       stdlib.TrimSpaceFunc,
		"trimsuffix":      stdlib.TrimSuffixFunc,
		"try":             tryfunc.TryFunc,
		"upper":           stdlib.UpperFunc,
		"values":          stdlib.ValuesFunc,
		"zipmap":          stdlib.ZipmapFunc,
	}
	for _, f := range exprFunctions {
		if _, ok := out[f.Name]; !ok {
			out[f.Name] = bridge(f)
		}
	}
	l.addFileFunctions(out)
	for name, f := range out {
		out[name] = l.wrapped(name, f)
	}
	out["templatefile"] = l.wrapped("templatefile", l.templateFunc(maps.Clone(out))) // a template cannot render templates
	return out
}

// bridge makes a function of spec/expr, which works on rows and metrics, available for values that are known.
func bridge(f expr.Function) function.Function {
	return function.New(&function.Spec{
		Description: f.Doc,
		VarParam:    &function.Parameter{Name: f.Name, Type: cty.DynamicPseudoType, AllowNull: true},
		Type: func(args []cty.Value) (cty.Type, error) {
			v, err := callExpr(f, args)
			return v.Type(), err
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return callExpr(f, args) },
	})
}

func callExpr(f expr.Function, args []cty.Value) (cty.Value, error) {
	n := &expr.Node{Op: expr.Call, Name: f.Name}
	for _, a := range args {
		p, err := plain(a)
		if err != nil {
			return cty.DynamicVal, err
		}
		n.Args = append(n.Args, plainNode(p))
	}
	p, err := expr.Compile(n)
	if err != nil {
		return cty.DynamicVal, fmt.Errorf("%s The function is %s", sentence(err), f.Signature())
	}
	v, err := p.Eval(&expr.Env{})
	if err != nil {
		return cty.DynamicVal, errors.New(sentence(err))
	}
	b := v.AppendJSON(nil)
	t, err := json.ImpliedType(b)
	if err != nil {
		return cty.DynamicVal, err
	}
	return json.Unmarshal(b, t)
}

// plainNode turns what plain made into a node.
func plainNode(v any) *expr.Node {
	switch v := v.(type) {
	case stdjson.Number:
		if i, err := v.Int64(); err == nil {
			return literal(i)
		}
		f, _ := v.Float64()
		return literal(f)
	case []any:
		out := listOf()
		for _, e := range v {
			out.Args = append(out.Args, plainNode(e))
		}
		return out
	case map[string]any:
		out := &expr.Node{Op: expr.Object}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out.Keys, out.Args = append(out.Keys, text(k)), append(out.Args, plainNode(v[k]))
		}
		return out
	}
	return literal(v)
}

// conversionFunc makes one of the to... functions.
func conversionFunc(name string, want cty.Type) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "v", Type: cty.DynamicPseudoType, AllowNull: true, AllowDynamicType: true}},
		Type: func(args []cty.Value) (cty.Type, error) {
			v := args[0]
			if v.Type().Equals(want) || want.HasDynamicTypes() && v.IsNull() {
				return want, nil
			}
			out, err := converted(v, want)
			if err != nil {
				return cty.NilType, function.NewArgErrorf(0, "%s cannot make its type of %s: %v", name, describe(v), err)
			}
			return out.Type(), nil
		},
		Impl: func(args []cty.Value, t cty.Type) (cty.Value, error) {
			if !args[0].IsKnown() {
				return cty.UnknownVal(t), nil
			}
			return converted(args[0], t)
		},
	})
}

// lengthFunc counts the elements of a list, set or map, the attributes of an object, or the characters of a string.
var lengthFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowDynamicType: true}},
	Type: func(args []cty.Value) (cty.Type, error) {
		t := args[0].Type()
		if t == cty.String || t.IsTupleType() || t.IsObjectType() || t.IsCollectionType() || t == cty.DynamicPseudoType {
			return cty.Number, nil
		}
		return cty.Number, function.NewArgErrorf(0, "only a list, a set, a map or a string has a length")
	},
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		switch t := args[0].Type(); {
		case t == cty.String:
			return stdlib.Strlen(args[0])
		case t.IsObjectType():
			return cty.NumberIntVal(int64(len(t.AttributeTypes()))), nil
		case t.IsTupleType():
			return cty.NumberIntVal(int64(t.Length())), nil
		}
		return args[0].Length(), nil
	},
})

// oneFunc takes the only element of a list, or null of an empty one.
var oneFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}},
	Type: func(args []cty.Value) (cty.Type, error) {
		switch t := args[0].Type(); {
		case t.IsListType() || t.IsSetType():
			return t.ElementType(), nil
		case t.IsTupleType() && t.Length() == 1:
			return t.TupleElementType(0), nil
		case t.IsTupleType() && t.Length() == 0:
			return cty.DynamicPseudoType, nil
		case t.IsTupleType():
			return cty.NilType, function.NewArgErrorf(0, "the list has %d elements, and one takes a list of at most one", t.Length())
		}
		return cty.NilType, function.NewArgErrorf(0, "one takes a list or a set")
	},
	Impl: func(args []cty.Value, t cty.Type) (cty.Value, error) {
		switch n := args[0].LengthInt(); n {
		case 0:
			return cty.NullVal(t), nil
		case 1:
			return args[0].AsValueSlice()[0], nil
		default:
			return cty.NilVal, function.NewArgErrorf(0, "the list has %d elements, and one takes a list of at most one", n)
		}
	},
})

// sumFunc adds the numbers of a list.
var sumFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.List(cty.Number)}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		total := cty.Zero
		for _, x := range args[0].AsValueSlice() {
			if x.IsNull() {
				return cty.NilVal, function.NewArgErrorf(0, "the list holds a null")
			}
			total = total.Add(x)
		}
		return total, nil
	},
})

// replaceFunc replaces a text, or a regular expression when the text stands between slashes, as in Terraform.
var replaceFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "str", Type: cty.String}, {Name: "substr", Type: cty.String}, {Name: "replace", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if p := args[1].AsString(); len(p) > 1 && p[0] == '/' && p[len(p)-1] == '/' {
			return stdlib.RegexReplace(args[0], cty.StringVal(p[1:len(p)-1]), args[2])
		}
		return stdlib.Replace(args[0], args[1], args[2])
	},
})

// affixFunc makes startswith and endswith.
func affixFunc(holds func(s, affix string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "str", Type: cty.String}, {Name: "affix", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(holds(args[0].AsString(), args[1].AsString())), nil
		},
	})
}
