package lang

import (
	"slices"

	"github.com/prefab-build/prefab/spec"
)

// The names of the blocks of the language itself.
const (
	projectBlock  = "project"
	cacheBlock    = "cache"
	executorBlock = "executor"
	variableBlock = "variable"
	localsBlock   = "locals"
	outputBlock   = "output"
	backendBlock  = "backend"
	gateBlock     = "gate"
	moduleBlock   = "module"
)

// projectSchema, and those below, say what may stand in the blocks of the language itself. Attributes without a type
// are decoded by their own pass.
var projectSchema = &spec.Schema{Attrs: []spec.Attr{
	{Name: "required_version", Type: spec.TypeString, Doc: "the versions of prefab that may run this, as in \">= 0.1, < 1\""},
	{Name: "seed", Type: spec.TypeInt, Default: 0.0, Doc: "what all randomness is derived from"},
	{
		Name: "profile", Type: spec.TypeString, Default: "documented", Values: []string{"documented", "strict", "permissive"},
		Doc: "how thresholds that give no limit of their own are judged",
	},
	{Name: "description", Type: spec.TypeString, Unkeyed: true},
}}

var cacheSchema = &spec.Schema{Attrs: []spec.Attr{
	{Name: "path", Type: spec.TypeString, Path: true, Doc: "the folder of the cache, instead of the one in the user's cache folder"},
}, Blocks: []spec.BlockType{{
	Name: "remote", Label: "store", Max: 1,
	Doc: "a store that others share: what is not in the cache is asked for there, and what is made here is sent there",
	Drivers: []spec.Driver{
		{Label: "folder", Doc: "a folder that several machines see, such as a network disk", Schema: spec.Schema{Attrs: []spec.Attr{
			{Name: "path", Type: spec.TypeString, Path: true, Required: true, Doc: "the folder"}, readOnly,
		}}},
		{Label: "http", Doc: "a server that speaks the protocol of Bazel's remote caches, such as bazel-remote", Schema: spec.Schema{Attrs: []spec.Attr{
			{Name: "url", Type: spec.TypeString, Required: true, Doc: "such as https://cache.example.org/prefab"},
			{Name: "token_env", Type: spec.TypeString, Doc: "the variable of the environment that holds a bearer token"},
			readOnly,
		}}},
	},
}}}

var readOnly = spec.Attr{Name: "read_only", Type: spec.TypeBool, Default: false, Doc: "nothing is sent, as is right for a machine that others need not trust"}

var executorSchema = &spec.Schema{Attrs: []spec.Attr{
	{Name: "parallelism", Type: spec.TypeInt, Default: 0.0, Min: spec.F(0), Doc: "how many stages and chunks run at once; 0 is one for each core"},
}}

var variableSchema = &spec.Schema{
	Attrs: []spec.Attr{{Name: "type"}, {Name: "default"}, {Name: "description"}, {Name: "nullable"}, {Name: "sensitive"}},
	Blocks: []spec.BlockType{{Name: "validation", Schema: &spec.Schema{Attrs: []spec.Attr{
		{Name: "condition", Required: true}, {Name: "error_message", Required: true},
	}}}},
}

var localsSchema = &spec.Schema{}

var outputSchema = &spec.Schema{
	Attrs: []spec.Attr{{Name: "value", Required: true}, {Name: "description"}, {Name: "sensitive"}},
}

var gateSchema = &spec.Schema{
	Blocks: []spec.BlockType{{
		Name: "check", Label: "name", Min: 1,
		Schema: &spec.Schema{Attrs: []spec.Attr{
			{Name: "condition", Required: true}, {Name: "error_message", Required: true}, {Name: "severity"},
		}},
	}},
}

// thresholdType may stand in every stage whose kind measures something.
var thresholdType = spec.BlockType{
	Name: "threshold", Label: "metric",
	Schema: &spec.Schema{Attrs: []spec.Attr{
		{Name: "min", Type: spec.TypeNumber},
		{Name: "max", Type: spec.TypeNumber},
		{Name: "end", Type: spec.TypeString, Values: []string{"point", "low", "high"}},
		{Name: "on_failure", Type: spec.TypeString, Values: []string{"guard", "stop", "warn"}},
		{Name: "error_message", Type: spec.TypeString},
	}},
}

// The meta-arguments: attributes that every stage, or every gate, takes besides those of its kind.
var (
	stageMetas = []string{"for_each", "enabled", "requires", "backend", "seed", "description", "timeout"}
	gateMetas  = []string{"for_each", "enabled", "requires", "description"}
)

// A blockKind says what a top-level block of some name is.
type blockKind struct {
	spec.BlockType
	metas []string
}

// topLevel returns the type of a top-level block.
func (l *loader) topLevel(name string) (*spec.BlockType, bool) {
	k, ok := l.top[name]
	if !ok {
		return nil, false
	}
	return &k.BlockType, true
}

// topLevels puts the language's own blocks and the kinds of stages together.
func (l *loader) topLevels() map[string]*blockKind {
	top := map[string]*blockKind{}
	add := func(name, label string, s *spec.Schema, metas []string) {
		top[name] = &blockKind{spec.BlockType{Name: name, Label: label, Schema: s}, metas}
	}
	for name, k := range l.kinds {
		s := &spec.Schema{Blocks: append(slices.Clone(k.Schema.Blocks), thresholdType)}
		for _, a := range k.Schema.Attrs {
			if slices.Contains(stageMetas, a.Name) {
				panic("lang: the kind " + name + " has an attribute " + a.Name + ", which every stage has")
			}
		}
		s.Attrs = k.Schema.Attrs
		add(name, "name", s, stageMetas)
	}
	add(projectBlock, "", projectSchema, nil)
	add(cacheBlock, "", cacheSchema, nil)
	add(executorBlock, "", executorSchema, nil)
	add(variableBlock, "name", variableSchema, nil)
	add(localsBlock, "", localsSchema, nil)
	add(outputBlock, "name", outputSchema, nil)
	add(gateBlock, "name", gateSchema, gateMetas)
	add(backendBlock, "backend", nil, nil)
	top[backendBlock].Drivers = l.opts.Backends
	if top[backendBlock].Drivers == nil {
		top[backendBlock].Drivers = []spec.Driver{}
	}
	return top
}
