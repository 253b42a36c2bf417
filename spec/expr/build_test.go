package expr_test

import "github.com/prefab-build/prefab/spec/expr"

// The builders keep the trees of the tests short.

func lit(v any) *expr.Node {
	if i, ok := v.(int); ok {
		v = int64(i)
	}
	return &expr.Node{Op: expr.Literal, Value: v}
}

func row(name string, path ...string) *expr.Node {
	return &expr.Node{Op: expr.Row, Name: name, Path: path}
}

func metric(addr string, path ...string) *expr.Node {
	return &expr.Node{Op: expr.Metric, Name: addr, Path: path}
}

func loopVar(name string, path ...string) *expr.Node {
	return &expr.Node{Op: expr.Loop, Name: name, Path: path}
}

func un(op string, a *expr.Node) *expr.Node {
	return &expr.Node{Op: expr.Unary, Name: op, Args: []*expr.Node{a}}
}

func bin(a *expr.Node, op string, b *expr.Node) *expr.Node {
	return &expr.Node{Op: expr.Binary, Name: op, Args: []*expr.Node{a, b}}
}

func cond(c, a, b *expr.Node) *expr.Node {
	return &expr.Node{Op: expr.If, Args: []*expr.Node{c, a, b}}
}

func call(name string, args ...*expr.Node) *expr.Node {
	return &expr.Node{Op: expr.Call, Name: name, Args: args}
}

func list(args ...*expr.Node) *expr.Node { return &expr.Node{Op: expr.ListOf, Args: args} }

func index(of, at *expr.Node) *expr.Node {
	return &expr.Node{Op: expr.Index, Args: []*expr.Node{of, at}}
}

func attr(of *expr.Node, path ...string) *expr.Node {
	return &expr.Node{Op: expr.Attr, Path: path, Args: []*expr.Node{of}}
}

func tmpl(args ...*expr.Node) *expr.Node { return &expr.Node{Op: expr.Template, Args: args} }

// object takes keys and values in turn.
func object(parts ...*expr.Node) *expr.Node {
	n := &expr.Node{Op: expr.Object}
	for i := 0; i < len(parts); i += 2 {
		n.Keys = append(n.Keys, parts[i])
		n.Args = append(n.Args, parts[i+1])
	}
	return n
}

// each is a for that makes a list.
func each(key, value string, over *expr.Node, parts ...*expr.Node) *expr.Node {
	return &expr.Node{Op: expr.For, Path: []string{key, value}, Args: append([]*expr.Node{over}, parts...)}
}
