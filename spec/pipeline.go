// Package spec is the vocabulary of prefab: pipelines, blocks, addresses, references, ports, schemas, metrics, digests.
// Everything else speaks in its terms. It does no I/O, imports nothing of ours but its own sub-packages, and its
// values are not changed once they are built.
package spec

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/prefab-build/prefab/spec/diag"
	"github.com/prefab-build/prefab/spec/expr"
)

// A Pipeline is a whole spec, with every variable, local, function and for_each worked out.
type Pipeline struct {
	Project  Project   `json:"project"`
	Blocks   []Block   `json:"blocks"` // stages, by address
	Gates    []Gate    `json:"gates,omitempty"`
	Backends []Setting `json:"backends,omitempty"`
	Outputs  []Output  `json:"outputs,omitempty"`
	// Variables records what was given, for the saved plan; a sensitive one has no value here.
	Variables []Variable `json:"variables,omitempty"`
}

// Project holds the settings of the `project`, `cache` and `executor` blocks.
type Project struct {
	Seed            int64  `json:"seed"`
	Profile         string `json:"profile"` // documented, strict or permissive
	RequiredVersion string `json:"required_version,omitempty"`
	CachePath       string `json:"cache_path,omitempty"`
	Cache           *Cache `json:"cache,omitempty"`       // nil: as Limits says
	Parallelism     int    `json:"parallelism,omitempty"` // 0: all cores
	// MemoryGB is what stages may need together; 0: what the machine has, but for a reserve.
	MemoryGB float64 `json:"memory_gb,omitempty"`
	// Remote is the store behind the cache, if there is one.
	Remote *Remote `json:"remote,omitempty"`
}

// A Remote is a store that several machines share.
type Remote struct {
	Driver   string `json:"label"`               // folder or http
	Path     string `json:"path,omitempty"`      // of a folder
	URL      string `json:"url,omitempty"`       // of a server
	TokenEnv string `json:"token_env,omitempty"` // the variable that holds the token
	ReadOnly bool   `json:"read_only,omitempty"`
}

// A Cache says what is kept of what no project needs.
type Cache struct {
	GC      bool    `json:"gc"` // remove the rest after runs
	MaxGB   float64 `json:"max_gb"`
	MaxDays float64 `json:"max_days"` // since the last use
}

// The limits of a cache for which none are given. They are generous: a million pairs take about 2 GB.
const (
	CacheMaxGB   = 50.0
	CacheMaxDays = 90.0
)

// Limits returns the settings of the cache.
func (p *Project) Limits() Cache {
	if p == nil || p.Cache == nil {
		return Cache{GC: true, MaxGB: CacheMaxGB, MaxDays: CacheMaxDays}
	}
	return *p.Cache
}

// A Variable is a value given from outside.
type Variable struct {
	Name      string          `json:"name"`
	Sensitive bool            `json:"sensitive,omitempty"`
	Value     json.RawMessage `json:"value,omitempty"`
	// From says who gave the value for this one command. It is no part of the pipeline: the value is, whoever gave it.
	From Giver `json:"-"`
}

// A Giver is who gives a variable its value.
type Giver string

// Who gives a value for one command. What the spec and the files of its folder give lies there for the next one, too.
const (
	FromSpec        Giver = ""
	FromEnvironment Giver = "environment"
	FromCommandLine Giver = "command line"
)

// A Setting is a block that stages refer to but that is not run: a backend. Driver is the label: `backend "xla" {}`
// has the address backend.xla.
type Setting struct {
	Addr   Addr   `json:"addr"`
	Config Config `json:"config"`
}

// A Block is one stage.
type Block struct {
	Addr    Addr    `json:"addr"`
	Config  Config  `json:"config"`            // keyed attributes
	Unkeyed Config  `json:"unkeyed,omitempty"` // attributes that can change no output
	Inputs  []Input `json:"inputs,omitempty"`  // in the order of the schema's attributes and of their members
	Backend Addr    `json:"backend,omitzero"`
	Seed    int64   `json:"seed,omitempty"` // the block's own `seed`
	// Timeout is how long the stage may work before it fails; 0 is as long as it takes. It is in no key.
	Timeout time.Duration `json:"timeout_ns,omitempty"`
	Require []Addr        `json:"requires,omitempty"`
	Limits  []Threshold   `json:"thresholds,omitempty"`
	// Values holds what file(), fileset() and env() returned on the way to this block's attributes, by call.
	Values      map[string]string `json:"values,omitempty"`
	Description string            `json:"description,omitempty"`
	// Source says where attributes stand, by their path joined with dots ("source.0.path"; "" is the header; with @ behind
	// it, the key of a member). It is in no key and no plan.
	Source map[string]diag.Range `json:"-"`
}

// Place finds where an attribute stands, or the nearest thing around it; the path is as of a Problem.
func (b *Block) Place(path ...string) diag.Range {
	for n := len(path); n > 0; n-- {
		if r, ok := b.Source[strings.Join(path[:n], ".")]; ok {
			return r
		}
	}
	return b.Source[""]
}

// An Input is one member of one input port.
type Input struct {
	Port   string `json:"port"`
	Member string `json:"member,omitempty"` // the key of a Map, the index of a List; empty for One
	Refs   []Ref  `json:"refs"`             // several are a union
}

// A Threshold is a limit on one metric of its block.
type Threshold struct {
	Metric    string     `json:"metric"`
	Min       *float64   `json:"min,omitempty"`
	Max       *float64   `json:"max,omitempty"`
	End       string     `json:"end,omitempty"`        // point, low or high; empty: as the profile says
	OnFailure string     `json:"on_failure,omitempty"` // guard (default), stop or warn
	Message   string     `json:"error_message,omitempty"`
	Range     diag.Range `json:"-"`
}

// A Gate is a list of checks that must hold before what names it in `requires` may run.
type Gate struct {
	Addr        Addr       `json:"addr"`
	Require     []Addr     `json:"requires,omitempty"`
	Checks      []Check    `json:"checks"`
	Description string     `json:"description,omitempty"`
	Range       diag.Range `json:"-"`
}

// A Check is one condition of a gate over metrics.
type Check struct {
	Name      string     `json:"name"`
	Condition *expr.Node `json:"condition"`
	Message   *expr.Node `json:"error_message"`
	Severity  string     `json:"severity,omitempty"` // error (default) or warn
	Text      string     `json:"text,omitempty"`     // the condition as written
	Range     diag.Range `json:"-"`
}

// An Output is a value that a person asked to see. It may read metrics.
type Output struct {
	Name        string     `json:"name"`
	Value       *expr.Node `json:"value"`
	Description string     `json:"description,omitempty"`
	Sensitive   bool       `json:"sensitive,omitempty"`
	Range       diag.Range `json:"-"`
}
