package lang

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/prefab-build/prefab/spec/diag"
)

// maxDepth is how deep an expression may nest: by brackets, templates and prefix operators, and by operators in a row,
// since a + b + c is (a + b) + c. The parser, the evaluator and what comes after them recurse, and a stack that
// overflows cannot be caught; people do not write a tenth of this.
const maxDepth = 1000

// maxDigits is how long a number may be written. Reading one takes time that grows with the square of that, and an
// exponent of more than four digits makes a text of gigabytes when it is written out.
const (
	maxDigits   = 1000
	maxExponent = 4
)

// A form says what a text is read as.
type form int

const (
	formConfig form = iota
	formExpression
	formTemplate
)

// tooDeep reports nesting that would endanger the parser, or those who walk over what it returns. It looks at tokens,
// which the lexer finds without recursion. On broken text it may count too much, never too little.
//
// A token takes a hundred times the memory of its text, and what is too deep mostly is so soon. So growing pieces from
// the start are looked at first, which together are a seventh of the whole. A piece may end within
// something that the lexer then reads as something else: only what is found in its first eighth, and before a comment
// that does not end, counts.
func tooDeep(name string, b []byte, f form) (diag.Diagnostic, bool) {
	const first, growth = 64 << 10, 8
	for size := first; size < len(b); size *= growth {
		if d, found := deepWithin(name, b[:size], f, true); found && d.Subject.Start.Byte < size/growth {
			return d, true
		}
	}
	return deepWithin(name, b, f, false)
}

// opensComment reports whether tokens begin with a comment that does not end. The lexer has no token for that.
func opensComment(t hclsyntax.Tokens) bool {
	return len(t) > 1 && t[0].Type == hclsyntax.TokenSlash && t[1].Type == hclsyntax.TokenStar && t[0].Range.End.Byte == t[1].Range.Start.Byte
}

func deepWithin(name string, b []byte, f form, piece bool) (diag.Diagnostic, bool) {
	var tokens hclsyntax.Tokens
	switch f {
	case formConfig:
		tokens, _ = hclsyntax.LexConfig(b, name, hcl.InitialPos)
	case formExpression:
		tokens, _ = hclsyntax.LexExpression(b, name, hcl.InitialPos)
	case formTemplate:
		tokens, _ = hclsyntax.LexTemplate(b, name, hcl.InitialPos)
	}
	n := nesting{frames: []frame{{lines: f == formConfig}}}
	for i, t := range tokens {
		if piece && opensComment(tokens[i:]) {
			break // its end is in the next piece
		}
		n.token(tokens, i)
		if n.depth() > maxDepth {
			return depthError(name, rangeOf(t.Range), "Nesting too deep",
				fmt.Sprintf("Brackets or operators nest more than %d deep here, where each operator in a row counts. Break the expression up with locals.", maxDepth))
		}
		if t.Type == hclsyntax.TokenNumberLit && longNumber(t.Bytes) {
			return depthError(name, rangeOf(t.Range), "Number too long",
				fmt.Sprintf("A number has at most %d digits, and %d in its exponent. Write it shorter.", maxDigits, maxExponent))
		}
	}
	return diag.Diagnostic{}, false
}

func depthError(name string, at diag.Range, summary, detail string) (diag.Diagnostic, bool) {
	at.File = name
	return diag.Diagnostic{Severity: diag.Error, Code: "syntax", Summary: summary, Detail: detail, Subject: at}, true
}

func longNumber(b []byte) bool {
	e := bytes.IndexAny(b, "eE")
	return len(b) > maxDigits || e >= 0 && len(bytes.TrimLeft(b[e+1:], "+-0")) > maxExponent
}

// A nesting is how deep the syntax tree gets, worked out from tokens.
type nesting struct {
	frames []frame // what is open, outermost first
	open   int     // the chains of all open frames
}

// A frame is what stands between two brackets, or the file.
type frame struct {
	closer     hclsyntax.TokenType
	lines      bool // a line's end is the end of an expression
	template   bool
	chain      int // operators since the expression at hand began; in a template, directives that are open
	child, max int // depth of the deepest bracket of the expression at hand, and of the deepest expression
}

// depth is what the deepest expression is known to need.
func (n *nesting) depth() int {
	top := &n.frames[len(n.frames)-1]
	return max(n.open+len(n.frames), top.chain+top.child)
}

