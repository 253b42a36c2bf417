package expr

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"unicode/utf8"
)

// text1 is the parameter of a function of one string.
var text1 = []Param{{Name: "string", Types: StringType}}

// text2 returns the parameters of a function of two strings.
func text2(second string) []Param {
	return []Param{{Name: "string", Types: StringType}, {Name: second, Types: StringType}}
}

var textFunctions = []Function{
	{
		Name: "lower", Params: text1, Result: StringType, Doc: "All letters in lower case.",
		call: func(c *call) Value { return c.text(strings.ToLower(c.args[0].Str())) },
	},
	{
		Name: "upper", Params: text1, Result: StringType, Doc: "All letters in upper case.",
		call: func(c *call) Value { return c.text(strings.ToUpper(c.args[0].Str())) },
	},
	{
		Name: "trimspace", Params: text1, Result: StringType, Doc: "The string without white space at its ends.",
		call: func(c *call) Value { return StringOf(strings.TrimSpace(c.args[0].Str())) },
	},
	{
		Name: "trim", Params: text2("characters"), Result: StringType,
		Doc:  "The string without any of the characters at its ends.",
		call: func(c *call) Value { return StringOf(strings.Trim(c.args[0].Str(), c.args[1].Str())) },
	},
	{
		Name: "trimprefix", Params: text2("prefix"), Result: StringType,
		Doc:  "The string without the prefix, or as it is when it does not start with it.",
		call: func(c *call) Value { return StringOf(strings.TrimPrefix(c.args[0].Str(), c.args[1].Str())) },
	},
	{
		Name: "trimsuffix", Params: text2("suffix"), Result: StringType,
		Doc:  "The string without the suffix, or as it is when it does not end with it.",
		call: func(c *call) Value { return StringOf(strings.TrimSuffix(c.args[0].Str(), c.args[1].Str())) },
	},
	{
		Name: "startswith", Params: text2("prefix"), Result: BoolType, Doc: "Whether the string starts with the prefix.",
		call: func(c *call) Value { return BoolOf(strings.HasPrefix(c.args[0].Str(), c.args[1].Str())) },
	},
	{
		Name: "endswith", Params: text2("suffix"), Result: BoolType, Doc: "Whether the string ends with the suffix.",
		call: func(c *call) Value { return BoolOf(strings.HasSuffix(c.args[0].Str(), c.args[1].Str())) },
	},
	{
		Name: "strcontains", Params: text2("part"), Result: BoolType, Doc: "Whether the part occurs in the string.",
		call: func(c *call) Value { return BoolOf(strings.Contains(c.args[0].Str(), c.args[1].Str())) },
	},
	{
		Name: "replace",
		Params: []Param{
			{Name: "string", Types: StringType}, {Name: "old", Types: StringType}, {Name: "new", Types: StringType},
		},
		Result: StringType, Doc: "The string with every old replaced by new; old is plain text, no pattern.",
		call: replace,
	},
	{
		Name: "substr",
		Params: []Param{
			{Name: "string", Types: StringType}, {Name: "offset", Types: Whole}, {Name: "length", Types: Whole},
		},
		Result: StringType,
		Doc: "The part of that many characters from the offset on, cut at the end of the string. A negative offset counts " +
			"from the end; a negative length takes all that follows.",
		call: substr,
	},
	{
		Name: "split", Params: []Param{{Name: "separator", Types: StringType}, {Name: "string", Types: StringType}},
		Result: ListType, Doc: "The parts between the separators; an empty separator gives the characters.",
		call: split,
	},
	{
		Name: "join", Params: []Param{{Name: "separator", Types: StringType}, {Name: "list", Types: ListType}},
		Result: StringType, Doc: "The elements, which must have a text, with the separator between them.",
		call: join,
	},
	{
		Name: "regex", Params: patternParams, Result: StringType | ListType | ObjectType, pattern: true,
		Doc: "The first match of an RE2 pattern: as a string; with groups as a list of their texts; with named groups as an " +
			"object. No match is an error: ask regexmatch first.",
		call: func(c *call) Value { return c.pattern.first(c) },
	},
	{
		Name: "regexall", Params: patternParams, Result: ListType, pattern: true,
		Doc:  "All matches, one after the other, each as regex gives it.",
		call: func(c *call) Value { return c.pattern.all(c) },
	},
	{
		Name: "regexmatch", Params: patternParams, Result: BoolType, pattern: true,
		Doc:  "Whether an RE2 pattern matches somewhere in the string.",
		call: func(c *call) Value { return BoolOf(c.pattern.MatchString(c.args[1].Str())) },
	},
	{
		Name: "regexreplace", Params: append(patternParams[:2:2], Param{Name: "new", Types: StringType}), Result: StringType,
		pattern: true,
		Doc:     "The string with every match replaced; $1 or ${name} in the new text stands for a group of the match.",
		call:    func(c *call) Value { return c.pattern.replace(c) },
	},
	{
		Name: "format",
		Params: []Param{
			{Name: "layout", Types: StringType}, {Name: "values", Types: AnyType, Variadic: true},
		},
		Result: StringType,
		Doc: "The layout with each verb replaced by the next value: %s and %v text, %q a quoted string, %d an integer, " +
			"%f, %e and %g a number, %t a boolean, %% a percent sign; flags - + 0 and space, width and precision up to 99.",
		call: format,
	},
	{
		Name: "sha256", Params: text1, Result: StringType, Doc: "The SHA-256 of the string's UTF-8, as hexadecimal digits.",
		call: func(c *call) Value {
			if !c.env.spendText(len(c.args[0].Str())) {
				return c.fail(tooMuch)
			}
			digest := sha256.Sum256([]byte(c.args[0].Str()))
			return StringOf(hex.EncodeToString(digest[:]))
		},
	},
}

