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

// projectSchema, and those below, say what may stand in the blocks of the language itself. They are what is checked and
// what `prefab stages` prints, so neither can drift from the other.
var projectSchema = &spec.Schema{Attrs: []spec.Attr{
	{Name: "required_version", Type: spec.TypeString, Doc: "the versions of prefab that may run this, as in \">= 0.1, < 1\""},
	{Name: "seed", Type: spec.TypeInt, Default: 0.0, Doc: "what all randomness is derived from"},
	{
		Name: "profile", Type: spec.TypeString, Default: "documented", Values: []string{"documented", "strict", "permissive"},
		Doc: "what thresholds demand that give no limit of their own, and which end of an interval they compare",
	},
	{Name: "description", Type: spec.TypeString, Unkeyed: true, Doc: "a note for readers"},
}}

var cacheSchema = &spec.Schema{Attrs: []spec.Attr{
	{Name: "path", Type: spec.TypeString, Path: true, Doc: "the folder of the cache, instead of the one in the user's cache folder"},
	{Name: "gc", Type: spec.TypeBool, Default: true, Doc: "after a run, at most once a day, remove what was not used for max_days and what exceeds max_gb; never what a project's last run needs"},
	{Name: "max_gb", Type: spec.TypeNumber, Default: spec.CacheMaxGB, Min: spec.F(0), Unit: "GB", Doc: "how much the cache may hold"},
	{Name: "max_days", Type: spec.TypeNumber, Default: spec.CacheMaxDays, Min: spec.F(0), Unit: "days", Doc: "how long what is not used is kept"},
}, Blocks: []spec.BlockType{{
	Name: "remote", Label: "store", Max: 1,
	Doc: "a store that others share: what is not in the cache is asked for there, and what is made here is sent there",
	Drivers: []spec.Driver{
		{Label: "folder", Doc: "a folder that several machines see, such as a network disk", Schema: spec.Schema{Attrs: []spec.Attr{
			{Name: "path", Type: spec.TypeString, Path: true, Required: true, Doc: "the folder"}, readOnly,
		}}},
		{Label: "http", Doc: "a server with GET, HEAD and PUT of cas/DIGEST and ac/DIGEST, as Bazel's remote caches have; one that checks entries for being Bazel's must be told not to", Schema: spec.Schema{Attrs: []spec.Attr{
			{Name: "url", Type: spec.TypeString, Required: true, Doc: "such as https://cache.example.org/prefab"},
			{Name: "token_env", Type: spec.TypeString, Doc: "the variable of the environment that holds a bearer token"},
			readOnly,
		}}},
	},
}}}

var readOnly = spec.Attr{Name: "read_only", Type: spec.TypeBool, Default: false, Doc: "nothing is sent, as is right for a machine that others need not trust"}

var executorSchema = &spec.Schema{Attrs: []spec.Attr{
	{Name: "parallelism", Type: spec.TypeInt, Default: 0.0, Min: spec.F(0), Doc: "how many stages and chunks run at once; 0 is one for each core"},
	{Name: "memory_gb", Type: spec.TypeNumber, Default: 0.0, Min: spec.F(0), Unit: "GB", Doc: "how much memory stages may need together; 0 is three quarters of what the machine, or the control group, has"},
}}

var variableSchema = &spec.Schema{
	Attrs: []spec.Attr{
		{Name: "type", Type: spec.TypeExpression, Doc: "what it may hold, without quotes, as in string, number, bool, list(string) or object({ path = string }); anything without it"},
		{Name: "default", Type: spec.TypeExpression, Doc: "the value when none is given; without it one must be given"},
		{Name: "description", Type: spec.TypeString, Doc: "what it is for"},
		{Name: "nullable", Type: spec.TypeBool, Default: true, Doc: "whether it may be null"},
		{Name: "sensitive", Type: spec.TypeBool, Default: false, Doc: "never show the value, and refuse it in anything that is stored or shown"},
	},
	Blocks: []spec.BlockType{{
		Name: "validation", Doc: "a condition that the value must meet", Schema: &spec.Schema{Attrs: []spec.Attr{
			{Name: "condition", Type: spec.TypeExpression, Required: true, Doc: "true of values that may be given; it reads variables only"},
			{Name: "error_message", Type: spec.TypeExpression, Required: true, Doc: "what to say of others"},
		}},
	}},
}

