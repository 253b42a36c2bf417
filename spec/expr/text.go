package expr

import (
	"fmt"
	"strconv"
	"strings"
)

// How tightly operators bind, loosest first. An operand that binds no tighter than its operator is put in parentheses.
const (
	looseIf = iota
	looseOr
	looseAnd
	looseEqual
	looseOrder
	looseSum
	looseProduct
	looseUnary
	tight
)

var binaryLevel = map[string]int{
	"||": looseOr, "&&": looseAnd, "==": looseEqual, "!=": looseEqual,
	"<": looseOrder, "<=": looseOrder, ">": looseOrder, ">=": looseOrder,
	"+": looseSum, "-": looseSum, "*": looseProduct, "/": looseProduct, "%": looseProduct,
}

// String returns n as a person writes it in a spec, on one line. Metrics stand by their address, loop variables by
// their name. It is total: a broken node prints too.
func (n *Node) String() string {
	var p printer
	p.node(n, looseIf)
	return p.text.String()
}

type printer struct {
	text  strings.Builder
	depth int
}

// node writes n, in parentheses when it binds looser than level.
func (p *printer) node(n *Node, level int) {
	if n == nil {
		p.text.WriteString("?")
		return
	}
	if p.depth++; p.depth > MaxDepth {
		p.text.WriteString("…")
		p.depth--
		return
	}
	defer func() { p.depth-- }()
	own := n.level()
	if own < level {
		p.text.WriteByte('(')
		defer p.text.WriteByte(')')
	}
	switch n.Op {
	case Literal:
		p.literal(n.Value)
	case Row:
		p.text.WriteString("row")
		if n.Name != "" {
			p.path([]string{n.Name})
		}
		p.path(n.Path)
	case Metric, Loop:
		p.text.WriteString(n.Name)
		p.path(n.Path)
	case Unary:
		p.text.WriteString(n.Name)
		p.node(n.arg(0), tight)
	case Binary:
		p.node(n.arg(0), own)
		p.text.WriteString(" " + n.Name + " ")
		p.node(n.arg(1), own+1)
	case If:
		p.node(n.arg(0), looseIf+1)
		p.text.WriteString(" ? ")
		p.node(n.arg(1), looseIf+1)
		p.text.WriteString(" : ")
		p.node(n.arg(2), looseIf)
	case Call:
		p.text.WriteString(n.Name)
		p.list("(", n.Args, ")")
	case ListOf:
		p.list("[", n.Args, "]")
	case Object:
		p.object(n)
	case Index:
		p.node(n.arg(0), tight)
		p.list("[", n.Args[min(1, len(n.Args)):], "]")
	case Attr:
		p.node(n.arg(0), tight)
		p.path(n.Path)
	case Template:
		p.template(n)
	case For:
		p.loop(n)
	default:
		fmt.Fprintf(&p.text, "?%s", n.Op)
	}
}

func (n *Node) level() int {
	switch n.Op {
	case If:
		return looseIf
	case Binary:
		if level, ok := binaryLevel[n.Name]; ok {
			return level
		}
		return looseOr
	case Unary:
		return looseUnary
	case Literal:
		// A negative number is read as a minus before a number.
		switch v := n.Value.(type) {
		case int64:
			if v < 0 {
				return looseUnary
			}
		case float64:
			if v < 0 {
				return looseUnary
			}
		}
	}
	return tight
}

// arg returns the argument or nil.
func (n *Node) arg(i int) *Node {
	if i >= len(n.Args) {
		return nil
	}
	return n.Args[i]
}

func (p *printer) literal(v any) {
	switch v := v.(type) {
	case string:
		p.text.WriteString(quote(v))
	case float64:
		p.text.Write(appendFloat(nil, v))
	case nil:
		p.text.WriteString("null")
	default:
		fmt.Fprint(&p.text, v)
	}
}

// path writes further steps of a reference: .name, or ["any name"].
func (p *printer) path(steps []string) {
	for _, s := range steps {
		switch {
		case isName(s):
			p.text.WriteString("." + s)
		case isIndex(s):
			p.text.WriteString("[" + s + "]")
		default:
			p.text.WriteString("[" + quote(s) + "]")
		}
	}
}

func (p *printer) list(open string, nodes []*Node, closing string) {
	p.text.WriteString(open)
	for i, n := range nodes {
		if i > 0 {
			p.text.WriteString(", ")
		}
		p.node(n, looseIf)
	}
	p.text.WriteString(closing)
}

func (p *printer) object(n *Node) {
	if len(n.Keys) == 0 {
		p.text.WriteString("{}")
		return
	}
	p.text.WriteString("{ ")
	for i, k := range n.Keys {
		if i > 0 {
			p.text.WriteString(", ")
		}
		switch name, ok := k.literalString(); {
		case ok && isName(name):
			p.text.WriteString(name)
		case ok:
			p.text.WriteString(quote(name))
		default:
			p.text.WriteByte('(')
			p.node(k, looseIf)
			p.text.WriteByte(')')
		}
		p.text.WriteString(" = ")
		p.node(n.arg(i), looseIf)
	}
	p.text.WriteString(" }")
}

func (n *Node) literalString() (string, bool) {
	if n == nil || n.Op != Literal {
		return "", false
	}
	s, ok := n.Value.(string)
	return s, ok
}

func (p *printer) template(n *Node) {
	p.text.WriteByte('"')
	for _, a := range n.Args {
		if s, ok := a.literalString(); ok {
			q := quote(s)
			p.text.WriteString(q[1 : len(q)-1])
			continue
		}
		p.text.WriteString("${")
		p.node(a, looseIf)
		p.text.WriteByte('}')
	}
	p.text.WriteByte('"')
}

func (p *printer) loop(n *Node) {
	open, closing := "[", "]"
	if len(n.Keys) > 0 {
		open, closing = "{", "}"
	}
	p.text.WriteString(open + "for ")
	for i, name := range n.Path {
		if name == "" {
			continue
		}
		p.text.WriteString(name)
		if i+1 < len(n.Path) {
			p.text.WriteString(", ")
		}
	}
	p.text.WriteString(" in ")
	p.node(n.arg(0), looseIf)
	p.text.WriteString(" : ")
	if len(n.Keys) > 0 {
		p.node(n.Keys[0], looseIf)
		p.text.WriteString(" => ")
	}
	p.node(n.arg(1), looseIf)
	p.text.WriteString(n.Name)
	if cond := n.arg(2); cond != nil {
		p.text.WriteString(" if ")
		p.node(cond, looseIf)
	}
	p.text.WriteString(closing)
}

// quote writes a string as the language does: Go's escapes that HCL shares, and $${ for a plain ${.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case (r == '$' || r == '%') && strings.HasPrefix(s[i+1:], "{"):
			b.WriteRune(r)
			b.WriteRune(r)
		case strconv.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// isName reports whether s can stand after a dot.
func isName(s string) bool {
	for i, r := range s {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r != '-' && (r < '0' || r > '9')) {
			return false
		}
	}
	return s != ""
}

// isIndex reports whether s is a plain decimal number without leading zeros: an index of a list.
func isIndex(s string) bool {
	if s == "" || len(s) > 18 || len(s) > 1 && s[0] == '0' {
		return false
	}
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}
