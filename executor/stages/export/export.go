// Package export is the stage kind of that name: it renders pairs as a file for other tools. Its documentation for users
// is doc.md, which `prefab stages export` prints. It only makes the bytes; the executor puts them where they belong,
// after the gates were judged.
package export

import (
	_ "embed" // the documentation
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset/write"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

//go:embed doc.md
var doc string

// Kind is the stage kind.
var Kind = &stage.Kind{
	KindSpec: spec.KindSpec{
		Name:        "export",
		Title:       "writes pairs to a file for other tools",
		Doc:         doc,
		Version:     2,
		Methods:     []string{write.Version},
		Determinism: "bitwise",
		Places:      true,
		Beside:      []string{cardName},
		Schema:      schema,
		Ports:       ports,
		Check:       check,
	},
	Runner:  runner{},
	Account: stage.Account{Written: written},
	Memory:  stage.Load.PassMemory,
}

// The formats: two that tools for training read, and rows as they are in the containers of that name.
const (
	formatTRL = "trl"
	formatHH  = "hh-rlhf"
)

// cardName is what the name of the dataset card adds to that of the file.
const cardName = ".card.md"

const (
	orderID     = "id"
	orderSource = "source"
)

// containers are the endings of files that can be written.
var containers = []string{
	"jsonl", "jsonl.gz", "jsonl.zst", "json", "json.gz", "json.zst", "csv", "csv.gz", "csv.zst", "tsv", "tsv.gz", "tsv.zst", "parquet",
}

var schema = spec.Schema{Attrs: []spec.Attr{
	{Name: "pairs", Type: spec.TypeReference, Artifact: spec.Pairs, Shape: spec.One, Required: true, Doc: "the pairs to write"},
	{Name: "path", Type: spec.TypeString, Required: true, Unkeyed: true, Path: true, Doc: "the file to write, relative to the folder of the spec; folders are made"},
	{Name: "container", Type: spec.TypeString, EndingOf: "path", Values: containers, Doc: "what the file is made of, and how it is packed; the ending of path when absent"},
	{
		Name: "format", Type: spec.TypeString, Default: formatTRL, Values: []string{formatTRL, formatHH, "jsonl", "csv", "tsv", "parquet"},
		Doc: "what a row looks like: prompt, chosen and rejected as TRL reads them, whole dialogues as in HH-RLHF, or all columns under their own names in a file of that type",
	},
	{Name: "form", Type: spec.TypeString, Default: write.Explicit, Values: []string{write.Explicit, write.Implicit}, Doc: "of trl: with a prompt of its own, or with the prompt at the start of both responses"},
	{Name: "style", Type: spec.TypeString, Default: write.AsGiven, Values: []string{write.AsGiven, write.Text, write.Conversational}, Doc: "of trl: texts as they came, all as strings, or all as lists of messages"},
	{Name: "columns", Type: spec.TypeStringList, Doc: "further columns of trl and hh-rlhf, such as margin; of the other formats the columns, all when absent. id may be one of them"},
	{Name: "order", Type: spec.TypeString, Default: orderID, Values: []string{orderID, orderSource}, Doc: "the order of the rows: by id, so that it does not depend on the order of the files, or as they came"},
	{Name: "split", Type: spec.TypeString, Default: "train", Doc: "what the dataset card calls the rows: train, test, ..."},
}}

type config struct {
	Path      string
	Container string
	Format    string
	Form      string
	Style     string
	Columns   []string
	Order     string
	Split     string
}

// options are how the rows are laid out.
func (c *config) options() write.Options {
	o := write.Options{Artifact: spec.Pairs, Layout: write.Rows, Columns: c.Columns}
	switch c.Format {
	case formatTRL, "":
		o.Layout, o.Form, o.Style = write.TRL, c.Form, c.Style
	case formatHH:
		o.Layout = write.HHRLHF
	}
	return o
}

// columns are those that are read of the pairs.
func (c *config) columns() []string {
	list := []string{spec.ID}
	if o := c.options(); o.Layout != write.Rows {
		list = append(list, "prompt", "chosen", "rejected")
	} else if len(c.Columns) == 0 {
		for _, col := range spec.Pairs.Columns() {
			list = append(list, col.Name)
		}
	}
	for _, name := range c.Columns {
		if !slices.Contains(list, name) && isColumn(name) {
			list = append(list, name)
		}
	}
	return list
}

func isColumn(name string) bool {
	return slices.ContainsFunc(spec.Pairs.Columns(), func(c spec.Column) bool { return c.Name == name })
}

func ports(raw spec.Config) spec.Ports {
	var c config
	_ = raw.Decode(&c) // total: a broken config has the ports of an empty one
	return spec.Ports{
		In: []spec.InPort{{
			Name: "pairs", Artifact: spec.Pairs, Shape: spec.One, Columns: c.columns(), SourceOrder: c.Order == orderSource, Doc: "the pairs",
		}},
		Out: []spec.OutPort{{Name: "files", Artifact: spec.Report, Doc: "the file and its dataset card"}},
		Metrics: []spec.MetricDef{
			{Name: "rows", Unit: "rows", Min: spec.F(0), Integer: true, Advice: "Collect more data, or relax the filters before the export.", Doc: "rows written"},
			{Name: "bytes", Unit: "bytes", Min: spec.F(0), Integer: true, Doc: "size of the file"},
		},
	}
}

func check(raw spec.Config) []spec.Problem {
	var c config
	if raw.Decode(&c) != nil {
		return nil // the schema has reported it
	}
	var problems []spec.Problem
	if base := path.Base(c.Path); c.Path == "" || strings.HasSuffix(c.Path, "/") || base == "." || base == ".." {
		return []spec.Problem{{
			Path: []string{"path"}, Summary: "A path without a file",
			Detail: fmt.Sprintf("%q names no file. Write one behind the folder, as in \"out/train.jsonl\".", c.Path),
		}}
	}
	if c.Container == "" {
		problems = append(problems, spec.Problem{
			Path: []string{"path"}, Summary: "The ending says nothing of the file",
			Detail: fmt.Sprintf("%q does not say what the file is to be made of. It may end in .jsonl, .json, .csv or .tsv, each with .gz or .zst behind it, or in .parquet; "+
				"or say it with container = \"jsonl\".", c.Path),
		})
	}
	base, _, _ := strings.Cut(c.Container, ".")
	switch c.Format {
	case formatTRL, formatHH, "", base:
	default:
		if c.Container != "" {
			problems = append(problems, spec.Problem{
				Path: []string{"format"}, Summary: "Format and file differ",
				Detail: fmt.Sprintf("The format is %s and the file is to be %s. Change the ending of path, or the format.", c.Format, c.Container),
			})
		}
	}
	for _, name := range c.Columns {
		if name != spec.ID && !isColumn(name) {
			problems = append(problems, spec.Problem{
				Path: []string{"columns"}, Summary: "Unknown column",
				Detail: fmt.Sprintf("Pairs have no column %q. Fields of the source that no column took stand together in extra.", name),
			})
		}
	}
	return problems
}
