package frame

import (
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
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
	if err := checkFooter(in); err != nil {
		return fmt.Errorf("%s is a damaged Arrow file: %w", name, err)
	}
	file, err := ipc.NewFileReader(in, ipc.WithAllocator(&bounded{}))
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

// bounded allocates what one batch of rows may take. A file says itself how much that is, and a damaged one may say
// anything; without memory the process would end.
type bounded struct {
	memory.GoAllocator
	taken int
}

const mostBatch = 1 << 30

func (b *bounded) take(size int) {
	if b.taken += size; size < 0 || b.taken > mostBatch {
		panic(fmt.Sprintf("a batch of rows takes over %d MiB: write smaller ones", mostBatch>>20))
	}
}

// Allocate implements memory.Allocator.
func (b *bounded) Allocate(size int) []byte {
	b.take(size)
	return b.GoAllocator.Allocate(size)
}

// Reallocate implements memory.Allocator.
func (b *bounded) Reallocate(size int, old []byte) []byte {
	b.take(size - len(old))
	return b.GoAllocator.Reallocate(size, old)
}

// Free implements memory.Allocator.
func (b *bounded) Free(p []byte) {
	b.taken -= len(p)
	b.GoAllocator.Free(p)
}
