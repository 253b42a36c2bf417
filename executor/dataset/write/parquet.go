package write

import (
	"encoding/hex"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/spec"
)

// Rows are written in batches of one size and in groups of one size, so that the file does not depend on the chunks
// that they came in. A group of this many pairs of 2 kB is about 16 MB unpacked, which is what writing holds.
const (
	parquetBatch = 1024
	parquetGroup = 8 * parquetBatch
)

// columnFile writes a file of Arrow columns. A column of texts holds strings or lists of messages, as its first rows do; a
// file that mixes them is refused.
type columnFile struct {
	out     io.Writer
	begin   func(io.Writer, *arrow.Schema) (batches, error)
	columns []spec.Column
	texts   map[string]bool // message columns that hold strings
	pending []dataset.Chunk
	rows    int // in pending
	file    batches
	schema  *arrow.Schema
}

// batches is what columns are written to.
type batches interface {
	WriteBuffered(arrow.RecordBatch) error
	Close() error
}

// beginParquet begins a Parquet file, compressed with zstd.
func beginParquet(out io.Writer, schema *arrow.Schema) (batches, error) {
	return pqarrow.NewFileWriter(schema, out,
		parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd), parquet.WithMaxRowGroupLength(parquetGroup),
			parquet.WithCreatedBy("prefab")),
		pqarrow.NewArrowWriterProperties())
}

// beginArrow begins an Arrow IPC file, not compressed, so that others can map it into memory.
func beginArrow(out io.Writer, schema *arrow.Schema) (batches, error) {
	w, err := ipc.NewFileWriter(out, ipc.WithSchema(schema))
	return arrowBatches{w}, err
}

type arrowBatches struct{ *ipc.FileWriter }

func (a arrowBatches) WriteBuffered(rows arrow.RecordBatch) error { return a.Write(rows) }

func (p *columnFile) Write(rows dataset.Chunk) error {
	p.pending = append(p.pending, rows)
	p.rows += rows.Rows
	if p.rows < parquetBatch {
		return nil
	}
	all, err := dataset.Concat(p.pending)
	if err != nil {
		return err
	}
	done := 0
	for ; all.Rows-done >= parquetBatch; done += parquetBatch {
		if err := p.batch(all.Slice(done, done+parquetBatch)); err != nil {
			return err
		}
	}
	p.pending, p.rows = append(p.pending[:0], all.Slice(done, all.Rows)), all.Rows-done
	return nil
}

func (p *columnFile) Close() error {
	rest, err := dataset.Concat(p.pending)
	if err != nil {
		return err
	}
	if rest.Rows > 0 || p.file == nil {
		if err := p.batch(rest); err != nil {
			return err
		}
	}
	return p.file.Close()
}

// open decides what the texts are and writes the head of the file.
func (p *columnFile) open(first dataset.Chunk) error {
	p.texts = map[string]bool{}
	var fields []arrow.Field
	for _, c := range p.columns {
		t := dataset.ArrowType(c.Type)
		switch c.Type {
		case spec.Messages:
			if v := first.Messages(c.Name); first.Rows == 0 || v.IsText(0) {
				p.texts[c.Name] = true
				t = arrow.BinaryTypes.String
			}
		case spec.Bytes32:
			t = arrow.BinaryTypes.String
		}
		fields = append(fields, arrow.Field{Name: c.Name, Type: t, Nullable: true})
	}
	p.schema = arrow.NewSchema(fields, nil)
	var err error
	p.file, err = p.begin(p.out, p.schema)
	return err
}

func (p *columnFile) batch(rows dataset.Chunk) error {
	if p.file == nil {
		if err := p.open(rows); err != nil {
			return err
		}
	}
	arrays := make([]arrow.Array, len(p.columns))
	for i, c := range p.columns {
		a, err := p.column(rows, c)
		if err != nil {
			return err
		}
		arrays[i] = a
	}
	return p.file.WriteBuffered(array.NewRecordBatch(p.schema, arrays, int64(rows.Rows)))
}

// column returns a column as the file holds it.
func (p *columnFile) column(rows dataset.Chunk, c spec.Column) (arrow.Array, error) {
	col, ok := rows.Column(c.Name)
	if !ok {
		b := dataset.NewBuilder(c.Type)
		for range rows.Rows {
			b.AppendNull()
		}
		col = b.Finish(c.Name)
	}
	switch {
	case c.Type == spec.Bytes32:
		ids := col.Digests()
		return textColumn(rows.Rows, ids.Null, func(r int) string { return hex.EncodeToString(ids.At(r)) }), nil
	case c.Type != spec.Messages:
		return col.Data, nil
	}
	v := col.Messages()
	for r := range rows.Rows {
		if !v.Null(r) && v.IsText(r) != p.texts[c.Name] {
			return nil, fmt.Errorf("row %s: %s is a string in some rows and a conversation in others, which one column of Arrow or Parquet cannot hold: write them conversational, or as JSONL",
				rowName(rows, r), c.Name)
		}
	}
	if !p.texts[c.Name] {
		return col.Data, nil
	}
	return textColumn(rows.Rows, v.Null, v.Text), nil
}

func textColumn(n int, null func(int) bool, at func(int) string) arrow.Array {
	b := dataset.NewBuilder(spec.String)
	for r := range n {
		if null(r) {
			b.AppendNull()
		} else {
			b.AppendString(at(r))
		}
	}
	return b.Finish("").Data
}