var localsSchema = &spec.Schema{}

var outputSchema = &spec.Schema{
	Attrs: []spec.Attr{
		{Name: "value", Type: spec.TypeExpression, Required: true, Doc: "what to print; it may read metrics"},
		{Name: "description", Type: spec.TypeString, Doc: "what it says"},
		{Name: "sensitive", Type: spec.TypeBool, Default: false, Doc: "do not show it"},
	},
}

var gateSchema = &spec.Schema{
	Blocks: []spec.BlockType{{
		Name: "check", Label: "name", Min: 1, Doc: "one condition; the gate passes when all its checks do",
		Schema: &spec.Schema{Attrs: []spec.Attr{
			{Name: "condition", Type: spec.TypeExpression, Required: true, Doc: "what must be true, over the metrics of any stages, as in evaluate.rm.validation.accuracy >= 0.7"},
			{Name: "error_message", Type: spec.TypeExpression, Required: true, Doc: "what to say when it is not; it may read metrics, as in \"${validate.quality.pair_count} pairs\""},
			{Name: "severity", Type: spec.TypeString, Default: "error", Values: []string{"error", "warn"}, Doc: "with warn a check that fails is shown and holds nothing back"},
		}},
	}},
}

// thresholdType may stand in every stage whose kind measures something.
var thresholdType = spec.BlockType{
	Name: "threshold", Label: "metric", Doc: "a limit on one metric of the stage",
	Schema: &spec.Schema{Attrs: []spec.Attr{
		{Name: "min", Type: spec.TypeNumber, Doc: "the least that passes; without min and max the profile's limit holds"},
		{Name: "max", Type: spec.TypeNumber, Doc: "the most that passes"},
		{
			Name: "end", Type: spec.TypeString, Values: []string{"point", "low", "high"},
			Doc: "what is compared: the measured value, or an end of its 95 % interval; as the profile says when absent",
		},
		{
			Name: "on_failure", Type: spec.TypeString, Values: []string{"guard", "stop", "warn"},
			Doc: "guard, when absent, keeps the exports behind the stage from being written, stop keeps everything behind it from running, warn only says it",
		},
		{Name: "error_message", Type: spec.TypeString, Doc: "what to say when it fails, instead of the advice of the kind"},
	}},
}

// metaArguments are attributes that every stage takes besides those of its kind; gates take some of them.
var metaArguments = []spec.Attr{
	{Name: "for_each", Type: spec.TypeExpression, Doc: "a map or a set of strings: one block for each key, which each.key and each.value name in it; elsewhere it is kind.name[\"key\"]"},
	{Name: "enabled", Type: spec.TypeBool, Default: true, Doc: "false leaves the block out"},
	{Name: "requires", Type: spec.TypeExpression, Doc: "the gates that must pass before this runs, as in [gate.ship]"},
	{Name: "backend", Type: spec.TypeExpression, Doc: "the device to compute on, as in backend.xla; kinds that need none ignore it"},
	{Name: "seed", Type: spec.TypeInt, Default: 0.0, Doc: "goes into the stage's seed beside that of the project, to draw anew"},
	{Name: "description", Type: spec.TypeString, Doc: "a note for readers"},
	{Name: "timeout", Type: spec.TypeString, Doc: "how long the stage may work before it fails, as in \"30m\""},
}

// stageMetas and gateMetas name the meta-arguments that stages and gates take.
var (
	stageMetas = attrNames(&spec.Schema{Attrs: metaArguments})
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