func (n *nesting) token(tokens hclsyntax.Tokens, i int) {
	t, top := tokens[i], &n.frames[len(n.frames)-1]
	switch t.Type {
	case hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp:
		n.push(frame{closer: closers[t.Type]})
	case hclsyntax.TokenOBrack: // an index, or a list
		n.count(1)
		n.push(frame{closer: hclsyntax.TokenCBrack})
	case hclsyntax.TokenOBrace:
		n.push(frame{closer: hclsyntax.TokenCBrace, lines: !isLoop(tokens[i+1:])})
	case hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc:
		n.push(frame{closer: closers[t.Type], template: true})
	case hclsyntax.TokenTemplateControl:
		switch wordAfter(tokens[i+1:]) {
		case "if", "for":
			n.count(1)
		case "endif", "endfor":
			n.count(-min(1, top.chain))
		}
		n.push(frame{closer: hclsyntax.TokenTemplateSeqEnd})
	case hclsyntax.TokenCParen, hclsyntax.TokenCBrack, hclsyntax.TokenCBrace, hclsyntax.TokenTemplateSeqEnd,
		hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc:
		if len(n.frames) > 1 && top.closer == t.Type {
			n.pop()
		}
	case hclsyntax.TokenComma:
		n.next()
	case hclsyntax.TokenNewline:
		if top.lines {
			n.next()
		}
	case hclsyntax.TokenComment: // one to the end of the line has the line's end in it
		if top.lines && bytes.HasSuffix(t.Bytes, []byte("\n")) {
			n.next()
		}
	default:
		if operatorToken(t.Type) {
			n.count(1)
		}
	}
}

var closers = map[hclsyntax.TokenType]hclsyntax.TokenType{
	hclsyntax.TokenOParen: hclsyntax.TokenCParen, hclsyntax.TokenTemplateInterp: hclsyntax.TokenTemplateSeqEnd,
	hclsyntax.TokenOQuote: hclsyntax.TokenCQuote, hclsyntax.TokenOHeredoc: hclsyntax.TokenCHeredoc,
}

// operatorToken reports whether a token makes the expression at hand one deeper.
func operatorToken(t hclsyntax.TokenType) bool {
	switch t {
	case hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPlus, hclsyntax.TokenMinus, hclsyntax.TokenPercent,
		hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq,
		hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq, hclsyntax.TokenAnd, hclsyntax.TokenOr,
		hclsyntax.TokenBang, hclsyntax.TokenQuestion, hclsyntax.TokenDot, hclsyntax.TokenDoubleColon:
		return true
	}
	return false
}

func (n *nesting) count(by int) {
	top := &n.frames[len(n.frames)-1]
	top.chain += by
	n.open += by
	if top.template {
		top.max = max(top.max, top.chain)
	}
}

func (n *nesting) push(f frame) { n.frames = append(n.frames, f) }

// next begins another expression in the same brackets.
func (n *nesting) next() {
	top := &n.frames[len(n.frames)-1]
	if top.template {
		return
	}
	top.max = max(top.max, top.chain+top.child)
	n.open -= top.chain
	top.chain, top.child = 0, 0
}

// pop leaves a bracket, whose depth counts for what is around it.
func (n *nesting) pop() {
	n.next()
	top := n.frames[len(n.frames)-1]
	n.open -= top.chain
	n.frames = n.frames[:len(n.frames)-1]
	around := &n.frames[len(n.frames)-1]
	around.child = max(around.child, 1+top.max+top.child)
}

// isLoop reports whether the brace before the tokens opens a for, in which the ends of lines do not count.
func isLoop(rest hclsyntax.Tokens) bool {
	var seen []hclsyntax.Token
	for _, t := range rest {
		if t.Type == hclsyntax.TokenNewline || t.Type == hclsyntax.TokenComment {
			continue
		}
		if seen = append(seen, t); len(seen) == 2 {
			break
		}
	}
	return len(seen) == 2 && string(seen[0].Bytes) == "for" && seen[1].Type != hclsyntax.TokenEqual
}

// wordAfter returns the word of a directive: %{ if x }.
func wordAfter(rest hclsyntax.Tokens) string {
	for _, t := range rest {
		switch t.Type {
		case hclsyntax.TokenNewline, hclsyntax.TokenComment:
			continue
		case hclsyntax.TokenIdent:
			return string(t.Bytes)
		}
		break
	}
	return ""
}

// jsonTooDeep is tooDeep for JSON. Templates in its strings are looked at when they are read.
func jsonTooDeep(name string, b []byte) (diag.Diagnostic, bool) {
	depth, line, quoted, number := 0, 1, false, 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '\n' {
			line++
		}
		switch {
		case quoted && c == '\\':
			i++
			continue
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth = max(0, depth-1)
		}
		if number++; quoted || !strings.ContainsRune("+-.0123456789eE", rune(c)) {
			number = 0
		}
		at := diag.Range{Start: diag.Pos{Line: line, Column: 1, Byte: i}, End: diag.Pos{Line: line, Column: 1, Byte: i}}
		switch {
		case depth > maxDepth:
			return depthError(name, at, "Nesting too deep", fmt.Sprintf("Brackets nest more than %d deep here. Put less into one value.", maxDepth))
		case number > maxDigits:
			return depthError(name, at, "Number too long", fmt.Sprintf("A number has at most %d digits. Write it shorter.", maxDigits))
		}
	}
	return diag.Diagnostic{}, false
}
