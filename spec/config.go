package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// A Config is a block's configuration as canonical JSON: an object with defaults applied, keys sorted, numbers in
// their shortest form.
type Config json.RawMessage

// Canonical returns v as canonical JSON. It panics when v cannot be marshalled, which is a mistake of the caller's.
func Canonical(v any) []byte {
	first, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("spec: no JSON: %v", err))
	}
	// A round trip through any sorts the keys of structs too.
	dec := json.NewDecoder(bytes.NewReader(first))
	dec.UseNumber()
	var plain any
	if err := dec.Decode(&plain); err != nil {
		panic(fmt.Sprintf("spec: no JSON: %v", err))
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(plain); err != nil {
		panic(fmt.Sprintf("spec: no JSON: %v", err))
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// Decode reads the config into the struct that v points to. Fields that v lacks are ignored.
func (c Config) Decode(v any) error {
	if len(c) == 0 {
		return nil
	}
	return json.Unmarshal(c, v)
}

// MarshalJSON returns the config as it is.
func (c Config) MarshalJSON() ([]byte, error) {
	if len(c) == 0 {
		return []byte("{}"), nil
	}
	return c, nil
}

// UnmarshalJSON keeps a copy of b.
func (c *Config) UnmarshalJSON(b []byte) error {
	*c = append((*c)[:0], b...)
	return nil
}
