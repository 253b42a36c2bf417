package expr

import (
	"math"
	"slices"
)

func compileList(n *Node, args []evaluator) evaluator {
	return func(env *Env) (Value, error) {
		if !env.spend(len(args)) {
			return Value{}, fail(n, tooMuch)
		}
		elems := make([]Value, len(args))
		for i, arg := range args {
			v, err := arg(env)
			if err != nil {
				return Value{}, err
			}
			elems[i] = v
		}
		return ValuesOf(elems), nil
	}
}

func compileObject(n *Node, keys, args []evaluator) evaluator {
	return func(env *Env) (Value, error) {
		if !env.spend(len(args)) {
			return Value{}, fail(n, tooMuch)
		}
		fields := make([]Field, len(args))
		for i := range args {
			name, err := fieldName(env, n, n.Keys[i], keys[i])
			if err != nil {
				return Value{}, err
			}
			v, err := args[i](env)
			if err != nil {
				return Value{}, err
			}
			fields[i] = Field{name, v}
		}
		return object(n, fields)
	}
}

// object makes an object and refuses one name for two values.
func object(n *Node, fields []Field) (Value, error) {
	if sortedFields(fields) {
		return ObjectOf(fields), nil
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	slices.Sort(names)
	for i := 1; i < len(names); i++ {
		if names[i-1] == names[i] {
			return Value{}, fail(n, "two values have the name %q", clip(names[i]))
		}
	}
	return ObjectOf(fields), nil
}

// fieldName computes the name of a field. Numbers and booleans become text, as they do in a template.
func fieldName(env *Env, n, key *Node, run evaluator) (string, error) {
	v, err := run(env)
	if err != nil {
		return "", err
	}
	name, ok := v.Text()
	if !ok {
		return "", fail(n, "%s: no name of a field", is(key, v))
	}
	return name, nil
}

func compileIndex(n *Node, of, at evaluator) evaluator {
	return func(env *Env) (Value, error) {
		v, err := of(env)
		if err != nil {
			return Value{}, err
		}
		key, err := at(env)
		if err != nil {
			return Value{}, err
		}
		switch v.kind {
		case Null:
			return Value{}, nil
		case Map:
			if key.kind != String {
				return Value{}, fail(n, "%s: a field of an object has a string for a name", is(n.Args[1], key))
			}
			return v.Get(key.Str()), nil
		case List:
			i, ok := whole(key)
			if !ok {
				return Value{}, fail(n, "%s: a place in a list is a whole number", is(n.Args[1], key))
			}
			if i < 0 || i >= int64(v.Len()) {
				return Value{}, fail(n, "%s has %s, so no [%d]", clip(n.Args[0].String()), count(v.Len(), "element"), i)
			}
			return v.Elems()[i], nil
		}
		return Value{}, fail(n, "%s, neither a list nor an object", is(n.Args[0], v))
	}
}

// whole returns a number that is an integer in value, whatever its kind.
func whole(v Value) (int64, bool) {
	switch v.kind {
	case Int:
		return v.Int(), true
	case Float:
		f := v.Float()
		if f != math.Trunc(f) || f < -1<<63 || f >= 1<<63 {
			return 0, false
		}
		return int64(f), true
	default:
		return 0, false
	}
}

// A turn is a compiled for: its parts, and the slots of its variables (-1 where the key has no name).
type turn struct {
	node                   *Node
	over, key, value, cond evaluator
	keySlot, valueSlot     int
	fields                 []Field
	elems                  []Value
}

func (c *compiler) loop(n *Node) evaluator {
	t := turn{node: n, keySlot: -1}
	t.over, _ = c.node(n.Args[0])
	outer := len(c.scope)
	t.valueSlot = outer
	c.scope = append(c.scope, n.Path[1])
	if n.Path[0] != "" {
		t.keySlot = len(c.scope)
		c.scope = append(c.scope, n.Path[0])
	}
	c.most = max(c.most, len(c.scope))
	if len(n.Keys) > 0 {
		t.key, _ = c.node(n.Keys[0])
	}
	t.value, _ = c.node(n.Args[1])
	if len(n.Args) > 2 {
		t.cond, _ = c.node(n.Args[2])
	}
	c.scope = c.scope[:outer]
	return func(env *Env) (Value, error) { return t.run(env) }
}

// run works on its own copy of the turn, so that one program serves many goroutines.
func (t turn) run(env *Env) (Value, error) {
	over, err := t.over(env)
	if err != nil {
		return Value{}, err
	}
	if over.kind != List && over.kind != Map {
		return Value{}, fail(t.node, "%s, neither a list nor an object", is(t.node.Args[0], over))
	}
	for i, v := range over.Elems() {
		if err := t.once(env, IntOf(int64(i)), v); err != nil {
			return Value{}, err
		}
	}
	for _, f := range over.Fields() {
		if err := t.once(env, StringOf(f.Name), f.Value); err != nil {
			return Value{}, err
		}
	}
	switch {
	case t.key == nil:
		return ValuesOf(t.elems), nil
	case t.node.Name == "...":
		return group(t.fields), nil
	default:
		return object(t.node, t.fields)
	}
}

func (t *turn) once(env *Env, key, value Value) error {
	if !env.spend(1) {
		return fail(t.node, tooMuch)
	}
	if t.keySlot >= 0 {
		env.slots[t.keySlot] = key
	}
	env.slots[t.valueSlot] = value
	if t.cond != nil {
		v, err := t.cond(env)
		if err != nil {
			return err
		}
		if v.kind != Bool {
			return fail(t.node, "%s, not a boolean", is(t.node.Args[2], v))
		}
		if !v.Bool() {
			return nil
		}
	}
	if t.key == nil {
		v, err := t.value(env)
		t.elems = append(t.elems, v)
		return err
	}
	name, err := fieldName(env, t.node, t.node.Keys[0], t.key)
	if err != nil {
		return err
	}
	v, err := t.value(env)
	t.fields = append(t.fields, Field{name, v})
	return err
}

// group makes an object of lists: the values of equal names together, in the order of the loop.
func group(fields []Field) Value {
	place := make(map[string]int, len(fields))
	var names []string
	var lists [][]Value
	for _, f := range fields {
		i, ok := place[f.Name]
		if !ok {
			i = len(names)
			place[f.Name] = i
			names = append(names, f.Name)
			lists = append(lists, nil)
		}
		lists[i] = append(lists[i], f.Value)
	}
	grouped := make([]Field, len(names))
	for i, name := range names {
		grouped[i] = Field{name, ValuesOf(lists[i])}
	}
	return ObjectOf(grouped)
}
