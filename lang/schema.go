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
	{Name: "gc", Type: spec.TypeBool, Default: true, Doc: "after a run, at most once a day, remove what was not used for max_days and what exceeds max_gb; never what a project's last run needs"},
	{Name: "max_gb", Type: spec.TypeNumber, Default: spec.CacheMaxGB, Min: spec.F(0), Unit: "GB", Doc: "how much the cache may hold"},
	{Name: "max_days", Type: spec.TypeNumber, Default: spec.CacheMaxDays, Min: spec.F(0), Unit: "days", Doc: "how long what is not used is kept"},
}}

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
