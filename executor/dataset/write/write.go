// Package write renders rows as files that other tools read. What a row looks like (its layout) and what a file is made
// of (its container) are separate: the layout turns a chunk into the columns that the file is to have, and the
// container, which the file's name tells, writes any columns.
//
// The same rows in the same order give the same bytes, however they are cut into chunks. A layout that cannot say what
// a row holds refuses the row, with its id; nothing is left out in silence.
package write

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/spec"
)

// Version moves when the same rows would be written as other bytes.
const Version = "write/1"

// A Writer writes the rows of a file. Close writes the end of the file; it does not close what is underneath.
type Writer interface {
	Write(rows dataset.Chunk) error
	Close() error
}

// The layouts.
const (
	Rows   = "rows"    // every canonical column, under its own name
	TRL    = "trl"     // prompt, chosen and rejected, as TRL reads them
	HHRLHF = "hh-rlhf" // chosen and rejected as whole dialogues
)

// The forms of a TRL file: with a prompt of its own, or with the prompt in both responses.
const (
	Explicit = "explicit"
	Implicit = "implicit"
)

// The styles of texts in a TRL file.
const (
	AsGiven        = "as_given" // a string as a string, messages as messages
	Text           = "string"
	Conversational = "conversational"
)

// Options say what the rows of a file look like.
type Options struct {
	Artifact spec.Artifact
	Layout   string
	Form     string   // of TRL; empty is explicit
	Style    string   // of TRL; empty is as given
	Columns  []string // of TRL: further columns; of rows: the columns, all when empty. "id" may be one of them
}

// New returns a writer to w of a file of the given name. The name's ending says what the file is made of: .jsonl,
// .json (an array), .csv, .tsv, .parquet or .arrow (Arrow IPC), and behind any but the last two .gz or .zst.
func New(name string, w io.Writer, o Options) (Writer, error) {
	lay, err := newLayout(o)
	if err != nil {
		return nil, err
	}
	base, packer, err := compression(name, w)
	if err != nil {
		return nil, err
	}
	var out Writer
	blocks := &blockWriter{w: packer}
	switch {
	case strings.HasSuffix(base, ".jsonl") || strings.HasSuffix(base, ".ndjson"):
		out = &lines{out: blocks, columns: lay.names()}
	case strings.HasSuffix(base, ".json"):
		out = &list{lines: lines{out: blocks, columns: lay.names()}}
	case strings.HasSuffix(base, ".csv"):
		out = newTable(blocks, lay.columns, ',')
	case strings.HasSuffix(base, ".tsv"):
		out = newTable(blocks, lay.columns, '\t')
	case strings.HasSuffix(base, ".parquet") && base == name:
		out = &columnFile{out: blocks, columns: lay.columns, begin: beginParquet}
	case strings.HasSuffix(base, ".arrow") && base == name:
		out = &columnFile{out: blocks, columns: lay.columns, begin: beginArrow}
	case strings.HasSuffix(base, ".parquet"):
		return nil, fmt.Errorf("%s: a Parquet file is compressed within; leave out the last ending", name)
	default:
		return nil, fmt.Errorf("%s: its ending says nothing of what it is to hold; it may be .jsonl, .json, .csv, .tsv, .parquet or .arrow, and .gz or .zst behind that", name)
	}
	return &file{layout: lay, out: out, blocks: blocks, packer: packer}, nil
}

// A file lays rows out, writes them and packs the bytes.
type file struct {
	layout *layout
	out    Writer
	blocks *blockWriter
	packer io.WriteCloser
}

func (f *file) Write(rows dataset.Chunk) error {
	if rows.Rows == 0 {
		return nil
	}
	laid, err := f.layout.apply(rows)
	if err != nil {
		return err
	}
	return f.out.Write(laid)
}

func (f *file) Close() error {
	err := f.out.Close()
	return errors.Join(err, f.blocks.flush(), f.packer.Close())
}
