package intake

import (
	"maps"
	"slices"

	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/executor/methods/synthetic"
	"github.com/prefab-build/prefab/spec"
)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Key is the attribute that gives rows ids of the user's own.
var Key = spec.Attr{
	Name: "key", Type: spec.TypeRowExpr,
	Doc: "the id of a row in the data, as in row.uid; without it a row is known by its content",
}

var (
	path     = spec.Attr{Name: "path", Type: spec.TypeString, Unkeyed: true, Path: true, Doc: "a file, or a glob that matches several, relative to the folder of the spec; plain, gzip and zstd are told apart by content"}
	paths    = spec.Attr{Name: "paths", Type: spec.TypeStringList, Unkeyed: true, Path: true, Doc: "several files or globs"}
	pin      = spec.Attr{Name: "pin", Type: spec.TypeBool, Default: false, Unkeyed: true, Doc: "record the digest of the files in prefab.lock.hcl, and with --locked refuse others"}
	maximum  = spec.Attr{Name: "max_record_bytes", Type: spec.TypeInt, Default: float64(frame.DefaultMaxRecord), Min: spec.F(1 << 10), Max: spec.F(1 << 30), Unit: "bytes", Doc: "size past which a record is rejected unread"}
	rowMap   = spec.Attr{Name: "map", Type: spec.TypeRowMap, Doc: "columns by expressions over `row`, as in { prompt = row.question }; columns that are not named are taken from fields of the same name"}
	where    = spec.Attr{Name: "where", Type: spec.TypeRowExpr, Doc: "which records to take, as in row.split == \"train\"; the others go to the ledger as not selected, and all are taken without it"}
	header   = spec.Attr{Name: "header", Type: spec.TypeBool, Default: true, Doc: "the first record of each file names the columns; without it they are column1, column2, ..."}
	implicit = spec.Attr{Name: "implicit_prompt", Type: spec.TypeBool, Default: false, Doc: "chosen and rejected begin with the prompt (TRL's implicit prompt): of a record without a prompt it is split off, as the section Prompts says; without this such a record is rejected"}
	comma    = spec.Attr{Name: "comma", Type: spec.TypeString, Doc: "the character between fields: a comma when absent"}
)

// Block returns the type of the source blocks of a kind that makes tables of that type. Only pairs are read from
// HH-RLHF.
func Block(a spec.Artifact) spec.BlockType {
	attrs := func(more ...spec.Attr) spec.Schema {
		return spec.Schema{Attrs: append([]spec.Attr{path, paths, pin, maximum, where}, more...)}
	}
	fields := []spec.Attr{rowMap}
	if a == spec.Pairs {
		fields = append(fields, implicit)
	}
	mapped := func(more ...spec.Attr) spec.Schema { return attrs(append(slices.Clone(fields), more...)...) }
	drivers := []spec.Driver{
		{Label: frame.JSONL, Doc: "one JSON object a line", Schema: mapped()},
		{Label: frame.JSON, Doc: "one JSON array of objects", Schema: mapped()},
		{Label: frame.CSV, Doc: "records of fields as in RFC 4180; a field without quotes that is empty is null", Schema: mapped(header, comma)},
		{Label: frame.TSV, Doc: "as csv, with tabs", Schema: mapped(header)},
		{Label: frame.Parquet, Doc: "a Parquet file; bytes in a column that is read are UTF-8 text, else base 64 where they are no text; a column of a type without a form in JSON is left out with a note, unless it is read", Schema: mapped()},
	}
	if a == spec.Pairs {
		drivers = append(drivers, spec.Driver{
			Label: frame.HHRLHF, Schema: attrs(),
			Doc: "dialogues of HH-RLHF: chosen and rejected hold the whole text; the response is what follows the last \"\\n\\nAssistant:\"",
		})
	}
	return spec.BlockType{
		Name: "source", Label: "format", Min: 1, Drivers: append(drivers, generator(a)),
		Doc: "where rows come from; several sources are read one after another",
	}
}

// generator describes the source that makes its rows.
func generator(a spec.Artifact) spec.Driver {
	d := synthetic.Defaults()
	share := func(name string, value float64, doc string) spec.Attr {
		return spec.Attr{Name: name, Type: spec.TypeNumber, Default: value, Min: spec.F(0), Max: spec.F(1), Unit: "share of the records", Doc: doc}
	}
	rows := spec.Attr{Name: "rows", Type: spec.TypeInt, Default: float64(d.Rows), Min: spec.F(1), Max: spec.F(synthetic.MaxRows), Unit: "records", Doc: "how many pairs or prompts to make, broken ones among them; of votes how many comparisons, with 3 to 5 votes each"}
	seed := spec.Attr{Name: "seed", Type: spec.TypeInt, Default: 1.0, Doc: "which data: a benchmark and pairs of one seed belong together"}
	if a == spec.Items {
		rows.Default, rows.Doc = float64(d.BenchmarkItems), "how many items to make"
		return spec.Driver{Label: Synthetic, Doc: "generated problems in words", Schema: spec.Schema{Attrs: []spec.Attr{seed, rows}}}
	}
	return spec.Driver{
		Label: Synthetic, Doc: "generated questions with answers, ratings and votes, and defects planted among them; the extra field planted names each",
		Schema: spec.Schema{Attrs: []spec.Attr{
			seed, rows,
			share("shortcut", d.Shortcut, "comparisons that length alone decides: the longer answer wins, a coin where the two differ by a tenth or less, and the words say nothing"),
			share("noise", d.Noise, "pairs with the label the wrong way round; ratings and votes stay right"),
			share("exact_duplicates", d.ExactDuplicates, "pairs that repeat another"),
			share("near_duplicates", d.NearDuplicates, "pairs that repeat another with a word more"),
			share("relabelled", d.Relabelled, "pairs that repeat another with the sides swapped"),
			share("copied_items", d.CopiedItems, "pairs whose prompt is a question of the benchmark"),
			share("wrapped_items", d.WrappedItems, "pairs whose prompt is a question of the benchmark between two other sentences"),
			{Name: "benchmark_items", Type: spec.TypeInt, Default: float64(d.BenchmarkItems), Min: spec.F(0), Unit: "items", Doc: "rows of the synthetic benchmark of the same seed"},
			share("malformed", d.Malformed, "records that cannot be read, for six reasons in turn"),
		}},
	}
}
