package frame

import (
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow/ipc"
)

// arrowRows gives each row of an Arrow IPC file as a record: an object of its fields as canonical JSON, nulls left out.
func arrowRows(name string, r io.Reader, seg *segmenter) (err error) {
	in, ok := r.(ipc.ReadAtSeeker)
	if !ok {
		return fmt.Errorf("%s: an Arrow file is read from its end, so it cannot come from a stream", name)
	}
	// A damaged file can make the decoder panic on what it takes for lengths.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s is a damaged Arrow file: %v", name, p)
		}
	}()
	file, err := ipc.NewFileReader(in)
	if err != nil {
		return fmt.Errorf("%s is no Arrow IPC file, or is damaged: %w", name, err)
	}
	defer file.Close()
	for i := range file.NumRecords() {
		rows, err := file.RecordBatchAt(i)
		if err != nil {
			return fmt.Errorf("%s is a damaged Arrow file: %w", name, err)
		}
		err = seg.batch(name, rows, func(string) bool { return false })
		rows.Release()
		if err != nil {
			return err
		}
	}
	return nil
}
