package spec

import (
	"fmt"
	"strconv"
	"strings"
)

// An Addr names one block of a pipeline: `split.main`, or `dataset.bench["gsm8k"]` for an instance that for_each made.
type Addr struct {
	Kind string
	Name string
	Key  string // the for_each key; empty for a block without for_each
}

// String returns the address as a person writes it.
func (a Addr) String() string {
	if a.Key == "" {
		return a.Kind + "." + a.Name
	}
	return a.Kind + "." + a.Name + "[" + strconv.Quote(a.Key) + "]"
}

// IsZero reports whether the address was never set.
func (a Addr) IsZero() bool { return a == Addr{} }

// Compare orders addresses by kind, name and key.
func (a Addr) Compare(b Addr) int {
	if c := strings.Compare(a.Kind, b.Kind); c != 0 {
		return c
	}
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return strings.Compare(a.Key, b.Key)
}

// MarshalText writes the address as String does.
func (a Addr) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (a *Addr) UnmarshalText(text []byte) error {
	parsed, err := ParseAddr(string(text))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

// ParseAddr reads an address as String writes it.
func ParseAddr(s string) (Addr, error) {
	kind, rest, ok := strings.Cut(s, ".")
	if !ok || kind == "" || rest == "" {
		return Addr{}, fmt.Errorf("%q is no address: write kind.name, as in split.main", s)
	}
	name, index, keyed := strings.Cut(rest, "[")
	if !keyed {
		return Addr{Kind: kind, Name: name}, nil
	}
	quoted, closed := strings.CutSuffix(index, "]")
	key, err := strconv.Unquote(quoted)
	if !closed || err != nil || key == "" {
		return Addr{}, fmt.Errorf("%q is no address: the key of an instance is written %s.%s[\"key\"]", s, kind, name)
	}
	return Addr{Kind: kind, Name: name, Key: key}, nil
}

// A Ref points at one output of a block: `split.main.train`.
type Ref struct {
	Addr Addr   `json:"addr"`
	Port string `json:"port"`
}

// String returns the reference as a person writes it.
func (r Ref) String() string { return r.Addr.String() + "." + r.Port }
