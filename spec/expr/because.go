package expr

import (
	"math"
	"strings"
)

// because says in words why the condition n always or never holds, by the part of it that settles the matter.
func (p *prover) because(n *Node, holds bool) string {
	if n.Op == Unary && n.Name == "!" {
		return p.because(n.Args[0], !holds)
	}
	if n.Op == Binary && (n.Name == "&&" || n.Name == "||") {
		return p.becauseBoth(n, holds)
	}
	end := " can never hold"
	if holds {
		end = " always holds"
	}
	refs := Metrics(n)
	if n.Op == Binary && same(n.Args[0], n.Args[1]) {
		return "both sides are the same, so " + n.String() + end
	}
	if len(refs) == 0 || len(refs) > 3 {
		return n.String() + end
	}
	facts := make([]string, len(refs))
	for i, r := range refs {
		facts[i] = p.fact(r)
	}
	return strings.Join(facts, " and ") + ", so " + n.String() + end
}

// becauseBoth explains && and ||. One side settles that && never or || always holds; otherwise both are needed, or
// only the two together are impossible.
func (p *prover) becauseBoth(n *Node, holds bool) string {
	oneSettles := (n.Name == "&&") != holds
	var settled []string
	for _, a := range n.Args {
		if s := p.span(a, nil).boolean(); !holds && !s.canTrue || holds && !s.canFalse {
			settled = append(settled, p.because(a, holds))
		}
	}
	switch {
	case oneSettles && len(settled) > 0:
		return settled[0]
	case len(settled) == 2:
		return settled[0] + "; and " + settled[1]
	case n.Name == "&&" && !holds:
		return n.Args[0].String() + " and " + n.Args[1].String() + " can never hold together"
	case n.Name == "||" && holds:
		return n.Args[0].String() + " or " + n.Args[1].String() + " always holds"
	case holds:
		return n.String() + " always holds"
	default:
		return n.String() + " can never hold"
	}
}

// fact says within which bounds a metric lies.
func (p *prover) fact(r Ref) string {
	s := p.metric(&Node{Op: Metric, Name: r.Addr, Path: r.Path}, nil)
	text := func(f float64) string { return string(appendFloat(nil, f)) }
	kind := ""
	if s.whole {
		kind = "a whole number "
	}
	low, high := s.lo > -largest, s.hi < math.MaxFloat64
	switch {
	case low && high && s.lo == s.hi:
		return r.String() + " is " + text(s.lo)
	case low && high && s.whole:
		return r.String() + " is a whole number in [" + text(s.lo) + ", " + text(s.hi) + "]"
	case low && high:
		return r.String() + " lies in [" + text(s.lo) + ", " + text(s.hi) + "]"
	case low:
		return r.String() + " is " + kind + "never below " + text(s.lo)
	case high:
		return r.String() + " is " + kind + "never above " + text(s.hi)
	case s.whole:
		return r.String() + " is a whole number"
	default:
		return r.String() + " is any number"
	}
}
