package backends

import (
	"encoding/json"
	"fmt"
)

// FromConfig returns the name and options that a `backend "label" {}` block stands for; its config is a JSON object:
// {"device": "cuda", "plugin": "..."}.
func FromConfig(label string, config []byte) (name string, opts Options, err error) {
	var c struct{ Device, Plugin string }
	if err := json.Unmarshal(config, &c); err != nil {
		return "", opts, fmt.Errorf("the config of a backend is no JSON: %w", err)
	}
	opts.Plugin = c.Plugin
	switch {
	case label != "xla":
		return label, opts, nil
	case c.Device == "":
		return XLACPU, opts, nil
	}
	return "xla:" + c.Device, opts, nil
}
