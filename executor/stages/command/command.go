// Package command is the stage kind of that name: it runs a user's own program over declared inputs and reads back what
// was declared of its outputs. Its documentation for users is doc.md, which `prefab stages command` prints. It is no
// sandbox: a program can do what the user can.
package command

import (
	"cmp"
	_ "embed" // the documentation
	"slices"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/executor/dataset/read"
	"github.com/prefab-build/prefab/executor/dataset/write"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

//go:embed doc.md
var doc string

// Kind is the stage kind.
var Kind = &stage.Kind{
	KindSpec: spec.KindSpec{
		Name:        "command",
		Title:       "runs a program of yours over declared inputs, and reads back declared outputs",
		Doc:         doc,
		Version:     1,
		Methods:     []string{expr.Version, frame.Version, dataset.RowScheme, read.Version, write.Version},
		Determinism: bitwise,
		Promise:     promise,
		Random:      true,
		Schema:      schema,
		Ports:       ports,
		Check:       check,
		Sources:     sources,
		Cores:       func(c spec.Config) int { return decode(c).Cores },
	},
	Runner:  runner{},
	Account: stage.Account{Why: why},
	Memory:  memory,
}

// What a program promises: nothing, or the same bytes on machines of one class.
const (
	sampled = "sampled"
	bitwise = "bitwise per numerics class"
)

// tables are the reference attributes whose rows are handed over as one file each, and what they take.
var tables = []spec.Artifact{spec.Pairs, spec.Prompts, spec.Samples, spec.Votes, spec.Scores, spec.Items}

// models is the reference attribute whose members are handed over as folders.
const models = "models"

var schema = spec.Schema{
	Attrs: append([]spec.Attr{
		{Name: "argv", Type: spec.TypeStringList, Required: true, Doc: "the program and its arguments, word by word: no shell reads them"},
		{Name: "files", Type: spec.TypeStringList, Unkeyed: true, Path: true, Doc: "files and globs that the program is made of, relative to the folder of the spec; it finds them under the same paths. Their content is in the key"},
	}, append(inputs(),
		spec.Attr{Name: "format", Type: spec.TypeString, Default: frame.JSONL, Values: []string{frame.JSONL, frame.Parquet, frame.Arrow}, Doc: "what the files of rows are that the program gets (arrow: Arrow IPC files)"},
		spec.Attr{Name: "columns", Type: spec.TypeStringList, Doc: "the columns that the program gets besides id; all when absent. Others can change without a run"},
		spec.Attr{Name: "env", Type: spec.TypeStringMap, Doc: "variables of the program's environment. Their values are in the key"},
		spec.Attr{Name: "pass_env", Type: spec.TypeStringList, Doc: "names of variables of your environment that are passed on, such as secrets. Their values are in no key, and left out of what is logged"},
		spec.Attr{Name: "cores", Type: spec.TypeInt, Default: 1.0, Min: spec.F(1), Max: spec.F(1024), Doc: "how many of the run's cores are its own while it works; the program is told as PREFAB_CORES, so it is in the key"},
		spec.Attr{Name: "memory_gb", Type: spec.TypeNumber, Unkeyed: true, Min: spec.F(0.001), Unit: "GB", Doc: "how much memory it needs at its peak, so that no more runs beside it than fits; five times the bytes of its inputs when absent"},
		spec.Attr{Name: "max_output_gb", Type: spec.TypeNumber, Unkeyed: true, Default: 10.0, Min: spec.F(0.001), Unit: "GB", Doc: "how much it may write to its folder before it is stopped"},
		spec.Attr{Name: "deterministic", Type: spec.TypeBool, Default: true, Unkeyed: true, Doc: "whether the same inputs give the same bytes, which prefab verify then asks for"},
	)...),
	Blocks: []spec.BlockType{
		{Name: "output", Label: "name", Schema: &outputSchema, Doc: "something that the program writes, an output of the stage under this name"},
		{Name: "metric", Label: "name", Schema: &metricSchema, Doc: "a number that the program measures and writes to out/metrics.json under this name"},
	},
}

func inputs() (list []spec.Attr) {
	for _, a := range tables {
		list = append(list, spec.Attr{
			Name: string(a), Type: spec.TypeReference, Artifact: a, Shape: spec.Map, Doc: "tables of " + string(a) + " by name; the program finds each as in/NAME.jsonl",
		})
	}
	return append(list, spec.Attr{
		Name: models, Type: spec.TypeReference, Artifact: spec.Model, Shape: spec.Map, Doc: "models by name; the program finds the files of each in the folder in/NAME",
	})
}

var outputSchema = spec.Schema{Attrs: []spec.Attr{
	{
		Name: "type", Type: spec.TypeString, Required: true,
		Values: []string{string(spec.Pairs), string(spec.Prompts), string(spec.Samples), string(spec.Votes), string(spec.Scores), string(spec.Items), string(spec.Model), string(spec.Report)},
		Doc:    "what it is",
	},
	{Name: "file", Type: spec.TypeString, Doc: "where in the folder out the program writes it: a .jsonl, .parquet or .arrow file of rows, or a file or folder of a model or report. NAME.jsonl or NAME when absent"},
	{Name: "rows", Type: spec.TypeString, Doc: "the input whose rows these are: each has the id that it has there. Without it the rows are new, and get ids of their content"},
}}

var metricSchema = spec.Schema{Attrs: []spec.Attr{
	{Name: "doc", Type: spec.TypeString, Unkeyed: true, Doc: "what it says"},
	{Name: "unit", Type: spec.TypeString, Doc: "its unit, such as share or rows"},
	{Name: "min", Type: spec.TypeNumber, Doc: "the least that it can be"},
	{Name: "max", Type: spec.TypeNumber, Doc: "the most that it can be"},
	{Name: "integer", Type: spec.TypeBool, Default: false, Doc: "whether it is a whole number"},
}}

type config struct {
	Argv          []string
	Files         []string
	Format        string
	Columns       []string
	Env           map[string]string
	PassEnv       []string `json:"pass_env"`
	Cores         int
	Memory        float64 `json:"memory_gb"`
	MaxOutput     float64 `json:"max_output_gb"`
	Deterministic *bool
	Output        []output
	Metric        []metric

	Pairs, Prompts, Samples, Votes, Scores, Items, Models []string // names of inputs
}

type output struct {
	Name string        `json:"label"`
	Type spec.Artifact `json:"type"`
	File string        `json:"file"`
	Rows string        `json:"rows"`
}

type metric struct {
	Name     string   `json:"label"`
	Doc      string   `json:"doc"`
	Unit     string   `json:"unit"`
	Min, Max *float64 `json:",omitempty"`
	Integer  bool     `json:"integer"`
}

// memory is what the user says of the program, or what prefab's own stages need that hold their inputs.
func memory(l stage.Load) int64 {
	return cmp.Or(int64(decode(l.Config).Memory*1e9), l.RunnerMemory())
}

// decode reads a config; what cannot be read is left out.
func decode(raw spec.Config) config {
	c := config{Format: frame.JSONL, Cores: 1, MaxOutput: 10}
	_ = raw.Decode(&c) // total: a broken config has the ports of what can be read of it
	return c
}

// names returns the names of the inputs of one reference attribute.
func (c *config) names(port string) []string {
	return map[string][]string{
		string(spec.Pairs): c.Pairs, string(spec.Prompts): c.Prompts, string(spec.Samples): c.Samples, string(spec.Votes): c.Votes, string(spec.Scores): c.Scores,
		string(spec.Items): c.Items, models: c.Models,
	}[port]
}

// path is where in the folder out the program writes an output.
func (o *output) path() string {
	switch {
	case o.File != "":
		return o.File
	case o.Type.IsRows():
		return o.Name + "." + frame.JSONL
	}
	return o.Name
}

// handed lists the columns of a table that the program gets.
func (c *config) handed(a spec.Artifact) []string {
	list := []string{spec.ID}
	for _, col := range a.Columns() {
		if len(c.Columns) == 0 || slices.Contains(c.Columns, col.Name) {
			list = append(list, col.Name)
		}
	}
	return list
}

func promise(raw spec.Config) string {
	if c := decode(raw); c.Deterministic != nil && !*c.Deterministic {
		return sampled
	}
	return bitwise
}

func sources(raw spec.Config) []spec.Source {
	return []spec.Source{{Format: frame.Raw, Paths: decode(raw).Files}}
}

// ports has no Clean output: what a program makes is tainted by all that it was given.
func ports(raw spec.Config) spec.Ports {
	c := decode(raw)
	var p spec.Ports
	for _, a := range tables {
		p.In = append(p.In, spec.InPort{Name: string(a), Artifact: a, Shape: spec.Map, Optional: true, Columns: c.handed(a), Doc: "tables of " + string(a)})
	}
	p.In = append(p.In, spec.InPort{Name: models, Artifact: spec.Model, Shape: spec.Map, Optional: true, Doc: "models"})
	for _, o := range c.Output {
		if slices.Contains(outputSchema.Attrs[0].Values, string(o.Type)) {
			p.Out = append(p.Out, spec.OutPort{Name: o.Name, Artifact: o.Type, RowsOf: o.Rows, Doc: "as the program writes it to out/" + o.path()})
		}
	}
	for _, m := range c.Metric {
		p.Metrics = append(p.Metrics, spec.MetricDef{
			Name: m.Name, Unit: m.Unit, Min: m.Min, Max: m.Max, Integer: m.Integer, Doc: cmp.Or(m.Doc, "as the program measures it"),
		})
	}
	return p
}