var patternParams = []Param{{Name: "pattern", Types: StringType}, {Name: "string", Types: StringType}}

func replace(c *call) Value {
	s, from, to := c.args[0].Str(), c.args[1].Str(), c.args[2].Str()
	// The size is known before the text is made, so that no memory is taken that the budget does not cover.
	n := strings.Count(s, from)
	if !c.env.spendText(len(s)) || !c.env.spend(n) || n > 0 && !c.env.spendText(n*len(to)) {
		return c.fail(tooMuch)
	}
	return StringOf(strings.ReplaceAll(s, from, to))
}

func substr(c *call) Value {
	s, offset, length := c.args[0].Str(), c.place(1), c.place(2)
	if offset < 0 {
		offset = max(0, offset+int64(utf8.RuneCountInString(s)))
	}
	start := skip(s, offset)
	if length < 0 {
		return StringOf(s[start:])
	}
	return StringOf(s[start : start+skip(s[start:], length)])
}

// skip returns where in s the n-th character starts, or the end of s.
func skip(s string, n int64) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

func split(c *call) Value {
	separator, s := c.args[0].Str(), c.args[1].Str()
	if !c.env.spendText(len(s)) || !c.env.spend(strings.Count(s, separator)+1) {
		return c.fail(tooMuch)
	}
	parts := strings.Split(s, separator)
	elems := make([]Value, len(parts))
	for i, p := range parts {
		elems[i] = StringOf(p)
	}
	return ValuesOf(elems)
}

func join(c *call) Value {
	separator := c.args[0].Str()
	var b strings.Builder
	for i, v := range c.args[1].Elems() {
		text, ok := v.Text()
		if !ok {
			return c.fail("%s[%d] is %s, which has no text", clip(c.node.Args[1].String()), i, v.kind)
		}
		if !c.env.spend(1) || !c.env.spendText(len(text)+len(separator)) {
			return c.fail(tooMuch)
		}
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(text)
	}
	return StringOf(b.String())
}

// A matcher is a compiled pattern, the first argument of a call.
type matcher struct{ *regexp.Regexp }

// mostMatches bounds the memory for the places of matches, which regexp takes before any can be paid for.
const mostMatches = 1 << 20

func (m matcher) first(c *call) Value {
	s := c.args[1].Str()
	at := m.FindStringSubmatchIndex(s)
	if at == nil {
		return c.fail("nothing in %s matches", clip(c.node.Args[1].String()))
	}
	return m.groups(s, at)
}

func (m matcher) all(c *call) Value {
	s := c.args[1].Str()
	if !c.env.spendText(len(s)) {
		return c.fail(tooMuch)
	}
	matches := m.FindAllStringSubmatchIndex(s, mostMatches)
	if len(matches) == mostMatches {
		return c.fail(tooMuch)
	}
	var elems []Value
	for _, at := range matches {
		if !c.env.spend(len(at)) {
			return c.fail(tooMuch)
		}
		elems = append(elems, m.groups(s, at))
	}
	return ValuesOf(elems)
}

// groups returns one match as regex documents it. A group that took no part is null.
func (m matcher) groups(s string, at []int) Value {
	group := func(i int) Value {
		if at[2*i] < 0 {
			return Value{}
		}
		return StringOf(s[at[2*i]:at[2*i+1]])
	}
	if m.NumSubexp() == 0 {
		return group(0)
	}
	var fields []Field
	elems := make([]Value, m.NumSubexp())
	for i, name := range m.SubexpNames()[1:] {
		elems[i] = group(i + 1)
		if name != "" {
			fields = append(fields, Field{name, elems[i]})
		}
	}
	if len(fields) > 0 {
		return ObjectOf(fields)
	}
	return ValuesOf(elems)
}

func (m matcher) replace(c *call) Value {
	s, to := c.args[1].Str(), c.args[2].Str()
	if !c.env.spendText(len(s)) {
		return c.fail(tooMuch)
	}
	matches := m.FindAllStringSubmatchIndex(s, mostMatches)
	if len(matches) == mostMatches {
		return c.fail(tooMuch)
	}
	var b []byte
	done := 0
	for _, at := range matches {
		b = append(b, s[done:at[0]]...)
		before := len(b)
		// What one expansion makes is bounded by the new text times the match, and is paid for before the next one.
		if !c.env.spend(1) || !c.env.spendText(len(to)*(at[1]-at[0])) {
			return c.fail(tooMuch)
		}
		b = m.ExpandString(b, to, s, at)
		if !c.env.spendText(len(b) - before) {
			return c.fail(tooMuch)
		}
		done = at[1]
	}
	return StringOf(string(append(b, s[done:]...)))
}
