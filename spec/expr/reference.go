package expr

func compileRow(n *Node) evaluator {
	if n.Name == "" {
		return func(env *Env) (Value, error) { return env.Row, nil }
	}
	name, path := n.Name, n.Path
	if len(path) == 0 {
		return func(env *Env) (Value, error) {
			if env.Row.kind != Map && env.Row.kind != Null {
				return Value{}, fail(n, "the row is %s, not an object", env.Row.kind)
			}
			return env.Row.Get(name), nil
		}
	}
	steps := append([]string{name}, path...)
	return func(env *Env) (Value, error) { return follow(n, env.Row, steps) }
}

func compileMetric(n *Node) evaluator {
	return func(env *Env) (Value, error) {
		m := env.metric(Ref{n.Name, n.Path})
		if !m.OK {
			return Value{}, fail(n, "the metric is unavailable: %s", m.Reason)
		}
		return FloatOf(m.Value), nil
	}
}

func (c *compiler) variable(n *Node) evaluator {
	// The innermost of equal names hides the others.
	slot := len(c.scope) - 1
	for c.scope[slot] != n.Name {
		slot--
	}
	if len(n.Path) == 0 {
		return func(env *Env) (Value, error) { return env.slots[slot], nil }
	}
	return func(env *Env) (Value, error) { return follow(n, env.slots[slot], n.Path) }
}

func compileAttr(n *Node, of evaluator) evaluator {
	return func(env *Env) (Value, error) {
		v, err := of(env)
		if err != nil {
			return Value{}, err
		}
		return follow(n, v, n.Path)
	}
}

// follow takes the steps of a reference from v on. Null has null for every field, since a missing field is null; a
// list takes an index as a step.
func follow(n *Node, v Value, steps []string) (Value, error) {
	for i, s := range steps {
		switch v.kind {
		case Map:
			v = v.Get(s)
		case Null:
			return Value{}, nil
		case List:
			if !isIndex(s) {
				return Value{}, fail(n, "%s is a list: it has no field %q", prefix(n, len(steps)-i), s)
			}
			at := 0
			for _, c := range []byte(s) {
				at = at*10 + int(c-'0')
			}
			if at >= v.Len() {
				return Value{}, fail(n, "%s has %s, so no [%s]", prefix(n, len(steps)-i), count(v.Len(), "element"), s)
			}
			v = v.Elems()[at]
		default:
			return Value{}, fail(n, "%s is %s, which has no fields", prefix(n, len(steps)-i), v.kind)
		}
	}
	return v, nil
}

// prefix returns the text of the reference n without its last steps.
func prefix(n *Node, drop int) string {
	short := *n
	if keep := len(n.Path) - drop; keep >= 0 {
		short.Path = n.Path[:keep]
	} else {
		short.Name, short.Path = "", nil
	}
	return clip(short.String())
}
