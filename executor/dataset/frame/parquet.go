package frame

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// parquetBatch is how many rows are decoded at once: enough to spread the cost of a batch, few enough for long texts.
const parquetBatch = 1024

// parquetRows gives each row of a Parquet file as a record: an object of its fields as canonical JSON, nulls left out.
func parquetRows(name string, r io.Reader, read []string, seg *segmenter) (err error) {
	in, ok := r.(parquet.ReaderAtSeeker)
	if !ok {
		return fmt.Errorf("%s: a Parquet file is read from its end, so it cannot come from a stream", name)
	}
	// A damaged file can make the decoder panic on what it takes for lengths.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s is a damaged Parquet file: %v", name, p)
		}
	}()
	if packing, err := packedParquet(in); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	} else if packing != Plain {
		return fmt.Errorf("%s is a %s file: a Parquet file packs its columns itself and is read as it is, so unpack it first", name, packing)
	}
	pf, err := file.NewParquetReader(in)
	if err != nil {
		return fmt.Errorf("%s is no Parquet file, or is damaged: %w", name, err)
	}
	defer pf.Close()
	if err := checkPlaces(pf, in); err != nil {
		return fmt.Errorf("%s is a damaged Parquet file: %w", name, err)
	}
	if err := checkPages(pf, in); err != nil {
		return fmt.Errorf("%s is a damaged Parquet file: %w", name, err)
	}
	fr, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{BatchSize: parquetBatch}, memory.DefaultAllocator)
	if err != nil {
		return fmt.Errorf("reading the schema of %s: %w", name, err)
	}
	columns, err := chooseColumns(fr, read, &seg.sum)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	records, err := fr.GetRecordReader(context.Background(), columns.leaves, nil)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	defer records.Release()
	for records.Next() {
		if err := seg.batch(name, records.RecordBatch(), func(field string) bool { return columns.base64[field] }); err != nil {
			return err
		}
	}
	if err := records.Err(); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s is damaged near row %d: %w", name, seg.line, err)
	}
	if rows := seg.line - 1; rows != pf.NumRows() {
		return fmt.Errorf("%s is a damaged Parquet file: it says that it has %d rows, and %d can be read", name, pf.NumRows(), rows)
	}
	return nil
}

// batch makes records of the rows of a batch. Line is the row, from 1.
func (s *segmenter) batch(name string, rows arrow.RecordBatch, base64 func(field string) bool) error {
	write, err := objectWriter(rows.Schema().Fields(), rows.Columns(), base64)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var line []byte
	for i := range int(rows.NumRows()) {
		if line, err = write(line[:0], i); err != nil {
			return fmt.Errorf("%s: row %d: %w", name, s.line, err)
		}
		s.add(line)
		if err := s.end('\n'); err != nil {
			return err
		}
		s.line++
	}
	return nil
}

// checkPlaces looks at where the file says that its columns lie. The decoder trusts these numbers, in goroutines of its
// own, where a panic cannot be caught.
func checkPlaces(pf *file.Reader, in io.Seeker) error {
	size, err := in.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	for g := range pf.NumRowGroups() {
		group := pf.MetaData().RowGroup(g)
		if group.NumRows() < 0 || group.NumColumns() != pf.MetaData().Schema.NumColumns() {
			return fmt.Errorf("row group %d has %d rows of %d columns", g, group.NumRows(), group.NumColumns())
		}
		for c := range group.NumColumns() {
			chunk, err := group.ColumnChunk(c)
			if err != nil {
				return err
			}
			start, length := chunkPlace(chunk)
			if start < 0 || length < 0 || start > size || length > size-start {
				return fmt.Errorf("column %d of row group %d is said to lie at byte %d with %d bytes, in a file of %d", c, g, start, length, size)
			}
		}
	}
	return nil
}

// packedParquet tells how a file is packed that should not be.
func packedParquet(in io.ReaderAt) (Packing, error) {
	head := make([]byte, 4)
	if n, err := in.ReadAt(head, 0); n < len(head) {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return Plain, err
	}
	switch {
	case string(head[:2]) == "\x1f\x8b":
		return Gzip, nil
	case string(head) == "\x28\xb5\x2f\xfd":
		return Zstd, nil
	}
	return Plain, nil
}
