package lang

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2/ext/customdecode"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// wrapped keeps a function from three things: to make what is too large to go on with, to tell a sensitive value in what
// it says of a mistake, and to start when reading the pipeline was interrupted.
func (l *loader) wrapped(name string, f function.Function) function.Function {
	params, variadic, lazy := loosened(f)
	if lazy { // try and can evaluate their arguments, and the functions in those are wrapped themselves
		return f
	}
	return function.New(&function.Spec{
		Description: f.Description(), Params: params, VarParam: variadic,
		Type: func(args []cty.Value) (cty.Type, error) {
			args, err := l.accept(name, f, args)
			if err != nil {
				return cty.NilType, err
			}
			if size := sizes[name]; size != nil && size(bare(args)) > maxWeight*bytesPerUnit {
				return cty.NilType, errTooLarge(name) // some functions do their work to find the type of what comes of it
			}
			defer l.unrecorded(args)()
			t, err := f.ReturnTypeForValues(args)
			return t, discreet(name, args, err)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			args, err := l.accept(name, f, args)
			if err != nil {
				return cty.NilVal, err
			}
			defer l.unrecorded(args)()
			v, err := f.Call(args)
			if err != nil {
				return v, discreet(name, args, err)
			}
			if weigh(v) > maxWeight {
				return cty.NilVal, errTooLarge(name)
			}
			return v, nil
		},
	})
}

// accept converts arguments to the types of their parameters, in place of HCL, which takes long over large lists.
func (l *loader) accept(name string, f function.Function, args []cty.Value) ([]cty.Value, error) {
	if l.interrupted() {
		return nil, errInterrupted
	}
	out := make([]cty.Value, len(args))
	for i, a := range args {
		p := f.VarParam()
		if i < len(f.Params()) {
			p = &f.Params()[i]
		}
		v, err := converted(a, p.Type)
		if err != nil {
			return nil, discreet(name, args, function.NewArgErrorf(i, "%s", convertMessage(err)))
		}
		out[i] = v
	}
	return out, nil
}

// loosened returns the parameters of a function so that it gets marks to see, and lists as they are written; and whether
// it takes expressions.
func loosened(f function.Function) (params []function.Parameter, variadic *function.Parameter, lazy bool) {
	loosen := func(p *function.Parameter) {
		lazy = lazy || p.Type == customdecode.ExpressionClosureType
		p.AllowMarked = true
		if p.Type.IsCollectionType() {
			p.Type = cty.DynamicPseudoType
		}
	}
	for _, p := range f.Params() {
		loosen(&p)
		params = append(params, p)
	}
	if p := f.VarParam(); p != nil {
		own := *p
		loosen(&own)
		variadic = &own
	}
	return params, variadic, lazy
}

var errInterrupted = errors.New("reading the pipeline was interrupted")

func anyMarked(args []cty.Value) bool {
	for _, a := range args {
		if a.ContainsMarked() {
			return true
		}
	}
	return false
}

// unrecorded keeps a call with a sensitive argument out of what is recorded of calls, until the returned function is
// called.
func (l *loader) unrecorded(args []cty.Value) func() {
	before := l.rec
	if anyMarked(args) {
		l.rec = nil
	}
	return func() { l.rec = before }
}

// discreet leaves out what a function says of a mistake when one of its arguments is sensitive: errors quote values.
func discreet(name string, args []cty.Value, err error) error {
	if err == nil || !anyMarked(args) {
		return err
	}
	what := mistakes[name]
	if what == "" {
		what = "the function does not take it"
	}
	text := what + "; a value here is sensitive, so no more is shown"
	if arg := (function.ArgError{}); errors.As(err, &arg) {
		return function.NewArgErrorf(arg.Index, "%s", text)
	}
	return errors.New(text)
}

// mistakes say what kind of thing goes wrong in a function, without a value.
var mistakes = map[string]string{
	"file":         "no such text file can be read",
	"filesha256":   "no such file can be read",
	"fileset":      "no such folder can be read, or the pattern is none",
	"templatefile": "no such template can be read, or it cannot be rendered",
	"env":          "the environment has no such variable",
	"regex":        "the pattern is none, or nothing matches it",
	"regexall":     "the pattern is none",
	"regexmatch":   "the pattern is none",
	"regexreplace": "the pattern is none",
	"replace":      "the pattern is none",
	"parseint":     "it is no whole number of that base",
	"tonumber":     "it is no number",
	"tobool":       "it is neither true nor false",
	"jsondecode":   "it is no JSON",
	"csvdecode":    "it is no CSV",
	"format":       "the layout does not fit the values",
	"formatlist":   "the layout does not fit the values",
}

