package expr

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
)

// wire is a Node in JSON. It exists because a plain float64 would lose its type: 2.0 is written "2" by encoding/json
// and comes back as whatever the reader makes of it.
type wire struct {
	Op    string          `json:"op"`
	Name  string          `json:"name,omitempty"`
	Path  []string        `json:"path,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
	Args  []*wire         `json:"args,omitempty"`
	Keys  []*wire         `json:"keys,omitempty"`
}

// MarshalJSON writes the node so that UnmarshalJSON gives the same node back: an integer literal without a point, a
// float literal with a point or an exponent.
func (n *Node) MarshalJSON() ([]byte, error) {
	w, err := n.wire(0)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(w); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// UnmarshalJSON reads what MarshalJSON wrote. It checks the literals only; Validate checks the rest.
func (n *Node) UnmarshalJSON(b []byte) error {
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	got, err := w.node(0)
	if err != nil {
		return err
	}
	*n = *got
	return nil
}

func (n *Node) wire(depth int) (*wire, error) {
	if n == nil {
		return nil, nil
	}
	if depth > MaxDepth {
		return nil, errDepth
	}
	w := &wire{Op: n.Op, Name: n.Name, Path: n.Path}
	if n.Op == Literal && n.Value != nil {
		v, err := literal(n.Value)
		if err != nil {
			return nil, err
		}
		w.Value = v.AppendJSON(nil)
	}
	var err error
	if w.Args, err = mapNodes(n.Args, func(n *Node) (*wire, error) { return n.wire(depth + 1) }); err != nil {
		return nil, err
	}
	w.Keys, err = mapNodes(n.Keys, func(n *Node) (*wire, error) { return n.wire(depth + 1) })
	return w, err
}

func (w *wire) node(depth int) (*Node, error) {
	if w == nil {
		return nil, nil
	}
	if depth > MaxDepth {
		return nil, errDepth
	}
	n := &Node{Op: w.Op, Name: w.Name, Path: w.Path}
	if len(w.Value) > 0 {
		v, err := FromJSON(w.Value)
		if err != nil {
			return nil, fmt.Errorf("a literal is no value: %w", err)
		}
		switch v.Kind() {
		case Null:
		case Bool:
			n.Value = v.Bool()
		case Int:
			n.Value = v.Int()
		case Float:
			n.Value = v.Float()
		case String:
			n.Value = v.Str()
		default:
			return nil, fmt.Errorf("a literal is %s: lists and objects have ops of their own", v.Kind())
		}
	}
	var err error
	if n.Args, err = mapNodes(w.Args, func(w *wire) (*Node, error) { return w.node(depth + 1) }); err != nil {
		return nil, err
	}
	n.Keys, err = mapNodes(w.Keys, func(w *wire) (*Node, error) { return w.node(depth + 1) })
	return n, err
}

func mapNodes[A, B any](from []*A, convert func(*A) (*B, error)) ([]*B, error) {
	if from == nil {
		return nil, nil
	}
	to := make([]*B, len(from))
	for i, a := range from {
		b, err := convert(a)
		if err != nil {
			return nil, err
		}
		to[i] = b
	}
	return to, nil
}

// literal returns the value of a literal node.
func literal(v any) (Value, error) {
	switch v := v.(type) {
	case nil:
		return Value{}, nil
	case bool:
		return BoolOf(v), nil
	case int64:
		return IntOf(v), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Value{}, fmt.Errorf("a literal is %v, which is not a finite number", v)
		}
		return FloatOf(v), nil
	case string:
		return StringOf(v), nil
	default:
		return Value{}, fmt.Errorf("a literal is of type %T: it must be nil, bool, int64, float64 or string", v)
	}
}