// bare returns the arguments without marks.
func bare(args []cty.Value) []cty.Value {
	out := make([]cty.Value, len(args))
	for i, a := range args {
		out[i], _ = a.UnmarkDeep()
	}
	return out
}

// sizes say, of functions that multiply, about how many bytes come of their arguments.
var sizes = map[string]func(args []cty.Value) int{
	"setproduct": func(args []cty.Value) int {
		n := len(args)
		for _, a := range args {
			n = product(n, length(a))
		}
		return product(n, bytesPerUnit)
	},
	"format":     func(args []cty.Value) int { return formatted(args, 1) },
	"formatlist": func(args []cty.Value) int { return formatted(args, longest(args)) },
	"join": func(args []cty.Value) int {
		n := 0
		for _, a := range args[1:] {
			n += length(a)
		}
		return product(n, textLength(args[0]))
	},
	"indent": func(args []cty.Value) int {
		if len(args) < 2 || !isText(args[1]) || args[0].Type() != cty.Number || args[0].IsNull() || !args[0].IsKnown() {
			return 0
		}
		spaces, _ := args[0].AsBigFloat().Int64()
		return product(int(min(max(spaces, 0), maxWeight*bytesPerUnit)), 1+strings.Count(args[1].AsString(), "\n"))
	},
	"replace": func(args []cty.Value) int {
		if !isText(args[0]) || !isText(args[1]) || !isText(args[2]) {
			return 0
		}
		s, old, repl := args[0].AsString(), args[1].AsString(), args[2].AsString()
		if len(old) > 1 && old[0] == '/' && old[len(old)-1] == '/' {
			return replaced(s, old[1:len(old)-1], repl)
		}
		return product(strings.Count(s, old), len(repl))
	},
	"regexreplace": func(args []cty.Value) int {
		if len(args) != 3 || !isText(args[0]) || !isText(args[1]) || !isText(args[2]) {
			return 0
		}
		return replaced(args[1].AsString(), args[0].AsString(), args[2].AsString())
	},
	"jsondecode": func(args []cty.Value) int {
		if isText(args[0]) {
			if _, deep := jsonTooDeep("", []byte(args[0].AsString())); deep {
				return maxWeight*bytesPerUnit + 1
			}
		}
		return 0
	},
	"parseint": func(args []cty.Value) int { return product(textLength(args[0]), maxWeight*bytesPerUnit/maxDigits) },
	"tonumber": func(args []cty.Value) int {
		if isText(args[0]) && longNumber([]byte(args[0].AsString())) {
			return maxWeight*bytesPerUnit + 1
		}
		return 0
	},
}

func isText(v cty.Value) bool { return v.IsKnown() && !v.IsNull() && v.Type() == cty.String }

func length(v cty.Value) int {
	if !v.IsKnown() || v.IsNull() || !v.CanIterateElements() {
		return 0
	}
	return v.LengthInt()
}

func textLength(v cty.Value) int {
	if !isText(v) {
		return 0
	}
	return len(v.AsString())
}

// longest is the length of the longest list among arguments.
func longest(args []cty.Value) int {
	n := 1
	for _, a := range args {
		n = max(n, length(a))
	}
	return n
}

var widths = regexp.MustCompile(`[0-9]+`)

// formatted is about how many bytes one layout makes, of each of a number of rounds.
func formatted(args []cty.Value, rounds int) int {
	layouts := []string{}
	if isText(args[0]) {
		layouts = append(layouts, args[0].AsString())
	}
	most := 0
	for _, a := range args[1:] {
		most = max(most, weigh(a)*bytesPerUnit)
	}
	n := 0
	for _, layout := range layouts {
		for i, verb := range strings.Split(layout, "%") {
			if i == 0 {
				continue
			}
			n += most
			for _, digits := range widths.FindAllString(verb[:strings.IndexFunc(verb+"a", isLetter)], -1) {
				if len(digits) > 5 {
					return maxWeight*bytesPerUnit + 1
				}
				n += atoi(digits)
			}
		}
		n += len(layout)
	}
	return product(n, rounds)
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func atoi(digits string) int {
	n := 0
	_, _ = fmt.Sscan(digits, &n)
	return n
}

// replaced is about how many bytes come of replacing the matches of a pattern. A group in the new text stands for a part
// of its match, and matches do not overlap.
func replaced(s, pattern, repl string) int {
	p, err := regexp.Compile(pattern)
	if err != nil {
		return 0
	}
	return product(len(p.FindAllStringIndex(s, -1)), len(repl)) + product(strings.Count(repl, "$"), len(s))
}
